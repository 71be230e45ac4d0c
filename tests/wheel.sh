#!/usr/bin/env bash
# Builds the wheel, installs it into an empty environment, and runs the tests against it, far from the sources. The
# fuzzer, the real clients and the faults of stores see the same server from a checkout, and are left to that, as are the
# tests of stores, limits, documents, rules and workers alone, and of tools. The engine here is the one that the checkout's
# run does not use, so that all tests of what the server answers pass on both.
set -euo pipefail
cd "$(dirname "$0")/.."
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT

.venv/bin/python -m build --outdir "$place/dist" . >"$place/build.log" 2>&1 || { cat "$place/build.log"; exit 1; }
.venv/bin/check-wheel-contents "$place"/dist/*.whl

.venv/bin/python -m venv "$place/env"
"$place/env/bin/python" -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
"$place/env/bin/python" -m pip install --quiet "$place"/dist/*.whl --group pyproject.toml:test

mkdir "$place/away"
cp -R tests docs benchmarks contracts deploy ./*.md Makefile pyproject.toml "$place/away"
cd "$place/away"
export JOBSTATUS_TEST_ENGINE=stock
left=(
  clients faults fuzz storage
  test_{benchmarks,polling_simulation,example_store,twins,engines}.py
  test_{changes,conform,guard,publish}.py
  test_{durability,expire,limits,linearizable,migrate,moving,retention,sharing,waiting_histories}.py
  test_{durations,life,pacing,verdicts}.py
  test_{run,watch}.py
)
PATH="$place/env/bin:$PATH" "$place/env/bin/python" -m pytest -q --numprocesses auto --dist loadfile \
  --no-loadscope-reorder "${left[@]/#/--ignore=tests/}" "$@"
