"""The reference of each contract."""

from __future__ import annotations

import json

from flask import Blueprint, Response, abort, render_template

from jobstatus.console.view import View
from jobstatus.contract.bundle import bundle


def blueprint(view: View) -> Blueprint:
    """Serve one reference per contract, each over its own part of the spec."""
    pages = Blueprint("reference", __name__)
    tags = {tag["x-contract"]: tag for tag in view.document.raw["tags"]}

    @pages.get("/docs")
    def index() -> str:
        return render_template("references.html", tags=tags.values())

    @pages.get("/docs/<contract>")
    def reference(contract: str) -> str:
        return render_template("reference.html", tag=tags.get(contract) or abort(404))

    @pages.get("/docs/<contract>/openapi.json")
    def spec(contract: str) -> Response:
        if contract not in tags:
            abort(404)
        here = {**bundle(view.document, contract), "servers": [{"url": "/", "description": "This server"}]}
        return Response(json.dumps(here), mimetype="application/json")

    return pages
