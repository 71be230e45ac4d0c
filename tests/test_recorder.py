"""What the recorder notes."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
from house import House, running_house

from jobstatus.settings import Settings


@pytest.fixture
async def recorded(tmp_path: Path) -> AsyncGenerator[House]:
    """Give a server that notes each exchange."""
    async with running_house(Settings(record=tmp_path / "log")) as house:
        yield house


def noted(folder: Path) -> list[dict[str, Any]]:
    """Read what was noted."""
    return [json.loads(line) for line in (folder / "log").read_text().splitlines()]


async def test_what_the_spec_has_is_noted_without_complaint(recorded: House, tmp_path: Path) -> None:
    """Each contract's answers have what the spec says, and nothing beside it; no credential is noted."""
    headers = recorded.headers(await recorded.token())
    job = (await recorded.client.post("/jobs", json={"type": "t"}, headers=_only(headers, "Authorization"))).json()
    for contract, names in {
        "native": ["Authorization"],
        "ehealth": ["Authorization"],
        "ehealth-composition": ["Authorization", "api-key"],
        "traffic-ops": ["Cookie"],
        "ims": ["X-Auth-Token"],
    }.items():
        (href,) = (link["href"] for link in job["links"] if link["contract"] == contract)
        await recorded.client.get(href, headers=_only(headers, *names))

    lines = noted(tmp_path)
    assert [line["operation"] for line in lines] == [
        *("createJob", "getJob", "getEhealthJob", "getCompositionJob", "getAsyncStatus", "showImsJob")
    ]
    assert [line["undocumented"] for line in lines] == [[]] * 6
    assert not any(value in str(lines) for value in headers.values())


async def test_what_the_spec_does_not_have_is_noted(recorded: House, tmp_path: Path) -> None:
    """An operation, a parameter of the query and a header that are not in it."""
    await recorded.client.get("/nothing")
    await recorded.client.get("/jobs?colour=red", headers={"X-Odd": "1"})

    assert [line["undocumented"] for line in noted(tmp_path)] == [["operation"], ["header x-odd", "query colour"]]


def _only(headers: dict[str, str], *names: str) -> dict[str, str]:
    return {name: headers[name] for name in names}
