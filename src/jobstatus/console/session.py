"""Signing in with a token, and out again.

The session keeps the token's SHA-256, never the token, and asks the store at each page whether it is still valid.
"""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from jobstatus.console.view import View
from jobstatus.credential import Caller
from jobstatus.errors import Unauthenticated

READ = "job:read"


def signed_in(view: View) -> Caller | None:
    """Give the one who is signed in, as long as the credential holds."""
    digest = session.get("digest")
    credential = view.recognise(bytes.fromhex(digest)) if digest else None
    return credential.caller if credential else None


def blueprint(view: View) -> Blueprint:
    """Serve signing in and out."""
    pages = Blueprint("session", __name__)

    @pages.get("/console/sign-in")
    def form() -> str:
        return render_template("sign_in.html", refused=None)

    @pages.post("/console/sign-in")
    def sign_in() -> ResponseReturnValue:
        try:
            credential = view.admit(request.form.get("token", "").strip())
        except Unauthenticated:
            return render_template("sign_in.html", refused="This token is not valid."), 401
        if READ not in credential.permissions:
            return render_template("sign_in.html", refused=f"This token lacks {READ}."), 403
        session.clear()
        session.permanent = True
        session["digest"] = credential.digest.hex()
        return redirect(url_for("pages.console"), 303)

    @pages.post("/console/sign-out")
    def sign_out() -> ResponseReturnValue:
        session.clear()
        return redirect(url_for("pages.start"), 303)

    return pages
