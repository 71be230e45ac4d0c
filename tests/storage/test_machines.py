"""Long and random lives, led over every back end."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

from jobstatus.storage import Store
from jobstatus.testing.service_machine import ServiceMachine
from jobstatus.testing.store_machine import StoreMachine

LIVES = settings(deadline=None, max_examples=50, stateful_step_count=30, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.parametrize("machine", [StoreMachine, ServiceMachine])
def test_the_rules_hold_whatever_is_done(
    machine: Callable[..., RuleBasedStateMachine], open_one: Callable[[], Coroutine[Any, Any, Store]]
) -> None:
    """No order of calls leads a store, or the service over it, to break a rule."""
    made: Any = partial(machine, open_one)
    run_state_machine_as_test(made, settings=LIVES)
