"""`jobstatus spec`: the contracts as documents of their own."""

from __future__ import annotations

import typer

from . import bundle, diff, guard, publish, release

group = typer.Typer(no_args_is_help=True, help="Bundle the contracts, compare them, and publish them.")
group.command(epilog=bundle.EXAMPLE)(bundle.bundle)
group.command(epilog=diff.EXAMPLE)(diff.diff)
group.command(epilog=guard.EXAMPLE)(guard.guard)
group.command(epilog=release.EXAMPLE)(release.release)
group.command(epilog=publish.EXAMPLE)(publish.publish)
