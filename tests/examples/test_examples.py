"""Each example runs as it stands in examples/, against a server with its door."""
from __future__ import annotations

import os
import pathlib
import shutil
import subprocess
import uuid

import pytest
import services

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(os.environ.get("PARLEY_BIN") or ROOT / "build" / "release" / "parley")
MODULES = ROOT / "build" / "examples" / "node_modules"   # what ./dev test brings from npm

PEOPLE = ["anna", "ben", "cleo"]
UUIDS = [str(uuid.uuid4()) for _ in range(2)]
EXAMPLES = {
    "pulse": (PEOPLE[:2], ["ben <- message", '"content":"hello ben"', "anna <- read", "ben has read it"]),
    "rtchat": (PEOPLE, ["cleo <- [anna, ben, cleo] anna: hello everybody", "anna <- [anna, ben, cleo] ben: hello anna", "Z ben: hello anna"]),
    "dinq": (UUIDS, ["anna <- message", "ben <- offline_message", "anna <- read", "hello Anna: answered in"]),
    "echo": (UUIDS, ["ben <- typing", "anna <- message_delivered", "anna <- message_read", "anna <- reaction_added", 'in the history: "hello Ben", read']),
    "messaging": (UUIDS, ["ben <- typing.indicator", "anna <- ack", "anna <- message.read", "anna <- reaction.added", 'in the history: "hello Ben", read by 1, 👍']),
}


def token(server: services.Parley, user: str, door: str) -> str:
    words = [BINARY, "token", "--user", user, "--dialect", door]
    environment = {**os.environ, "PARLEY_JWT_SECRET": services.JWT_SECRET}
    return subprocess.check_output(words, env=environment, cwd=server.home, text=True, timeout=30).strip()


@pytest.fixture(scope="module")
def examples(tmp_path_factory) -> pathlib.Path:
    """A copy with the packages beside it, as npm install leaves it."""
    assert (MODULES / "ws").exists(), "the examples' packages are not installed; ./dev test brings them"
    copy = tmp_path_factory.mktemp("examples") / "examples"
    shutil.copytree(ROOT / "examples", copy, ignore=shutil.ignore_patterns("node_modules"))
    (copy / "node_modules").symlink_to(MODULES)
    return copy


@pytest.mark.parametrize("door", EXAMPLES)
def test_the_example_of_each_door(examples, door):
    people, shown = EXAMPLES[door]
    port = services.free_port()
    with services.Parley(BINARY, arguments=["--listen", f"127.0.0.1:{port}={door}"]) as server:
        named = [f"{one}={token(server, one, door)}" for one in people]
        done = subprocess.run(["node", examples / door / "client.mjs", f"http://127.0.0.1:{port}", *named], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    for words in shown:
        assert words in done.stdout, done.stdout


def test_every_example_is_run():
    assert {one.parent.name for one in (ROOT / "examples").glob("*/client.mjs")} == set(EXAMPLES)
