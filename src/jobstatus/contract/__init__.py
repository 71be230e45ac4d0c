"""The spec at work: what it says is read once, and every request and answer is held to it."""

from __future__ import annotations
