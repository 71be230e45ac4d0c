"""The scenarios that there are."""

from __future__ import annotations

from collections.abc import Mapping

from jobstatus.errors import ConfigurationError
from jobstatus.job import Failure, FailureKind, Link, Report, Result, Status
from jobstatus.scenarios.script import Outage, Scenario, Step, Throttle

ALL = "all"
"""The name that stands for every scenario without weather."""
IMAGE = "e9e91bff-14b6-4a0b-8377-4ed0813e3360"
RESULT = Result(
    links=(Link(entity="encounter", href="/encounters/5b7f2d0e-9c1a-4e36-8d54-0a1b2c3d4e5f"),),
    entities={"image_id": IMAGE, "image_name": "mock"},
)
"""Something for each contract that tells what came of a job."""
CRASH = Failure(kind=FailureKind.SYSTEM, message="The worker ran out of disk space.", http_status=500)
INVALID = Failure(
    kind=FailureKind.USER,
    message="The period has no start.",
    http_status=422,
    type="validation_failed",
    invalid=(
        {
            "entry_type": "json_data_property",
            "entry": "$.period.start",
            "rules": [{"rule": "required", "params": [], "description": "must be present"}],
        },
    ),
)


def _running(after: float, progress: float, ends: float | None = None, lease: float | None = None) -> Step:
    says = Report(status=Status.RUNNING, progress=progress, message=f"{progress:g} % done")
    return Step(after=after, says=says, ends=ends, lease=lease)


def _succeeded(after: float, kept: float | None = None) -> Step:
    says = Report(status=Status.SUCCEEDED, message="Done.", result=RESULT)
    return Step(after=after, says=says, kept=kept)


def _failed(after: float, error: Failure) -> Step:
    return Step(after=after, says=Report(status=Status.FAILED, error=error))


SLOW = (*(_running(2 + 7 * part, 25 * part, ends=30) for part in range(4)), _succeeded(30))
SCENARIOS: Mapping[str, Scenario] = {
    scenario.name: scenario
    for scenario in (
        Scenario(
            name="quick-success",
            summary="pending, runs after 1 s, succeeds after 2 s",
            steps=(_running(1, 50), _succeeded(2)),
        ),
        Scenario(
            name="slow-success",
            summary="runs after 2 s, tells its progress and when it will end, succeeds after 30 s",
            steps=SLOW,
        ),
        Scenario(name="pending-forever", summary="stays pending"),
        Scenario(
            name="fails-at-60",
            summary="runs after 1 s, fails at 60 % of its progress after 8 s, by the system's fault",
            steps=(_running(1, 0), _running(3, 20), _running(5, 40), _running(7, 60), _failed(8, CRASH)),
        ),
        Scenario(
            name="user-error",
            summary="runs after 1 s, fails after 3 s by the user's fault: 422, with what is invalid",
            steps=(_running(1, 10), _failed(3, INVALID)),
        ),
        Scenario(
            name="lost-worker",
            summary="runs after 1 s; its worker reports no more, and it fails as lost after 5 s",
            steps=(_running(1, 30, lease=4),),
        ),
        Scenario(
            name="expires",
            summary="succeeds after 2 s; its record is gone 5 s later",
            steps=(_running(1, 50), _succeeded(2, kept=5)),
        ),
        Scenario(
            name="cancelled",
            summary="runs after 1 s, is asked to stop after 4 s, has stopped after 6 s",
            steps=(
                _running(1, 20),
                Step(after=4, cancel=True),
                Step(after=6, says=Report(status=Status.CANCELLED, message="Stopped.")),
            ),
        ),
        Scenario(
            name="throttled",
            summary="as slow-success; a credential may poll three times in 10 s, else 429 with Retry-After",
            steps=SLOW,
            throttle=Throttle(polls=3, seconds=10),
        ),
        Scenario(
            name="unavailable",
            summary="as slow-success; the store is unavailable in the last 3 of each 8 s: 503 with Retry-After",
            steps=SLOW,
            outage=Outage(every=8, lasts=3),
        ),
    )
}
"""By name."""


def named(name: str) -> tuple[Scenario, ...]:
    """Give the scenario of that name; for `all`, each that has no weather.

    Raises:
        ConfigurationError: there is no such scenario.
    """
    if name == ALL:
        return tuple(scenario for scenario in SCENARIOS.values() if not scenario.weather)
    if name not in SCENARIOS:
        known = ", ".join([*SCENARIOS, ALL])
        raise ConfigurationError(f"there is no scenario {name!r}; there are {known}")
    return (SCENARIOS[name],)
