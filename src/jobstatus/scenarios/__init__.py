"""Scripted lives of jobs, for those who test how their clients poll."""

from __future__ import annotations

from jobstatus.scenarios.known import SCENARIOS, named
from jobstatus.scenarios.player import Player
from jobstatus.scenarios.script import Outage, Scenario, Step, Throttle
from jobstatus.scenarios.stage import Stage, prepared

__all__ = ["SCENARIOS", "Outage", "Player", "Scenario", "Stage", "Step", "Throttle", "named", "prepared"]
