"""One module for each change of the tables, never changed again once it is released."""

from __future__ import annotations
