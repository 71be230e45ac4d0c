"""Run real jobs, and poll each of them in five contracts: `make demo`; `make serve` leaves the server running."""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType
from typing import Any
from uuid import uuid4

from demo_polls import CONTRACTS, NAMES, Answer, Poll, ask, links_of, log_in, unknown_links
from demo_reference import create_examples, fill_in
from rich.console import Console
from rich.highlighter import JSONHighlighter
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

HERE = Path(__file__).parent
KEPT = HERE.parent / ".demo"
TENANT = "ac234de25c6741d2b1273da49eea1b9e"
"""A project's id, as clouds make them."""
PORT = 8080
COMMAND = (sys.executable, "-m", "jobstatus")
WORK = (sys.executable, str(HERE / "demo_work.py"))
FAILING = ("sh", "-c", "echo 'reading the source, 10%'; echo 'no space left on device' >&2; exit 3")
KEYS = {**NAMES, "api-key": "API_KEY"}
"""The shell variable of each credential's token."""
DOORS = {"/": "what runs here", "/docs": "each contract, to be tried", "/console": "one job in all five"}
GLANCE = 2.0
"""Seconds between two rows of the table."""

console = Console(highlight=False)


class Demo:
    """A running server, the tokens for it, and what was not as expected."""

    def __init__(self, url: str, env: Mapping[str, str]) -> None:
        self.url = url
        self.env = {**env, "JOBSTATUS_SERVER": url, "BASE": url}
        self.surprises: list[str] = []

    def give_out_credentials(self) -> None:
        """Make a credential for each contract, and keep what is sent of it in a shell variable."""
        for preset, variable in KEYS.items():
            made = self.jobstatus("credentials", "add", f"demo {preset}", "--tenant", TENANT, "--contract", preset)
            self.env[variable] = made["token"]
        self.env[NAMES["traffic-ops"]] = log_in(self.url, self.env[NAMES["traffic-ops"]])
        self.env["JOBSTATUS_TOKEN"] = self.env[NAMES["native"]]

    def jobstatus(self, *arguments: str) -> dict[str, Any]:
        """Run a command of the command line, and read its JSON."""
        done = subprocess.run(  # noqa: S603  the arguments are this script's own
            [*COMMAND, *arguments, "--json"], env=self.env, stdout=subprocess.PIPE, check=True
        )
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    @contextmanager
    def running(self, options: Sequence[str], command: Sequence[str]) -> Iterator[tuple[str, subprocess.Popen[str]]]:
        """Run a command as a job; give the job's id."""
        show(f"jobstatus run {' '.join(options)} -- {' '.join(quoted(part) for part in command)}")
        process = subprocess.Popen(  # noqa: S603  the same
            [*COMMAND, "run", *options, "--", *command],
            env=self.env,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        with process, ending(process):
            assert process.stderr is not None  # noqa: S101  it was asked for
            yield process.stderr.readline().split()[-1], process

    def poll(self, links: Mapping[str, str], expected: str) -> None:
        """Poll a job in each contract, showing the question and the answer."""
        for contract in CONTRACTS:
            poll = Poll(contract.name, links[contract.name])
            show(poll.curl)
            answer = ask(poll, self.env)
            right = self.judge(contract.name, answer, contract.expected[expected])
            console.print(Text(f"{answer.status_line}  ", "bold green" if right else "bold red"), end="")
            console.print(JSONHighlighter()(Text(answer.text.rstrip("\n"))), soft_wrap=True)
            console.print()

    def judge(self, contract: str, answer: Answer, expected: str) -> bool:
        """Note an answer that is not as expected."""
        if answer.word == expected:
            return True
        self.surprises.append(f"{contract}: expected {expected}, got {answer.word}: {answer.text}")
        return False

    def glance(self, links: Mapping[str, str]) -> tuple[dict[str, Any], list[str]] | None:
        """Poll a job once in each contract; give its record and the five words, if they are of one moment."""
        before = ask(Poll("native", links["native"]), self.env).body
        answers = [ask(Poll(contract.name, links[contract.name]), self.env) for contract in CONTRACTS]
        after = ask(Poll("native", links["native"]), self.env).body
        if before is None or after is None or before["status"] != after["status"]:
            return None
        for contract, answer in zip(CONTRACTS, answers, strict=True):
            self.judge(contract.name, answer, contract.expected[after["status"]])
        return after, [answer.word for answer in answers]


def perform(demo: Demo) -> None:
    """Show what there is to see."""
    console.print("Each answer is shown as it came, its headers left out.")
    console.rule("A job that waits")
    show("jobstatus jobs create --type pack")
    waiting = demo.jobstatus("jobs", "create", "--type", "pack")
    links = links_of(waiting)
    demo.poll(links, "pending")

    console.rule("The same job, taken over by a worker")
    with demo.running(("--job", waiting["id"]), WORK) as (_, process):
        time.sleep(GLANCE)
        demo.poll(links, "running")
        console.rule("The same job, as time goes by")
        watch(demo, links, process)
    demo.poll(links, "succeeded")

    console.rule("A command that fails")
    with demo.running(("--type", "copy"), FAILING) as (id, process):
        links = links_of(demo.jobstatus("jobs", "show", id))
        process.wait()
    demo.poll(links, "failed")

    console.rule("A job that never was")
    demo.poll(unknown_links(str(uuid4()), TENANT), "unknown")


def watch(demo: Demo, links: Mapping[str, str], process: subprocess.Popen[str]) -> None:
    """Show what each contract says of a job, row by row, until it has ended."""
    table_row("seconds", "progress", *(contract.name for contract in CONTRACTS))
    start = time.monotonic()
    while True:
        running = process.poll() is None
        if seen := demo.glance(links):
            job, words = seen
            table_row(f"{time.monotonic() - start:.0f}", f"{job['progress'] or 0:.0f} %", *words)
        if not running:
            console.print()
            return
        time.sleep(GLANCE)


def table_row(*cells: str) -> None:
    """Show one row."""
    widths = (9, 10, *(max(12, len(contract.name) + 2) for contract in CONTRACTS))
    console.print("".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)), soft_wrap=True)


