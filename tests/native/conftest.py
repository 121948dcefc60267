"""Against a server of our own: the native contract where its black-box cases leave off, and what only an operator sees."""
from __future__ import annotations

import os
import pathlib
import sys

import pytest

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "run"), str(TESTS / "acceptance")]   # services.py; client.py, native.py
os.environ.setdefault("ACCEPT_JWT_SECRET", "acceptance-secret-of-at-least-32-bytes")

import services  # noqa: E402
from native import Person  # noqa: E402

BINARY = pathlib.Path(os.environ.get("PARLEY_BIN") or TESTS.parent / "build" / "release" / "parley")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "server" in metafunc.fixturenames:
        metafunc.parametrize("server", ["sqlite", "postgres"], indirect=True, scope="session")


@pytest.fixture(scope="session")
def server(request: pytest.FixtureRequest):
    """One for all cases that don't harm it."""
    with new_server(request.param) as running:
        yield running


def new_server(store: str = "sqlite", *arguments: str, **words) -> services.Parley:
    return services.Parley(BINARY, store=postgres_database() if store == "postgres" else None, arguments=arguments, **words)


def postgres_database() -> str:
    """On the PostgreSQL that ./dev test has started; without it this fails."""
    url = os.environ.get("PARLEY_TEST_POSTGRES")
    assert url, "PARLEY_TEST_POSTGRES names no server; ./dev test starts one"
    return services.database_at(url)


@pytest.fixture
def anna(server) -> Person:
    return Person(base=server.url)


@pytest.fixture
def ben(server) -> Person:
    return Person(base=server.url)


@pytest.fixture
def cleo(server) -> Person:
    return Person(base=server.url)
