"""The migrations of the SQL back ends, run by Alembic."""

from __future__ import annotations
