"""Long and random lives, led over every back end."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

import back_ends
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

from jobstatus.storage import Store
from jobstatus.testing.service_machine import ServiceMachine
from jobstatus.testing.store_machine import StoreMachine

LIVES = settings(
    deadline=None,
    stateful_step_count=30,
    suppress_health_check=[HealthCheck.too_slow],
    phases=[phase for phase in Phase if phase is not Phase.explain],
)
LOCAL, NETWORKED = 50, 10
"""Lives that are led over stores of each sort."""


@pytest.mark.parametrize("machine", [StoreMachine, ServiceMachine])
def test_the_rules_hold_whatever_is_done(
    machine: Callable[..., RuleBasedStateMachine],
    open_one: Callable[[], Coroutine[Any, Any, Store]],
    request: pytest.FixtureRequest,
) -> None:
    """No order of calls leads a store, or the service over it, to break a rule."""
    made: Any = partial(machine, open_one)
    lives = NETWORKED if request.node.callspec.params["open_one"] in back_ends.NETWORKED else LOCAL
    run_state_machine_as_test(made, settings=settings(LIVES, max_examples=lives))
