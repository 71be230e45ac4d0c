"""What the stages before the handler found out, for requests that are the same to the letter."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from weakref import ReferenceType

from starlette.types import Scope

from jobstatus.answer import Contract, Lasting, Told
from jobstatus.bounded import Bounded, Newcomers
from jobstatus.clock import Clock, utc_now
from jobstatus.contract.engine import Call
from jobstatus.contract.exchange import Exchange
from jobstatus.contract.spec import Operation
from jobstatus.contract.template import Rendered, Template
from jobstatus.credential import Caller, Standing

MOST = 16_384
"""How many are kept in a process."""
NAME = "jobstatus.request"
"""Where a request's scope has its name."""


@dataclass(slots=True)
class Verdict:
    """That a request may pass, what it asks for, and the handler's call that answers it."""

    standing: Standing
    contract: Contract
    profile: str
    operation: Operation
    caller: Caller
    call: Call
    prompt: bool
    """Whether it is to be answered at once, whatever there is to say."""
    last: ReferenceType[Template] | None = None
    """What was told last, if it is still kept."""

    def exchange(self, scope: Scope) -> Exchange:
        """Begin an exchange where the first one was when its handler was called."""
        exchange = Exchange(scope, self.contract, self.profile)
        exchange.found, exchange.caller = self.operation, self.caller
        return exchange

    def again(self, told: Told, exchange: Exchange) -> Rendered | None:
        """Tell the same as last time, if that was of the same record."""
        template = self.last() if self.last is not None else None
        if (
            template is None
            or not isinstance(told, Lasting)
            or told.job is not template.job
            or told.facts != template.facts
        ):
            return None
        return template.fill(exchange)


class Verdicts:
    """Keeps verdicts by the SHA-256 of a request: its method, path, query and headers, credentials among them.

    The stages are functions of these alone, and of the credential, which each request is held to again: once it has to
    be looked up anew, or is over, no verdict that rests on it counts. Only requests that are let in leave one,
    and that come again.
    """

    def __init__(self, clock: Clock = utc_now) -> None:
        self._clock = clock
        self._kept: Bounded[bytes, Verdict] = Bounded(MOST)
        self._newcomers = Newcomers()

    def recall(self, scope: Scope) -> Verdict | None:
        """Give the verdict on the same request, if one counts."""
        scope[NAME] = name = _name(scope)
        verdict = self._kept.get(name)
        return verdict if verdict is not None and self._clock() < verdict.standing.until else None

    def keep(self, exchange: Exchange, call: Call, *, prompt: bool = False) -> None:
        """Keep what was found out about a request that has no body and rests on nothing but its credential."""
        if exchange.standing is None or exchange.limit is not None or exchange.found is None or exchange.caller is None:
            return
        name: bytes = exchange.scope[NAME]
        if self._newcomers.welcome(name):
            return
        verdict = Verdict(
            standing=exchange.standing,
            contract=exchange.contract,
            profile=exchange.profile,
            operation=exchange.found,
            caller=exchange.caller,
            call=call,
            prompt=prompt,
        )
        self._kept.keep(name, verdict)


def _name(scope: Scope) -> bytes:
    """Name a request, whatever its own id.

    No part has a line feed in it, but where the path has one encoded; so that such a path is not taken for other parts
    of another request, how many there are comes first.
    """
    parts = [part for pair in scope["headers"] if pair[0] != b"x-request-id" for part in pair]
    parts += (scope["query_string"], scope["method"].encode(), scope["path"].encode("utf-8", "surrogateescape"))
    return sha256(b"%d\n%b" % (len(parts), b"\n".join(parts))).digest()
