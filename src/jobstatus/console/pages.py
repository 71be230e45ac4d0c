"""The start page, and one job in every contract."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

import structlog
from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException, InternalServerError, MethodNotAllowed, ServiceUnavailable

from jobstatus.console.session import signed_in
from jobstatus.console.view import View
from jobstatus.contract.spec import Node, Operation
from jobstatus.errors import JobGone, JobNotFound, StoreUnavailable
from jobstatus.ids import PATTERN

log = structlog.get_logger()


def blueprint(view: View) -> Blueprint:
    """Serve the pages that are about jobs."""
    pages = Blueprint("pages", __name__)
    polls = _polls(view)

    @pages.get("/")
    def start() -> str:
        return render_template("start.html", polls=polls, version=version("jobstatus"), base=request.host_url)

    @pages.get("/console")
    def console() -> ResponseReturnValue:
        caller = signed_in(view)
        if caller is None:
            return redirect(url_for("session.form"), 303)
        id = request.args.get("id", "").strip()
        if PATTERN.fullmatch(id):
            return redirect(url_for("pages.job", id=id), 303)
        return render_template("console.html", caller=caller, trouble="This is not a job's id." if id else None)

    @pages.get("/console/jobs/<id>")
    def job(id: str) -> ResponseReturnValue:
        caller = signed_in(view)
        if caller is None:
            return redirect(url_for("session.form"), 303)
        if not PATTERN.fullmatch(id):
            return render_template("console.html", caller=caller, trouble="This is not a job's id."), 404
        try:
            answers = view.polls(caller, id, request.host_url)
        except (JobNotFound, JobGone) as error:
            status = 410 if isinstance(error, JobGone) else 404
            return render_template("console.html", caller=caller, trouble=f"{error}."), status
        return render_template("job.html", caller=caller, id=id, answers=answers)

    @pages.app_errorhandler(HTTPException)
    def trouble(error: HTTPException) -> ResponseReturnValue:
        allowed = {"Allow": ", ".join(error.valid_methods or ())} if isinstance(error, MethodNotAllowed) else {}
        return render_template("trouble.html", error=error), error.code or 500, allowed

    @pages.app_errorhandler(Exception)
    def failed(error: Exception) -> ResponseReturnValue:
        log.error("page failed", path=request.path, exc_info=error)
        return render_template("trouble.html", error=InternalServerError()), 500

    @pages.app_errorhandler(StoreUnavailable)
    @pages.app_errorhandler(TimeoutError)
    def unavailable(error: Exception) -> ResponseReturnValue:
        log.warning("a page could not be shown", path=request.path, reason=str(error))
        page = render_template("trouble.html", error=ServiceUnavailable("The store cannot answer now. Try again."))
        return page, 503, {"Retry-After": "5"}

    return pages


def _polls(view: View) -> list[dict[str, Any]]:
    """Describe how each contract is polled: its first operation that reads one job. One that has none is left out."""
    tags = {tag["x-contract"]: tag for tag in view.document.raw["tags"]}
    reads = [op for op in view.document.operations.values() if op.method == "GET" and op.path.endswith("}")]
    first = {operation.contract: operation for operation in reversed(reads)}
    return [
        {"tag": tags[name], "operation": first[name], "ways": _ways(view, first[name])}
        for name in view.document.contracts
        if name in first
    ]


def _ways(view: View, operation: Operation) -> list[str]:
    """Name the headers that carry the credential of an operation."""
    schemes = view.document.raw["components"]["securitySchemes"]
    alternatives = view.document.raw["paths"][operation.path][operation.method.lower()]["security"]
    return [_way(schemes[name]) for name in alternatives[0]]


def _way(scheme: Node) -> str:
    if scheme["type"] == "oauth2":
        return "Authorization: Bearer"
    return f"Cookie: {scheme['name']}" if scheme["in"] == "cookie" else str(scheme["name"])
