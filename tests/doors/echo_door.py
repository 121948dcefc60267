"""A server of its own with the echo door: each file that imports `server` and `base` has one."""
from __future__ import annotations

import os
import pathlib

import pytest
import services

BINARY = pathlib.Path(os.environ.get("PARLEY_BIN") or pathlib.Path(__file__).resolve().parents[2] / "build" / "release" / "parley")


@pytest.fixture(scope="module", autouse=True)
def server():
    port = services.free_port()
    with services.Parley(BINARY, arguments=["--listen", f"0.0.0.0:{port}=echo", "--echo-trusted-proxies", "127.0.0.1/32",
                                            "--echo-rate-limit", "1000:1000"]) as running:
        os.environ["ACCEPT_URL_ECHO"] = f"http://127.0.0.1:{port}"
        yield running


@pytest.fixture
def base() -> str:
    return os.environ["ACCEPT_URL_ECHO"]
