"""Asks for jobs with the vendor's SDK for IMS, for the interpreter that has it.

- `drive_huawei.py ask JOB…` gives the answers of both calls for each.
- `drive_huawei.py follow CALL JOB` polls until the job has ended, and gives each answer that tells of another status or
  progress. CALL is `show_job` or `show_job_progress`.

Standard error tells each status and progress that is seen. Where the server is, and what is shown to it, is in the
environment: IMS_URL, IMS_PROJECT, IMS_ACCESS_KEY and IMS_SECRET_KEY, IMS_SECURITY_TOKEN, IMS_TOKEN.
"""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Any

from huaweicloudsdkcore.auth.credentials import BasicCredentials  # type: ignore[import-not-found]  # elsewhere
from huaweicloudsdkcore.exceptions.exceptions import ServiceResponseException  # type: ignore[import-not-found]
from huaweicloudsdkcore.http.http_handler import HttpHandler  # type: ignore[import-not-found]
from huaweicloudsdkims.v2 import ImsClient, ShowJobProgressRequest, ShowJobRequest  # type: ignore[import-not-found]

REQUESTS = {"show_job": ShowJobRequest, "show_job_progress": ShowJobProgressRequest}
ATTEMPTS = 600
PAUSE = 0.1


def client() -> Any:
    """Make a client that signs, or that shows a token in place of that."""
    credentials = BasicCredentials(
        os.environ.get("IMS_ACCESS_KEY", "none"), os.environ.get("IMS_SECRET_KEY", "none"), os.environ["IMS_PROJECT"]
    )
    if "IMS_SECURITY_TOKEN" in os.environ:
        credentials = credentials.with_security_token(os.environ["IMS_SECURITY_TOKEN"])
    builder = ImsClient.new_builder().with_credentials(credentials).with_endpoint(os.environ["IMS_URL"])
    if "IMS_TOKEN" in os.environ:
        builder = builder.with_http_handler(HttpHandler().add_request_handler(show_token))
    return builder.build()


def show_token(request: Any, **_: Any) -> None:
    """Put a token in the place of the signature: the SDK has no other way."""
    del request.header_params["Authorization"]
    request.header_params["X-Auth-Token"] = os.environ["IMS_TOKEN"]


def ask(ims: Any, call: str, job: str) -> dict[str, Any]:
    """Ask for a job, and give what the SDK makes of the answer."""
    try:
        answer = getattr(ims, call)(REQUESTS[call](job_id=job))
    except ServiceResponseException as error:
        told = ("status_code", "error_code", "error_msg", "request_id")
        return {"exception": type(error).__name__, **{name: getattr(error, name) for name in told}}
    body: dict[str, Any] = answer.to_json_object()
    return body


def state(answer: dict[str, Any]) -> str:
    """Give the status and the progress, in words."""
    return f"{answer.get('status')} {answer.get('entities', {}).get('process_percent')}"


def follow(ims: Any, call: str, job: str) -> list[dict[str, Any]]:
    """Poll until the job has ended."""
    answers: list[dict[str, Any]] = []
    for _ in range(ATTEMPTS):
        answer = ask(ims, call, job)
        if not answers or state(answer) != state(answers[-1]):
            answers.append(answer)
            print(state(answer), file=sys.stderr, flush=True)
        if answer.get("status") not in ("INIT", "RUNNING"):
            break
        time.sleep(PAUSE)
    return answers


def main(what: str, *words: str) -> dict[str, Any]:
    """Do what the command line says."""
    ims = client()
    if what == "follow":
        return {"answers": follow(ims, *words)}
    return {call: [ask(ims, call, job) for job in words] for call in REQUESTS}


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))
