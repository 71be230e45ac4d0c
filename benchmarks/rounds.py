"""Loading servers in turn, round by round, so that what slows the machine down for a while slows all of them down."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from benchmarks import child
from benchmarks.load import Outcome, Plan, request
from benchmarks.machine import Cores
from benchmarks.seed import Seeded
from benchmarks.serving import Server, asking
from jobstatus.job import Job

NOT_MODIFIED = "jobstatus-304"
"""The case in which each poll names the version that the client has."""

JOBS_EACH, STEPS = 4, 500
"""Jobs that a connection reports on, one after the other, and in how many steps each comes to its end, nearly."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """How much is measured."""

    rounds: int = 3
    seconds: float = 3.0
    warm_up: float = 3.0
    connections: int = 16
    jobs: int = 10_000


def plain(server: Server, seeded: Seeded, scale: Scale) -> Plan:
    """Poll every job, with a credential."""
    return asked(server, seeded.paths, seeded.token, scale)


def asked(server: Server, paths: Sequence[str], token: str, scale: Scale) -> Plan:
    """Ask for all of these paths, with a credential."""
    return _plan(server, scale, [request(path, authorization=f"Bearer {token}") for path in paths])


def not_modified(server: Server, seeded: Seeded, scale: Scale) -> Plan | None:
    """Poll every job with the entity tag that it has; nothing where the server does not answer 304 to that."""
    requests: list[str] = []
    with asking(server.port) as asker:
        for path in seeded.paths:
            etag = asker.get(path, seeded.token).etag
            if etag is None:
                return None
            if not requests and asker.get(path, seeded.token, if_none_match=etag).status != 304:
                return None
            requests.append(request(path, authorization=f"Bearer {seeded.token}", if_none_match=etag))
    return _plan(server, scale, requests, expect=304)


def reports(server: Server, seeded: Seeded, scale: Scale) -> Plan:
    """Report on jobs that have not ended: each connection on jobs of its own, whose progress grows."""
    jobs = seeded.unfinished[: scale.connections * JOBS_EACH]
    said = [json.dumps({"progress": round(100 * step / STEPS, 2)}) for step in range(1, STEPS)]
    turns = zip(*[iter(jobs)] * scale.connections, strict=False)  # one job for each connection, and again
    return replace(
        _plan(server, scale, [_report(job, body, seeded) for turn in turns for body in said for job in turn]),
        dealt=True,
    )


def _report(job: Job, body: str, seeded: Seeded) -> str:
    shown = {"authorization": f"Bearer {seeded.writer}", "content_type": "application/json"}
    return request(f"/jobs/{job.id}", method="PATCH", body=body, **shown)


def turns(plans: Mapping[str, Plan], rounds: int) -> Iterator[Sequence[str]]:
    """Give the order of each round; every round begins with another case."""
    names = list(plans)
    for number in range(rounds):
        first = number % len(names)
        yield names[first:] + names[:first]


def measure(plan: Plan, cores: Cores) -> Outcome:
    """Run a load in a process of its own. Raises `LoadFailed`."""
    return Outcome(**child.call("benchmarks.load", asdict(plan), cores.load))


def _plan(server: Server, scale: Scale, requests: Sequence[str], expect: int = 200) -> Plan:
    return Plan(
        port=server.port,
        pid=server.pid,
        requests=requests,
        connections=scale.connections,
        seconds=scale.seconds,
        warm_up=scale.warm_up,
        expect=expect,
    )
