"""`jobstatus spec`: the contracts as documents of their own."""

from __future__ import annotations

import typer

from . import bundle

group = typer.Typer(no_args_is_help=True, help="Bundle the contracts, compare them, and publish them.")
group.command(epilog=bundle.EXAMPLE)(bundle.bundle)
