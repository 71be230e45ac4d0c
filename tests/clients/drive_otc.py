"""Logs in with OpenStack's SDK and asks for jobs with the extensions of Open Telekom Cloud, which its interpreter has.

- `drive_otc.py WAY show JOB…` gives what is known of each job.
- `drive_otc.py WAY follow JOB` polls until the job has ended, and gives each answer whose status is another.
- `drive_otc.py WAY wait JOB…` leaves the waiting to the SDK.

WAY is `v3password`, `password`, `v3token` or `token`, as the SDK names what it logs in by. Standard error tells each
status that is seen. Where the identity service is, and what is shown to it, is in the environment: OTC_URL,
OTC_PROJECT, OTC_USER and OTC_PASSWORD, OTC_TOKEN.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

import openstack  # type: ignore[import-not-found]  # the other environment's

ATTEMPTS = 600
PAUSE = 0.1
NAMES = ("status", "job_id", "job_type", "begin_time", "end_time", "error_code", "fail_reason")
ENTITIES = ("image_id", "image_name", "process_percent")


def connection(way: str) -> Any:
    """Log in, and load the extensions as the SDK's own profiles of clouds do."""
    shown = {"auth_url": f"{os.environ['OTC_URL']}/v3", "project_id": os.environ["OTC_PROJECT"]}
    if way.endswith("password"):
        shown |= {"username": os.environ["OTC_USER"], "password": os.environ["OTC_PASSWORD"]}
        shown |= {"user_domain_name": "Default"}
    else:
        shown |= {"token": os.environ["OTC_TOKEN"]}
    return openstack.connect(
        load_yaml_config=False,
        load_envvars=False,
        auth_type=way,
        auth=shown,
        region_name="eu-de",
        vendor_hook="otcextensions.sdk:load",
    )


def told(job: Any) -> dict[str, Any]:
    """Give what the SDK made of an answer."""
    return {
        **{name: getattr(job, name) for name in NAMES},
        **{name: getattr(job.entities, name, None) for name in ENTITIES},
    }


def caught(call: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Give what a call gives, or how it fails."""
    try:
        return call()
    except (openstack.exceptions.SDKException, RuntimeError) as error:
        return failure(error)


def failure(error: Exception) -> dict[str, Any]:
    """Give what the SDK tells of a failure."""
    return {
        "exception": type(error).__name__,
        "message": str(error),
        "status": getattr(error, "status_code", None),
        "details": getattr(error, "details", None),
    }


def show(conn: Any, job: str) -> dict[str, Any]:
    """Ask once."""
    return told(conn.imsv1.get_async_job(job))


def follow(conn: Any, job: str) -> list[dict[str, Any]]:
    """Poll until the job has ended."""
    answers: list[dict[str, Any]] = []
    for _ in range(ATTEMPTS):
        answer = show(conn, job)
        if not answers or answer["status"] != answers[-1]["status"]:
            answers.append(answer)
            print(answer["status"], file=sys.stderr, flush=True)
        if answer["status"] not in ("INIT", "RUNNING"):
            break
        time.sleep(PAUSE)
    return answers


def wait(conn: Any, job: str) -> dict[str, Any]:
    """Leave the waiting to the SDK."""
    print("waiting", file=sys.stderr, flush=True)
    return told(conn.imsv1.wait_for_async_job(job, timeout=60, wait=0.1))


def main(way: str, what: str, *jobs: str) -> list[dict[str, Any]]:
    """Do what the command line says."""
    try:
        conn = connection(way)
    except Exception as error:  # of whatever library below: keystoneauth has a tree of its own
        return [failure(error)]
    if what == "follow":
        return follow(conn, *jobs)
    ask = wait if what == "wait" else show
    return [caught(lambda job=job: ask(conn, job)) for job in jobs]  # type: ignore[misc]


if __name__ == "__main__":
    print(json.dumps({"answers": main(*sys.argv[1:])}))
