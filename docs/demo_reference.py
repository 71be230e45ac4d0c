"""What the demo leaves at `/docs`: credentials that are filled in, and the jobs that the examples there ask for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import httpx

EXAMPLES = ("0195f2c8-7a41-7c3e-9b0d-2f6a1e8c4d57", "730f10bf0000000000000011")
"""Ids of jobs in the examples of `openapi.yaml`."""


def fill_in(file: Path, env: Mapping[str, str]) -> None:
    """Write what `JOBSTATUS_DOCS_CREDENTIALS` names, for the owner of the demo alone to read."""
    credentials = {
        "native": {"jobToken": env["NATIVE"]},
        "ehealth": {"ehealthToken": env["EHEALTH"]},
        "ehealth-composition": {"ehealthToken": env["COMPOSITION"], "ehealthApiKey": env["API_KEY"]},
        "traffic-ops": {"trafficOpsSession": env["TRAFFIC_OPS"]},
        "ims": {"imsToken": env["IMS"]},
    }
    file.touch(mode=0o600)
    file.write_text(json.dumps(credentials), encoding="utf-8")


def create_examples(url: str, env: Mapping[str, str]) -> None:
    """Create the jobs of the examples, unless an earlier demo has: their ids are taken then."""
    with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {env['NATIVE']}"}, trust_env=False) as client:
        for id in EXAMPLES:
            client.post("/jobs", json={"type": "example", "id": id})
