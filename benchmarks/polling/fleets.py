"""The fleets: how each kind of client watches, and what the server is told and knows while it does."""

from __future__ import annotations

from dataclasses import dataclass, replace

from benchmarks.polling import clients, loops
from benchmarks.polling.lives import Teller, quietly, with_end, with_progress
from benchmarks.polling.watch import Loop

MOST = 30
"""Seconds; what the server asks for at the most, unless a fleet says otherwise."""
WAIT = 60.0
"""Seconds that an answer is waited for."""
HOLD = 4.0
"""Seconds that a poll is held unasked: httpx gives up reading after 5 s, unless it is told otherwise."""
CUT = 300.0
"""Seconds after which something on the way cuts a stream."""


@dataclass(frozen=True, slots=True)
class Fleet:
    """Clients that all watch in one way."""

    name: str
    group: str
    loop: Loop
    tell: Teller = quietly
    """How workers tell of the jobs that it watches."""
    history: bool = False
    """Whether the server knows how long jobs of the type have taken."""
    most: int = MOST
    hold: float = 0.0
    """For how long the server holds plain polls."""


FLEETS = (
    Fleet("every 1 s", "interval", loops.every(1)),
    Fleet("every 5 s", "interval", loops.every(5)),
    Fleet("every 30 s", "interval", loops.every(30)),
    Fleet("1 → 20 s, times 1.5", "backoff", loops.ever_later(1, 1.5, 20)),
    Fleet("1 → 60 s, doubling", "backoff", loops.ever_later(1, 2, 60)),
    Fleet("Retry-After, nothing known", "obedient", loops.obedient),
    Fleet("Retry-After, history", "obedient", loops.obedient, history=True),
    Fleet("Retry-After, end said ± 20 %", "obedient", loops.obedient, with_end),
    Fleet("Retry-After, progress told", "obedient", loops.obedient, with_progress),
    Fleet("Prefer: wait=60", "waiting", loops.waiting(WAIT)),
    Fleet("Prefer: wait=60, progress told", "waiting", loops.waiting(WAIT), with_progress),
    Fleet("a stream, cut every 5 min", "streaming", loops.streaming(CUT)),
    Fleet("eHealth's integrators", "client", clients.ehealth),
    Fleet("otcextensions", "client", clients.otcextensions),
    Fleet("Terraform, Open Telekom Cloud", "client", clients.terraform_otc),
    Fleet("Terraform, Huawei Cloud", "client", clients.terraform_huawei),
    Fleet("azure-core", "client", clients.azure_core, history=True),
    Fleet("google-api-core", "client", clients.google_api_core),
    Fleet("openeo", "client", clients.openeo),
    Fleet("py-tes", "client", clients.py_tes),
)

BOUNDS = tuple(
    Fleet(f"at most {most} s, {known}", "obedient", loops.obedient, tell, history, most)
    for known, tell, history in (("history", quietly, True), ("end said ± 20 %", with_end, False))
    for most in (5, MOST, 60, 300)
)
"""The same obedience under other bounds."""

HELD = tuple(
    replace(fleet, name=f"{fleet.name}, held 4 s", hold=HOLD)
    for fleet in FLEETS
    if fleet.group == "client" and fleet.name != "azure-core"
)
"""Clients as they are, where the server holds what they ask: all but the one that obeys."""

CROWD = (
    Fleet("every 5 s", "interval", loops.every(5)),
    Fleet("Retry-After", "obedient", loops.obedient, history=True),
    Fleet("Retry-After, or up to a quarter later", "obedient", loops.obedient_at_random, history=True),
    Fleet("Prefer: wait=60", "waiting", loops.waiting(WAIT)),
    Fleet("Prefer: wait=30 to 60, at random", "waiting", loops.waiting_at_random(WAIT)),
    Fleet("a stream, cut every 5 min", "streaming", loops.streaming(CUT)),
    Fleet("a stream, opened again within 10 s", "streaming", loops.streaming_at_random(CUT, 10)),
)
"""Fleets whose jobs all begin at once."""
