"""Has work accepted, and polls for it with a client that obeys `Retry-After`, which its interpreter has.

`drive_pollers.py azure` and `drive_pollers.py backoff` give what became of the work. The service that accepts it is at
URL; it says in `Operation-Location` where the work is to be polled for.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from typing import Any

import backoff  # type: ignore[import-not-found,unused-ignore]  # the other environment's
import requests  # type: ignore[import-untyped,unused-ignore]  # the same
from azure.core import PipelineClient  # type: ignore[import-not-found]  # the same
from azure.core.exceptions import HttpResponseError  # type: ignore[import-not-found]  # the same
from azure.core.pipeline.policies import RequestIdPolicy, RetryPolicy  # type: ignore[import-not-found]  # the same
from azure.core.polling import LROPoller  # type: ignore[import-not-found]  # the same
from azure.core.polling.base_polling import LROBasePolling  # type: ignore[import-not-found]  # the same
from azure.core.rest import HttpRequest  # type: ignore[import-not-found]  # the same

START = f"{os.environ['URL']}/start"


def with_azure() -> dict[str, Any]:
    """Poll as the SDKs of a cloud do."""
    with PipelineClient(os.environ["URL"], policies=[RequestIdPolicy(), RetryPolicy()]) as client:
        accepted = client.send_request(HttpRequest("POST", START), _return_pipeline_response=True)
        poller = LROPoller(client, accepted, lambda answer: answer.http_response.json(), LROBasePolling())
        try:
            job = poller.result()["id"]
        except HttpResponseError:  # so is the end of work that failed told
            job = None
        return {"job": job, "status": poller.status()}


def with_backoff() -> dict[str, Any]:
    """Poll as its documentation advises for `Retry-After`."""
    until_ended = backoff.on_predicate(
        backoff.runtime,
        predicate=lambda answer: answer.json()["ended_at"] is None,
        value=lambda answer: int(answer.headers["Retry-After"]),
        jitter=None,
    )
    accepted = requests.post(START, timeout=60)
    job = until_ended(requests.get)(accepted.headers["Operation-Location"], timeout=60).json()
    return {"job": job["id"], "status": job["status"]}


WAYS: dict[str, Callable[[], dict[str, Any]]] = {"azure": with_azure, "backoff": with_backoff}

if __name__ == "__main__":
    print(json.dumps(WAYS[sys.argv[1]]()))
