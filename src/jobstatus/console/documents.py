"""Each contract as an OpenAPI document."""

from __future__ import annotations

from hashlib import sha256

from flask import Blueprint, Response, abort, request

from jobstatus.console.view import View
from jobstatus.contract.bundle import Bundle, bundle
from jobstatus.errors import UnknownContract

HERE = ("/",)
"""Where a document says that its contract is offered: the server that it was read from."""
TYPES = {"json": "application/json", "yaml": "application/yaml"}
"""The media types; that of YAML is RFC 9512's."""


def blueprint(view: View) -> Blueprint:
    """Serve the documents to whoever asks, pages of other origins included: they hold nothing that is secret."""
    pages = Blueprint("documents", __name__, url_prefix="/openapi")

    @pages.get("/<contract>.<any(json, yaml):form>")
    def document(contract: str, form: str) -> Response:
        profile = request.args.get("profile") or view.settings.profile(contract)
        try:
            content = _content(bundle(view.document, contract, profile, HERE), form)
        except UnknownContract:
            abort(404)
        response = Response(content, content_type=TYPES[form])
        response.set_etag(sha256(content).hexdigest()[:32])
        response.headers["Access-Control-Allow-Origin"] = "*"
        response.cache_control.no_cache = True
        response.cache_control.public = True
        response.make_conditional(request)
        return response

    return pages


def _content(bundle: Bundle, form: str) -> bytes:
    return bundle.json if form == "json" else bundle.yaml
