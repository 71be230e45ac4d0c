"""What the tests with real clients may ask for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.register_assert_rewrite("clients")

from clients.environments import interpreter  # noqa: E402  once there is a way to it
from clients.workshop import Workshop, open_workshop  # noqa: E402


@pytest.fixture(scope="session")
def huawei_python() -> Path:
    """Give an interpreter that has the SDK of the vendor of IMS."""
    return interpreter("huawei")


@pytest.fixture(scope="session")
def otc_python() -> Path:
    """Give an interpreter that has OpenStack's SDK and the extensions of Open Telekom Cloud."""
    return interpreter("otc")


@pytest.fixture(scope="session")
def traffic_control_python() -> Path:
    """Give an interpreter that has the client of Traffic Ops."""
    return interpreter("traffic-control")


@pytest.fixture(scope="session")
def keystone_python() -> Path:
    """Give an interpreter that has OpenStack's Keystone."""
    return interpreter("keystone")


@pytest.fixture(scope="session")
def pollers_python() -> Path:
    """Give an interpreter that has clients which obey `Retry-After`."""
    return interpreter("pollers")


@pytest.fixture(scope="session")
def streams_python() -> Path:
    """Give an interpreter that has clients which read an answer as it comes."""
    return interpreter("streams")


@pytest.fixture(scope="session", params=["documented", "deployed"])
def either(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    """Give a server in each of the two profiles: for all modules one, for its start is what takes longest."""
    with open_workshop(tmp_path_factory.mktemp(request.param), request.param) as workshop:
        yield workshop


@pytest.fixture(scope="module")
def workshop(either: Workshop) -> Workshop:
    """Give a server that answers in one profile, and who works for it; its record begins with this module."""
    either.record.begin()
    return either


@pytest.fixture
def forgetful(long_forgetful: Workshop) -> Workshop:
    """Give a server that forgets within a second what has ended; its record begins with this test."""
    long_forgetful.record.begin()
    return long_forgetful


@pytest.fixture(scope="session")
def long_forgetful(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    """Give that server, for all tests one."""
    short = {"retention_days": "0.00001", "sweep_seconds": "0.2"}
    with open_workshop(tmp_path_factory.mktemp("forgetful"), "documented", **short) as workshop:
        yield workshop
