"""Statements that this server signs, and secrets that it locks away: nothing but the right thing opens them."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobstatus.clock import utc_now
from jobstatus.credential import Credential
from jobstatus.errors import Cause, ConfigurationError, Unauthenticated
from jobstatus.security.gate import Gate
from jobstatus.security.seal import Seal
from jobstatus.security.sessions import AT_LOGIN, CookieSessions
from jobstatus.security.vault import AccessKey, Vault

SEAL = Seal(b"key", "tests")
STATEMENT = {"auth_data": "00ff", "expires": 1930367167, "by": "tests"}
CHARACTERS = "".join(map(chr, range(33, 127)))
statements = st.dictionaries(
    st.text(max_size=8), st.integers() | st.text() | st.none() | st.lists(st.text()), max_size=5
)


def opens(seal: Seal, sealed: str) -> bool:
    """Tell whether a seal takes something for its own; it must not fail in any other way."""
    try:
        seal.open(sealed)
    except Unauthenticated:
        return False
    return True


@given(statement=statements)
def test_what_is_sealed_can_be_opened_by_the_same_seal_alone(statement: dict[str, object]) -> None:
    """Neither another key nor another purpose will do."""
    sealed = SEAL.seal(statement)

    assert SEAL.open(sealed) == statement
    assert not opens(Seal(b"other", "tests"), sealed)
    assert not opens(Seal(b"key", "another purpose"), sealed)


@given(text=st.text())
def test_whatever_is_shown_is_refused_in_the_one_way(text: str) -> None:
    """No text makes the seal fail otherwise."""
    assert not opens(SEAL, text)


@pytest.mark.parametrize(
    ("sealed", "cause"),
    [
        ("nodashes", Cause.MALFORMED),
        ("!--00", Cause.UNREADABLE),
        ("e30--xyz", Cause.UNREADABLE),
        (f"e30--{'00' * 32}", Cause.BAD_SIGNATURE),
        (SEAL.seal(STATEMENT)[:-64] + SEAL.seal(STATEMENT)[-64:].upper(), Cause.UNREADABLE),
    ],
)
def test_it_is_told_what_is_wrong(sealed: str, cause: Cause) -> None:
    """For contracts that tell it on; a signature has one spelling."""
    with pytest.raises(Unauthenticated) as refused:
        SEAL.open(sealed)

    assert refused.value.cause is cause


def mutations(sealed: str, cases: int, chance: random.Random) -> Iterator[str]:
    """Change a sealed statement in some small way, again and again."""
    for _ in range(cases):
        place = chance.randrange(len(sealed))
        kind = chance.randrange(6)
        if kind == 0:
            changed = sealed[:place] + chance.choice(CHARACTERS) + sealed[place + 1 :]
        elif kind == 1:
            changed = sealed[:place] + sealed[place + 1 + chance.randrange(3) :]
        elif kind == 2:
            changed = sealed[:place] + chance.choice(CHARACTERS) + sealed[place:]
        elif kind == 3:
            other = chance.randrange(len(sealed))
            swapped = list(sealed)
            swapped[place], swapped[other] = swapped[other], swapped[place]
            changed = "".join(swapped)
        elif kind == 4:
            changed = sealed[:place] + sealed[place:].swapcase()
        else:
            changed = sealed[:-64] + "".join(chance.choices("0123456789abcdef", k=64))
        if changed != sealed:
            yield changed


def test_no_mutated_cookie_is_accepted() -> None:
    """As many as `FUZZ_CASES` says."""
    sealed = SEAL.seal(STATEMENT)
    cases = int(os.environ.get("FUZZ_CASES", "20000"))

    assert not any(opens(SEAL, changed) for changed in mutations(sealed, cases, random.Random(7)))


async def test_no_mutated_access_token_is_accepted() -> None:
    """The JWT of the other cookie, as many as a tenth of `FUZZ_CASES` says."""
    sessions = CookieSessions(Gate(), b"key")
    holder = Credential(id="1", name="n", tenant="t", digest=b"1", created_at=utc_now())
    token = sessions.access_token(sessions.seal(holder, AT_LOGIN), utc_now() + AT_LOGIN)
    cases = int(os.environ.get("FUZZ_CASES", "20000")) // 10
    sessions.read_access_token(token)

    for changed in mutations(token, cases, random.Random(8)):
        with pytest.raises(Unauthenticated):
            sessions.read_access_token(changed)


KEYS = ["an old key of more than 32 characters", "a new key of more than 32 characters"]


def test_a_vault_opens_with_any_of_its_keys_and_locks_with_the_first() -> None:
    """So that a key can be changed without losing what is there."""
    key = AccessKey.new(temporary=True)
    old, both, new = Vault(KEYS[0]), Vault(f"{KEYS[1]}, {KEYS[0]}"), Vault(KEYS[1])
    locked = old.lock(key)

    assert both.unlock(key.access_key, locked) == key
    assert new.unlock(key.access_key, both.lock(key)) == key
    with pytest.raises(ConfigurationError):
        new.unlock(key.access_key, locked)


def test_a_secret_is_locked_for_its_own_access_key() -> None:
    """It is no secret of another one."""
    vault, key = Vault(KEYS[0]), AccessKey.new()

    with pytest.raises(ConfigurationError):
        vault.unlock("another", vault.lock(key))


def test_a_short_key_is_refused() -> None:
    """It could be guessed."""
    with pytest.raises(ConfigurationError, match="32 characters"):
        Vault("short")
