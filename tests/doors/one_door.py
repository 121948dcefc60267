"""A server of its own with one door, for each file that imports the fixtures made here."""
from __future__ import annotations

import os
import pathlib

import pytest
import services

BINARY = pathlib.Path(os.environ.get("PARLEY_BIN") or pathlib.Path(__file__).resolve().parents[2] / "build" / "release" / "parley")


def fixtures(door: str, *arguments: str, address: str = "127.0.0.1"):
    """`server` is there for all of a file; `base` is where its door is, which the kit of that door looks up, too."""
    variable = f"ACCEPT_URL_{door.upper()}"

    @pytest.fixture(scope="module", autouse=True)
    def server():
        port = services.free_port()
        with services.Parley(BINARY, arguments=["--listen", f"{address}:{port}={door}", *arguments]) as running:
            os.environ[variable] = f"http://127.0.0.1:{port}"
            yield running

    @pytest.fixture
    def base() -> str:
        return os.environ[variable]

    return server, base
