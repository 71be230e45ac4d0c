"""How a contract is polled, and the rows that follow from it for every contract alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from .row import Course, Row, Who
from .target import ENDED, State
from .told import Told

STABLE = (State.SUCCEEDED, State.FAILED, State.CANCELLED, State.PENDING, State.RUNNING)
"""In which order jobs are taken for what any job would do."""


@dataclass(frozen=True, kw_only=True)
class Poll:
    """One operation that tells of one job, and its decision table."""

    operation: str
    id: str
    """The path parameter that is the job's id."""
    nobody: Told
    stranger: Told
    weak: Told
    unknown: Told
    unknown_ids: tuple[str, ...]
    malformed: Told
    malformed_ids: tuple[str, ...]
    states: Mapping[State, Told]
    expired: Told | None = None
    """What a job that has expired is answered with, if not as an unknown one."""
    varying: tuple[str, ...] = ()
    wrong_method: Told
    extends: bool = True
    """Whether conditional polls are an addition to the contract."""
    wrong_method_extends: bool = True
    """Whether the answer to a wrong method is one."""

    def rows(self, jobs: Mapping[State, str]) -> Iterator[Row]:
        """Give every row, for these jobs."""
        yield from self._refused(jobs)
        yield from self._missing()
        yield from self.states_of(jobs)
        wrong = self._row("a method that there is not", self.wrong_method, self.unknown_ids[0], method="PUT")
        yield replace(wrong, added=self.extends and self.wrong_method_extends, writes=True)

    def states_of(self, jobs: Mapping[State, str]) -> Iterator[Row]:
        """Give the rows about jobs by their states."""
        yield from (self._row(f"{state} job", told, job=state) for state, told in self.states.items())
        for state in ENDED:
            if state in self.states:
                row = self._row(f"{state} job, polled twice", self.states[state], job=state)
                yield replace(row, course=Course.TWICE, varying=self.varying)
        row = self._row("a job that has not changed", Told(304), job=self._usual(jobs))
        yield replace(row, course=Course.UNCHANGED, added=self.extends)

    def _usual(self, jobs: Mapping[State, str]) -> State:
        """Give the state of a job that will do for all."""
        usable = [state for state in STABLE if state in self.states]
        return next((state for state in usable if state in jobs), usable[0])

    def _refused(self, jobs: Mapping[State, str]) -> Iterator[Row]:
        """Ask without a right to; for a job that there is, where one is given."""
        usual = self._usual(jobs)
        for check, told, who in (
            ("no credential", self.nobody, Who.NOBODY),
            ("wrong credential", self.stranger, Who.STRANGER),
            ("permission lacking", self.weak, Who.WEAK),
        ):
            if usual in jobs:
                yield replace(self._row(check, told, job=usual), who=who)
            else:
                yield replace(self._row(check, told, self.unknown_ids[0]), who=who)

    def _missing(self) -> Iterator[Row]:
        for id in self.unknown_ids:
            yield self._row(f"unknown id {id}", self.unknown, id)
        for id in self.malformed_ids:
            yield self._row(f"malformed id {_short(id)}", self.malformed, id)
        yield self._row("job of another tenant", self.unknown, job=State.FOREIGN)
        yield self._row("expired job", self.expired or self.unknown, job=State.EXPIRED)

    def _row(
        self, check: str, told: Told, id: str | None = None, *, job: State | None = None, method: str | None = None
    ) -> Row:
        parameters = {} if id is None else {self.id: id}
        check = f"{self.operation}: {check}"
        return Row(check, told, self.operation, method, id=self.id, job=job, parameters=parameters)


def _short(id: str) -> str:
    return id if len(id) <= 40 else f"of {len(id)} characters"