def show(command: str) -> None:
    """Show a command as it could be typed."""
    console.print(Text(f"$ {command}", "cyan"), soft_wrap=True)


def show_variables(demo: Demo) -> None:
    """Show the shell variables that the commands below use."""
    for name in ("BASE", *KEYS.values()):
        show(f"{name}={demo.env[name]}")
    console.print()


def quoted(part: str) -> str:
    """Quote a word for the shell, and spare the reader the paths of this machine."""
    part = part.replace(sys.executable, "python").replace(f"{HERE}/", "docs/")
    return f'"{part}"' if " " in part else part


@contextmanager
def serving(folder: Path, port: int) -> Iterator[tuple[Demo, subprocess.Popen[str]]]:
    """Run a server on data in *folder*; its troubles go to a file there."""
    env = {
        **os.environ,
        "JOBSTATUS_STORE": f"sqlite:///{folder / 'jobs.db'}",
        "JOBSTATUS_DOCS_CREDENTIALS": str(folder / "docs.json"),
        "NO_PROXY": "127.0.0.1",
    }
    with (folder / "server.log").open("a", encoding="utf-8") as log:
        process = subprocess.Popen(  # noqa: S603  the arguments are this script's own
            [*COMMAND, "serve", "--port", str(port)],
            env=env,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            start_new_session=True,
        )
    with process, ending(process):
        assert process.stdout is not None  # noqa: S101  it was asked for
        told = process.stdout.readline()
        if not told:
            raise SystemExit(f"The server did not start:\n{(folder / 'server.log').read_text(encoding='utf-8')}")
        yield Demo(next(word for word in told.split() if word.startswith("http")), env), process


@contextmanager
def ending(process: subprocess.Popen[str]) -> Iterator[None]:
    """See that a process does not outlive the block."""
    try:
        yield
    finally:
        if process.poll() is None:
            process.terminate()


def free_port(wished: int) -> int:
    """Find the first free port from *wished* on."""
    for port in range(wished, wished + 100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)):
                return port
    return 0


def show_doors(demo: Demo) -> None:
    """Show where the server is to be found, and the keys."""
    grid = Table.grid(padding=(0, 2))
    for path, what in DOORS.items():
        grid.add_row(Text(demo.url + path, "bold"), what)
    for preset, variable in KEYS.items():
        grid.add_row(preset, Text(demo.env[variable], "cyan"))
    console.print(Panel(grid, title="The server runs until Ctrl-C", expand=False))


def main() -> int:
    """Give 0 if every poll was answered as expected."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--serve", action="store_true", help="leave the server running afterwards")
    stay = parser.parse_args().serve
    signal.signal(signal.SIGTERM, stop)
    with ExitStack() as stack:
        folder = kept_folder() if stay else Path(stack.enter_context(tempfile.TemporaryDirectory()))
        console.print("Starting a server …")
        demo, process = stack.enter_context(serving(folder, free_port(PORT) if stay else 0))
        demo.give_out_credentials()
        show_variables(demo)
        perform(demo)
        for surprise in demo.surprises:
            console.print(Text(surprise, "bold red"))
        if stay:
            fill_in(folder / "docs.json", demo.env)
            create_examples(demo.url, demo.env)
            show_doors(demo)
            process.wait()
    if not demo.surprises:
        console.print(Text("Every poll was answered as expected.", "bold green"))
    return 1 if demo.surprises else 0


def kept_folder() -> Path:
    """Give the folder whose data is still there the next time."""
    KEPT.mkdir(exist_ok=True)
    return KEPT


def stop(number: int, frame: FrameType | None) -> None:
    """Leave as by Ctrl-C, so that everything is tidied up."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
