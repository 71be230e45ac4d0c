"""Serve one peer, under the options that `jobstatus serve` gives to uvicorn, and with the same collector."""

from __future__ import annotations

import argparse

import uvicorn

from benchmarks.peers import APPS, OTHERS
from jobstatus.cli.serve import server_options
from jobstatus.serving.application import settle


def main() -> None:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description=__doc__)
    parser.add_argument("peer", choices=APPS | OTHERS)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--store", required=True)
    asked = parser.parse_args()
    app = (APPS | OTHERS)[asked.peer](asked.store)
    settle()
    uvicorn.run(app, host=asked.host, port=asked.port, **server_options())


if __name__ == "__main__":
    main()
