"""Doing what was planned."""

from __future__ import annotations

from collections.abc import Iterator

from .plan import Plan, Step
from .registry import Registry


def carry_out(registry: Registry, plan: Plan) -> Iterator[Step]:
    """Write step by step, telling each when it is done; what a run leaves undone the next one plans again."""
    for step in plan.steps:
        rewritten = _write(registry, plan, step)
        yield step
        if rewritten:
            yield Step.REWRITTEN


def _write(registry: Registry, plan: Plan, step: Step) -> bool:
    """Do one step; tell whether the Registry kept something else than it was given."""
    api, version = plan.api, plan.version
    match step:
        case Step.CREATED | Step.UPDATED:
            return registry.save(api, version, plan.bundle.yaml, private=plan.private)
        case Step.MADE_PUBLIC | Step.MADE_PRIVATE:
            registry.set_private(api, version, private=plan.private)
        case Step.PUBLISHED:
            registry.publish(api, version)
        case Step.MADE_DEFAULT:
            registry.set_default(api, version)
    return False
