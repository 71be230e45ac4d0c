"""Begins jobs and asks for them with the client of Traffic Ops, for the interpreter that has it.

- `drive_traffic_control.py VERSION show ID…` gives the answer for each.
- `drive_traffic_control.py VERSION again ID` asks, loses its session, asks, logs in again, and asks.
- `drive_traffic_control.py VERSION renew` begins a renewal of certificates, and follows its job to the end by the
  `Location` that it was given; `refresh` does so with DNSSEC keys, and begins twice.

Standard error tells when all is begun, and each message that is seen. Where the server is, and who asks, is in the
environment, by the client's own names: TO_URL, TO_USER, TO_PASSWORD.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from trafficops.restapi import InvalidJSONError, OperationError  # type: ignore[import-not-found]  # elsewhere
from trafficops.tosession import TOSession  # type: ignore[import-not-found]  # the same

ATTEMPTS = 600
PAUSE = 0.1


def session(version: str) -> Any:
    """Make a session that is not logged in."""
    url = urlsplit(os.environ["TO_URL"])
    return TOSession(url.hostname, host_port=url.port, api_version=version, ssl=url.scheme == "https")


def log_in(ops: Any) -> None:
    """Log in."""
    ops.login(os.environ["TO_USER"], os.environ["TO_PASSWORD"])


def call(method: Callable[..., Any], path: str) -> dict[str, Any]:
    """Make a call, and give what the client makes of the answer."""
    try:
        data, response = method(path)
    except (OperationError, InvalidJSONError) as error:
        return failure(error)
    return {
        "data": data,
        "alerts": response.json().get("alerts"),
        "status": response.status_code,
        "location": response.headers.get("Location"),
    }


def failure(error: Any) -> dict[str, Any]:
    """Give what the client tells of a failure."""
    told = {"exception": type(error).__name__, "message": str(error)}
    return told if error.resp is None else {**told, "status": error.resp.status_code, **error.resp.json()}


def show(ops: Any, *ids: str) -> list[dict[str, Any]]:
    """Ask for each."""
    return [call(ops.get, f"async_status/{id}") for id in ids]


def again(ops: Any, id: str) -> list[dict[str, Any]]:
    """Ask with a session, without one, and with another."""
    first = show(ops, id)
    ops.session.cookies.clear()
    second = show(ops, id)
    log_in(ops)
    return first + second + show(ops, id)


def renew(ops: Any) -> list[dict[str, Any]]:
    """Have certificates renewed."""
    begun = call(ops.post, "acme_autorenew")
    print("begun", file=sys.stderr, flush=True)
    return [begun, *follow(ops, begun["location"])]


def refresh(ops: Any) -> list[dict[str, Any]]:
    """Have DNSSEC keys refreshed, and once more while that goes on."""
    begun, second = (call(ops.put, "cdns/dnsseckeys/refresh") for _ in range(2))
    found = call(ops.get, second["location"])
    print("begun", file=sys.stderr, flush=True)
    return [begun, second, found, *follow(ops, begun["location"])]


def follow(ops: Any, location: str) -> list[dict[str, Any]]:
    """Poll until the job has ended, and keep each answer that has another message."""
    answers: list[dict[str, Any]] = []
    for _ in range(ATTEMPTS):
        answer = call(ops.get, location)
        if not answers or answer["data"] != answers[-1]["data"]:
            answers.append(answer)
            print(answer["data"].message, file=sys.stderr, flush=True)
        if answer["data"].status != "PENDING":
            break
        time.sleep(PAUSE)
    return answers


DOINGS: dict[str, Callable[..., list[dict[str, Any]]]] = {
    "show": show,
    "again": again,
    "renew": renew,
    "refresh": refresh,
}


def main(version: str, what: str, *ids: str) -> list[dict[str, Any]]:
    """Do what the command line says."""
    ops = session(version)
    try:
        log_in(ops)
    except (OperationError, InvalidJSONError) as error:
        return [failure(error), {"open": ops.is_open, "logged in": ops.logged_in}]
    return DOINGS[what](ops, *ids)


if __name__ == "__main__":
    print(json.dumps({"answers": main(*sys.argv[1:])}))
