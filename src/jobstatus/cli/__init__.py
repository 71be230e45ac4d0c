"""The `jobstatus` command."""

from __future__ import annotations

import sys

import typer

from jobstatus import logs
from jobstatus.errors import JobstatusError

from . import conform, credentials, exits, expire, jobs, migrate, mock, output, run, serve, spec, watch

__all__ = ["app", "main"]

app = typer.Typer(
    help="Keep the status of asynchronous jobs, and answer it in every contract that polls for it.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command(epilog=serve.EXAMPLE)(serve.serve)
app.command(epilog=run.EXAMPLE, context_settings={"allow_interspersed_args": False})(run.run)
app.command(epilog=watch.EXAMPLE)(watch.watch)
app.command(epilog=migrate.EXAMPLE)(migrate.migrate)
app.command(epilog=expire.EXAMPLE)(expire.expire)
app.command(epilog=mock.EXAMPLE)(mock.mock)
app.command(epilog=conform.EXAMPLE)(conform.conform)
app.add_typer(jobs.group, name="jobs")
app.add_typer(credentials.group, name="credentials")
app.add_typer(spec.group, name="spec")


def main() -> None:
    """Run the command line; what goes wrong is one line on standard error and an exit code."""
    own = sys.argv[1 : sys.argv.index("--")] if "--" in sys.argv else sys.argv[1:]
    if any("\udc80" <= character <= "\udcff" for argument in own for character in argument):
        output.complain("an argument is not UTF-8")
        sys.exit(exits.Exit.USAGE)
    logs.configure()  # what stores warn of is for people, not in the way of what is printed for machines
    try:
        app()
    except JobstatusError as error:
        output.complain(str(error))
        sys.exit(exits.of(error))
    except KeyboardInterrupt:
        sys.exit(exits.Exit.STOPPED)
