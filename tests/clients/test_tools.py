"""Tools that take in documents accept each contract's, without an error, a warning or a recommendation.

The linters run beside them: see `lint/check`. Not run is IBM's `lint-openapi`, most of whose rules are that company's
own: names in snake case, its form of pages and of errors.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from clients import environments
from serving import PATIENCE

from jobstatus.contract.bundle import Bundle, bundles
from jobstatus.contract.spec import Document

BUNDLES = list(bundles(Document.load()))
VALIDATE = Path(__file__).with_name("validate_contracts.mjs")
every_bundle = pytest.mark.parametrize("cut", BUNDLES, ids=lambda cut: cut.name)


def run(*command: str) -> str:
    """Run a program to its end, and give all that it printed."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=4 * PATIENCE, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@every_bundle
def test_openapi_generator_finds_nothing_to_say(cut: Bundle, tmp_path: Path) -> None:
    """It recommends nothing either."""
    python = environments.interpreter("openapi-generator")
    (tmp_path / "contract.yaml").write_bytes(cut.yaml)
    program = ("-c", "import openapi_generator_cli as it; it.cli()")
    said = run(str(python), *program, "validate", "--recommend", "--input-spec", str(tmp_path / "contract.yaml"))

    assert "No validation issues detected." in said


def test_the_parser_of_readme_finds_nothing_to_say(tmp_path: Path) -> None:
    """It validates what it makes pages of."""
    modules = environments.node("contracts")
    files = {cut.name: tmp_path / f"{cut.name}.yaml" for cut in BUNDLES}
    for cut in BUNDLES:
        files[cut.name].write_bytes(cut.yaml)
    found = json.loads(run("node", str(VALIDATE), str(modules), *map(str, files.values())))

    assert len(found) == len(BUNDLES)
    for name, result in found.items():
        assert result["valid"] is True, (name, result)
        assert result.get("warnings", []) == [], (name, result)
