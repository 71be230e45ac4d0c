"""`python -m jobstatus`: the command line."""

from __future__ import annotations

from jobstatus.cli import main

main()
