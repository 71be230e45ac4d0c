"""A Keystone in a folder: set up there the first time, and served on loopback.

Run by the interpreter of an environment that has OpenStack's Keystone: `python -I keystone_server.py FOLDER PORT`.
What `keystone-manage bootstrap` makes is told by its own variables, `OS_BOOTSTRAP_USERNAME` and so on.
"""

from __future__ import annotations

import importlib
import multiprocessing
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from werkzeug.serving import make_server

CONFIGURATION = """
[database]
connection = sqlite:///{folder}/keystone.db
sqlite_synchronous = false
[fernet_tokens]
key_repository = {folder}/token-keys
[fernet_receipts]
key_repository = {folder}/receipt-keys
[credential]
key_repository = {folder}/credential-keys
[identity]
password_hash_rounds = 4
"""


def main(folder: Path, port: int) -> None:
    """Set up what is not there yet, and serve until the process is ended."""
    configuration = folder / "keystone.conf"
    if not configuration.exists():
        _set_up(folder, configuration)
    os.environ["OS_KEYSTONE_CONFIG_FILES"] = str(configuration)
    application = importlib.import_module("keystone.server.wsgi").initialize_public_application()
    make_server("127.0.0.1", port, application, threaded=True).serve_forever()


def _set_up(folder: Path, configuration: Path) -> None:
    draft = configuration.with_suffix(".draft")
    draft.write_text(CONFIGURATION.format(folder=folder))
    owner = ("--keystone-user", str(os.getuid()), "--keystone-group", str(os.getgid()))
    _manage(draft, [["db_sync"], ["fernet_setup", *owner], ["credential_setup", *owner]])
    _manage(draft, [["bootstrap"]])
    draft.rename(configuration)


def _manage(configuration: Path, commands: Iterable[list[str]]) -> None:
    """Run commands of `keystone-manage` side by side, as forks: its imports, which take longest, are made once."""
    cli = importlib.import_module("keystone.cmd.cli")
    fork: Any = multiprocessing.get_context("fork")
    arguments = [["keystone-manage", "--config-file", str(configuration), *command] for command in commands]
    processes = [fork.Process(target=cli.main, args=(words,)) for words in arguments]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
        if process.exitcode:
            sys.exit(process.exitcode)


if __name__ == "__main__":
    _, given_folder, given_port = sys.argv
    del sys.argv[1:]  # else Keystone takes them for its own
    main(Path(given_folder).resolve(), int(given_port))
