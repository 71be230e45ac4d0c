"""The identity service: its version, and the ways in that are wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from jobstatus.conformance.row import Row
from jobstatus.conformance.target import State
from jobstatus.conformance.told import PRESENT, Told

CREATE = "createIdentityToken"
NAME = "nobody-of-that-name"


def _refused(status: int) -> Told:
    return Told(status, {"error.code": status, "error.message": PRESENT, "error.title": PRESENT})


def _methods(*methods: str, **rest: Any) -> dict[str, Any]:
    return {"auth": {"identity": {"methods": list(methods), **rest}}}


def rows(profile: str, jobs: Mapping[State, str]) -> Iterator[Row]:
    """Give every row; there are no jobs here."""
    yield Row("showIdentityVersion: anybody", Told(200, {"version.id": PRESENT}), "showIdentityVersion")
    user = {"name": NAME, "password": "wrong", "domain": {"id": "default"}}
    password, token = _methods("password", password={"user": user}), _methods("token", token={"id": "wrong"})
    yield Row(f"{CREATE}: wrong password", _refused(401), CREATE, body=password)
    yield Row(f"{CREATE}: wrong token", _refused(401), CREATE, body=token)
    yield Row(f"{CREATE}: nothing", _refused(400), CREATE, body={})
    yield Row(f"{CREATE}: no method", _refused(400), CREATE, body={"auth": {}})
