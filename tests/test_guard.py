"""Whether contracts may be published as they are, and what is written when they are."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from commands import run
from edits import BREAKING, MINOR, PATCHES, Edit
from hypothesis import given
from hypothesis import strategies as st

from jobstatus.changes import Rating, Shelf, Version, guard, release
from jobstatus.changes.guard import Verdict
from jobstatus.changes.releasing import CHANGELOG
from jobstatus.cli.exits import Exit
from jobstatus.contract.bundle import Bundle, bundles
from jobstatus.contract.spec import Document
from jobstatus.contract.writing import as_yaml
from jobstatus.errors import ConfigurationError

BUNDLES = {bundle.name: bundle for bundle in bundles(Document.load())}
PUBLISHED = Path(__file__).parent.parent / "contracts" / "published"
NATIVE = BUNDLES["native"]
BUMPED = {Rating.MAJOR: "2.0.0", Rating.MINOR: "1.1.0", Rating.PATCH: "1.0.1"}
EDITS = [
    *((edit, Rating.MAJOR) for edit in BREAKING),
    *((edit, Rating.MINOR) for edit in MINOR),
    *((edit, Rating.PATCH) for edit in PATCHES),
]
every_edit = pytest.mark.parametrize(("edit", "rating"), EDITS, ids=[edit.name.replace(" ", "-") for edit, _ in EDITS])


def versioned(bundle: Bundle, version: str, document: Mapping[str, Any] | None = None) -> Bundle:
    """Give a bundle another version, and another document."""
    document = document or bundle.document
    return replace(bundle, version=version, document={**document, "info": {**document["info"], "version": version}})


def shelf(folder: Path, *published: Bundle) -> Shelf:
    """Give a folder in which these were published."""
    for bundle in published:
        path = folder / bundle.name / f"{bundle.version}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bundle.yaml)
    return Shelf(folder)


def verdict(bundle: Bundle, shelf: Shelf) -> tuple[Verdict, str | None]:
    """Say what the guard says of one contract, and the least version that it wants."""
    (finding,) = (each for each in guard([bundle], shelf) if each.name == bundle.name)
    return finding.verdict, finding.needed


@every_edit
def test_a_change_passes_with_a_version_that_is_worth_it_and_with_no_lower_one(
    edit: Edit, rating: Rating, tmp_path: Path
) -> None:
    """The version that the same change would need less of is refused, as is the old one."""
    published = BUNDLES[edit.bundle]
    folder = shelf(tmp_path, published)
    document, enough = edit(published.document), BUMPED[rating]

    assert verdict(versioned(published, enough, document), folder) == (Verdict.ENOUGH, enough)
    assert verdict(versioned(published, "1.0.0", document), folder) == (Verdict.ALTERED, enough)
    for lower, version in BUMPED.items():
        if lower < rating:
            assert verdict(versioned(published, version, document), folder) == (Verdict.TOO_LOW, enough)


def test_what_was_never_published_passes(tmp_path: Path) -> None:
    """There is nobody whom it could break."""
    assert verdict(NATIVE, shelf(tmp_path)) == (Verdict.UNPUBLISHED, None)


def test_what_is_published_passes_as_it_is(tmp_path: Path) -> None:
    """Also when it is written otherwise."""
    folder = shelf(tmp_path, NATIVE)
    assert verdict(NATIVE, folder) == (Verdict.PUBLISHED, "1.0.0")

    reordered = dict(reversed(list(NATIVE.document.items())))
    (tmp_path / "native" / "1.0.0.yaml").write_bytes(as_yaml(reordered))
    assert verdict(NATIVE, folder)[0] is Verdict.PUBLISHED


def test_a_contract_that_is_gone_is_told(tmp_path: Path) -> None:
    """Its clients are still there."""
    folder = shelf(tmp_path, NATIVE, BUNDLES["ims"])

    (finding,) = (each for each in guard([NATIVE], folder) if each.name == "ims")
    assert finding.verdict is Verdict.GONE
    assert not finding.passes


def test_the_highest_version_counts_and_not_the_last_that_was_written(tmp_path: Path) -> None:
    """Ten comes after nine, and a release after what led to it."""
    folder = shelf(tmp_path, *(versioned(NATIVE, version) for version in ("1.10.0", "1.9.0", "1.10.0-rc.1")))

    assert verdict(versioned(NATIVE, "1.9.1"), folder)[0] is Verdict.TOO_LOW
    assert verdict(versioned(NATIVE, "1.10.0"), folder)[0] is Verdict.PUBLISHED
    assert verdict(versioned(NATIVE, "1.10.1"), folder)[0] is Verdict.ENOUGH


def test_a_version_that_was_taken_away_is_not_missed(tmp_path: Path) -> None:
    """The highest one that is left is compared with, and the changelog tells of those that are there."""
    folder = shelf(tmp_path, *(versioned(NATIVE, version) for version in ("1.0.0", "1.1.0", "1.2.0")))
    (tmp_path / "native" / "1.1.0.yaml").unlink()
    release([versioned(NATIVE, "1.2.1")], folder)
    page = (tmp_path / "native" / CHANGELOG).read_text()

    assert [line for line in page.splitlines() if line.startswith("## ")] == [
        f"## [{version}]({version}.yaml)" for version in ("1.2.1", "1.2.0", "1.0.0")
    ]


def test_an_early_release_of_what_is_needed_is_enough(tmp_path: Path) -> None:
    """Before 2.0.0 there may be 2.0.0-rc.1, and then whatever it takes."""
    broken = BREAKING[0](NATIVE.document)

    assert verdict(versioned(NATIVE, "2.0.0-rc.1", broken), shelf(tmp_path, NATIVE))[0] is Verdict.ENOUGH
    assert verdict(versioned(NATIVE, "1.1.0-rc.1", broken), shelf(tmp_path, NATIVE))[0] is Verdict.TOO_LOW


VERSIONS = st.builds(
    lambda core, early: ".".join(map(str, core)) + (f"-{'.'.join(early)}" if early else ""),
    st.tuples(*[st.integers(0, 12)] * 3),
    st.lists(st.sampled_from(["1", "2", "10", "a", "rc", "rc-1"]), max_size=3),
)


@given(st.lists(VERSIONS, max_size=6), st.sampled_from(Rating))
def test_versions_are_in_one_order_and_a_bump_leads_up(texts: list[str], rating: Rating) -> None:
    """As Semantic Versioning has it."""
    versions = sorted(map(Version.parse, texts))

    assert all(str(version) in texts for version in versions)
    assert all(low <= high for low, high in pairwise(versions))
    for version in versions:
        bumped = version.bumped(rating)
        assert version <= bumped
        assert bumped.allows(bumped)
        assert version.bumped(None) == version


@pytest.mark.parametrize(
    "text", ["1", "1.0", "v1.0.0", "01.0.0", "1.0.0-", "1.0.0-01", "1.0.0 ", "1.0.0-a..b", "१.0.0"]
)
def test_what_is_no_version_is_refused(text: str) -> None:
    """Registries and generators would each make something else of it."""
    with pytest.raises(ConfigurationError, match="Semantic Versioning"):
        Version.parse(text)


def test_a_release_writes_what_is_new_and_done_again_nothing(tmp_path: Path) -> None:
    """All contracts, with the changelog of each."""
    first = release(BUNDLES.values(), Shelf(tmp_path))

    assert {path.relative_to(tmp_path).as_posix() for path in first.written} == {
        *(f"{name}/{bundle.version}.yaml" for name, bundle in BUNDLES.items()),
        *(f"{name}/{CHANGELOG}" for name in BUNDLES),
    }
    assert release(BUNDLES.values(), Shelf(tmp_path)).written == ()


def test_a_release_writes_nothing_if_one_contract_is_refused(tmp_path: Path) -> None:
    """Not even of those that might be."""
    release([NATIVE], Shelf(tmp_path))
    broken = versioned(NATIVE, "1.0.1", BREAKING[0](NATIVE.document))
    before = sorted(tmp_path.rglob("*"))
    refused = release([broken, BUNDLES["ims"]], Shelf(tmp_path))

    assert not refused.passes
    assert refused.written == ()
    assert sorted(tmp_path.rglob("*")) == before


def test_the_changelog_tells_what_changed_the_newest_first(tmp_path: Path) -> None:
    """By what it means to clients."""
    (header,) = (edit for edit in BREAKING if edit.name == "header removed")
    (path,) = (edit for edit in MINOR if edit.name == "path added")
    added = path(NATIVE.document)
    for version, document in (("1.0.0", NATIVE.document), ("1.1.0", added), ("2.0.0", header(added))):
        release([versioned(NATIVE, version, document)], Shelf(tmp_path))
    page = (tmp_path / "native" / CHANGELOG).read_text()
    places = [page.index(f"## [{version}]({version}.yaml)") for version in ("2.0.0", "1.1.0", "1.0.0")]

    assert places == sorted(places)
    assert "ETag" in page[places[0] : places[1]]
    assert "### Breaking" in page[places[0] : places[1]]
    assert "/weather" in page[places[1] : places[2]]
    assert "### Added" in page[places[1] : places[2]]
    assert "The first version." in page[places[2] :]


def test_a_file_that_says_another_version_than_its_name_is_told(tmp_path: Path) -> None:
    """Somebody has copied it."""
    folder = shelf(tmp_path, NATIVE)
    (tmp_path / "native" / "1.0.0.yaml").rename(tmp_path / "native" / "0.9.0.yaml")

    with pytest.raises(ConfigurationError, match=r"0\.9\.0\.yaml says that it is of version '1\.0\.0'"):
        verdict(NATIVE, folder)


def test_the_command_refuses_what_breaks_and_says_what_to_do(tmp_path: Path) -> None:
    """A check of a pull request shows it, and a machine reads it."""
    older = versioned(NATIVE, "0.9.0", MINOR[0](NATIVE.document))
    shelf(tmp_path, versioned(NATIVE, "1.0.0", MINOR[0](NATIVE.document)), older)
    refused = run("spec", "guard", str(tmp_path), code=Exit.DIFFERENT)
    told = json.loads(run("spec", "guard", str(tmp_path), "--json", code=Exit.DIFFERENT).stdout)
    (native,) = (each for each in told["contracts"] if each["name"] == "native")

    assert "its version must be at least 2.0.0" in refused.stdout
    assert "x-version" in refused.stderr
    assert not told["passes"]
    assert (native["verdict"], native["needed"]) == ("altered", "2.0.0")
    assert native["changes"][0]["rating"] == "major"


def test_the_command_wants_a_folder(tmp_path: Path) -> None:
    """A misspelt one would guard nothing."""
    assert "there is no folder" in run("spec", "guard", str(tmp_path / "x"), code=Exit.USAGE).stderr


def test_the_contracts_here_are_worth_their_versions() -> None:
    """They are as they were published, or say so."""
    run("spec", "guard", str(PUBLISHED))


def test_what_was_published_here_was_written_by_the_command_alone(tmp_path: Path) -> None:
    """The changelogs come from the documents beside them."""
    published = Shelf(PUBLISHED)
    for name in published.names():
        for each in published.history(name):
            shelf(tmp_path, versioned(BUNDLES[name], str(each.version), each.document))
    highest = {name: published.history(name)[-1] for name in published.names()}
    release(
        [versioned(BUNDLES[name], str(last.version), last.document) for name, last in highest.items()], Shelf(tmp_path)
    )

    assert set(highest) == set(BUNDLES)
    for name in highest:
        assert (PUBLISHED / name / CHANGELOG).read_text() == (tmp_path / name / CHANGELOG).read_text()
