"""How each contract writes a time. All are UTC."""

from __future__ import annotations

from datetime import datetime

_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


def micros(at: datetime) -> str:
    """Write `2031-03-04T05:07:07.250000Z`."""
    return f"{at.isoformat(timespec='microseconds').removesuffix('+00:00')}Z"


def millis(at: datetime) -> str:
    """Write `2031-03-04T05:07:07.250Z`."""
    return f"{_plain(at).isoformat(timespec='milliseconds')}Z"


def trimmed(at: datetime) -> str:
    """Write `2031-03-04T05:07:07.25Z`: Go's RFC3339Nano, which drops zeros at the end of the fraction."""
    fraction = f".{at.microsecond:06d}".rstrip("0").rstrip(".")
    return f"{_plain(at).isoformat(timespec='seconds')}{fraction}Z"


def english(at: datetime) -> str:
    """Write `04-Mar-2031 05:07:07:250`, in English whatever the locale."""
    return f"{at.day:02d}-{_MONTHS[at.month - 1]}-{at.year:04d} {at:%H:%M:%S}:{at.microsecond // 1000:03d}"


def _plain(at: datetime) -> datetime:
    """Leave the zone out. (`strftime` is no help: it does not pad years before 1000.)"""
    return at.replace(tzinfo=None)
