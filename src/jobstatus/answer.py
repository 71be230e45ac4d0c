"""What a contract says back, and what of the request it may speak of."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from jobstatus.errors import JobstatusError
from jobstatus.job import Job

JSON = "application/json"


class Request(Protocol):
    """The facts of a request that an answer may carry."""

    @property
    def id(self) -> str:
        """The request's id: the client's own `X-Request-Id`, or one made here."""

    @property
    def method(self) -> str:
        """The method, in capitals."""

    @property
    def path(self) -> str:
        """The decoded path, without the query."""

    @property
    def url(self) -> str:
        """Scheme, host and path, without the query and without the port that plain HTTP has anyway."""

    @property
    def query(self) -> str:
        """The query as it was sent."""

    @property
    def headers(self) -> Mapping[str, str]:
        """What the client sent, by names in lower case; of one that was sent twice, the first counts."""

    @property
    def profile(self) -> str:
        """The contract's profile in force: `documented` or `deployed`."""

    @property
    def operation(self) -> str | None:
        """The operation that is answered; none where the path or the method is not one of the contract's."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A status, a body that is still an object, and headers. No body means that none is sent.

    Outside the operations of the spec a body may be bytes, which go out as they are.
    """

    body: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    media_type: str = JSON
    cookies: tuple[str, ...] = ()
    """Values of `Set-Cookie`."""
    job: Job | None = None
    """The job that was created or changed: while it has not ended, it is said when to ask after it."""


@dataclass(slots=True)
class Lasting:
    """An answer that follows from one record, as it stands, and from *facts*: while these last, it is made once.

    Its entity tag follows from the record's version and from *edition*: the number of what one version says by and by,
    where that is more than what drifts by itself, as an estimate does.
    """

    tell: Callable[..., Answer]
    """Makes the answer of the job and the facts, and of nothing else."""
    job: Job
    facts: tuple[Hashable, ...] = ()
    edition: int = 0
    status: int = 200
    """The status of the answer that is made."""

    def answer(self) -> Answer:
        """Make the answer."""
        return self.tell(self.job, *self.facts)


@dataclass(slots=True)
class Gathered:
    """An answer that follows from several records: it is only made for who has not got it already."""

    tell: Callable[[], Answer]
    tag: str
    """What tells it from others of its kind, in letters and digits."""
    jobs: Sequence[Job] = ()


@dataclass(frozen=True, slots=True)
class Frame:
    """One server-sent event."""

    data: Any
    """Its body, which goes out as JSON."""
    id: str | None = None
    """What a client that was cut off says to have got last."""
    event: str | None = None
    """Its type; none is what clients call `message`."""


@dataclass(slots=True)
class Stream:
    """An answer that goes on: server-sent events, by the HTML standard."""

    frames: AsyncGenerator[Frame]


Told = Answer | Lasting | Gathered | Stream
"""What a handler gives."""


class Contract(Protocol):
    """What every module of `jobstatus.handlers` offers beside its operations."""

    EXTRA_METHODS: frozenset[str]
    """What is answered beside the methods of the spec: `HEAD` where there is a `GET`, and `OPTIONS`."""
    STRICT_QUERY: bool
    """Whether a query parameter that the spec does not know is an error, or passed over."""

    def request_id(self) -> str:
        """Make the id of a request whose client gave it none."""

    def divert(self, request: Request) -> Answer | None:
        """Give the answer to a request that is answered before its path is looked for, if it is one."""

    def admit(self, request: Request) -> None:
        """Refuse what no operation of the contract takes, from a caller who may call it: raises `RequestRefused`."""

    def failure(self, error: JobstatusError, request: Request) -> Answer:
        """Put an error into this contract's words. Total: an error of no kind it knows is a server error."""

    def complete(self, answer: Answer, request: Request) -> Answer:
        """Add what every answer of the contract has: an envelope, headers."""

    def encode(self, body: Any) -> bytes:
        """Write the body as the contract writes its JSON."""

    def variant(self, request: Request) -> Hashable:
        """Tell what of a request the form of its answer depends on, beside the request's id and URL."""

    def finish(self, body: bytes, request: Request) -> tuple[bytes, Mapping[str, str]]:
        """Give the bytes that go out, and the headers that depend on them."""
