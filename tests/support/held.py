"""Servers that listen, and the command that holds them to a contract, run as its users run it."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import anyio
import uvicorn
from conforming import BUNDLES, conforming
from faulty import Fault, Faulty
from serving import free_port
from starlette.types import ASGIApp

from jobstatus.cli.exits import Exit
from jobstatus.conformance import Target
from jobstatus.contract.bundle import Bundle

BY_NAME = {bundle.name: bundle for bundle in BUNDLES}
FEW = ("--examples", "8")
NONE = ("--examples", "0")


@asynccontextmanager
async def listening(bundle: Bundle, fault: Fault | None = None) -> AsyncGenerator[Target]:
    """Run a server that listens, with a fault or none."""
    async with conforming(bundle) as (house, target):
        app = house.app if fault is None else Faulty(house.app, fault, target)
        port = free_port()
        async with _served(app, port):
            yield replace(target, url=f"http://127.0.0.1:{port}")


@asynccontextmanager
async def _served(app: ASGIApp, port: int) -> AsyncGenerator[None]:
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="warning", lifespan="off"))
    serving = asyncio.ensure_future(server.serve())
    while not server.started:  # noqa: ASYNC110  uvicorn says it by this flag alone
        await asyncio.sleep(0.01)
    try:
        yield
    finally:
        server.should_exit = True
        await serving


async def conform(target: Target, *more: str, code: int = Exit.DONE) -> str:
    """Run the command with all that the target has, and give what it printed."""
    given = [
        *_options("credential", target.credentials),
        *_options("weak-credential", target.weak),
        *_options("job", target.jobs),
        *_options("path-parameter", target.parameters),
    ]
    what = ["--contract", target.bundle.contract, "--profile", target.bundle.profile]
    command = [sys.executable, "-m", "jobstatus", "conform", target.url, *what, *given, *more]
    done = await anyio.run_process(command, check=False, env=dict(os.environ))
    said = done.stdout.decode() + done.stderr.decode()
    assert done.returncode == code, said
    for secret in target.secrets:
        assert secret not in said
    return said


def _options(name: str, given: Mapping[Any, str]) -> list[str]:
    return [f"--{name}={key}={value}" for key, value in given.items()]
