"""`jobstatus spec release`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from jobstatus.cli import output
from jobstatus.cli.options import AsJson

from .guard import findings_told, refuse, show_findings

EXAMPLE = "Example: jobstatus spec release contracts/published"


def release(
    folder: Annotated[Path, typer.Argument(help="Where to publish, as <name>/<version>.yaml.", show_default=False)],
    as_json: AsJson = False,
) -> None:
    """Publish each contract whose version is new, with what changed, if the guard lets all of them through.

    Done again, it changes nothing.
    """
    from jobstatus import changes
    from jobstatus.contract.bundle import bundles
    from jobstatus.contract.spec import Document

    done = changes.release(bundles(Document.load()), changes.Shelf(folder))
    written = [str(path) for path in done.written]
    if as_json:
        output.print_json({"passes": done.passes, "written": written, "contracts": findings_told(done.findings)})
    else:
        show_findings(done.findings)
        for path in written:
            output.note(path)
    refuse(done.findings)
