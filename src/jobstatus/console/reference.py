"""The reference of each contract."""

from __future__ import annotations

from flask import Blueprint, abort, render_template

from jobstatus.console.prefill import prefilled
from jobstatus.console.view import View


def blueprint(view: View) -> Blueprint:
    """Serve one reference per contract, each over its own document."""
    pages = Blueprint("reference", __name__)
    tags = {tag["x-contract"]: tag for tag in view.document.raw["tags"]}

    @pages.get("/docs")
    def index() -> str:
        return render_template("references.html", tags=tags.values())

    @pages.get("/docs/<contract>")
    def reference(contract: str) -> str:
        tag = tags.get(contract) or abort(404)
        credentials = prefilled(view.settings.docs_credentials, contract)
        return render_template("reference.html", tag=tag, credentials=credentials)

    return pages
