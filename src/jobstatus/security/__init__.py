"""Credentials in, caller out."""

from __future__ import annotations
