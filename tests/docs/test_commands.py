"""The commands that the documentation shows are run as they stand there; only the binary and the port are the test's."""
from __future__ import annotations

import os
import pathlib
import re
import subprocess
import sys
import tempfile

import pytest
import services

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(os.environ.get("PARLEY_BIN") or ROOT / "build" / "release" / "parley")


def shell_blocks(page: str) -> list[str]:
    return re.findall(r"^```sh\n(.*?)^```", (ROOT / page).read_text(), re.M | re.S)


def block_with(page: str, words: str) -> str:
    found = [block for block in shell_blocks(page) if words in block]
    assert len(found) == 1, f"{page} has {len(found)} blocks with {words!r}"
    return found[0]


@pytest.fixture
def bare_server(tmp_path):
    """As ./dev serve starts it: no keys, the data folder beside it."""
    port = services.free_port()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PARLEY_")}
    with open(tmp_path / "log", "wb") as log:
        process = subprocess.Popen([BINARY, "serve", "--listen", f"127.0.0.1:{port}"], cwd=tmp_path, env=environment, stdout=log, stderr=log)
    try:
        services.wait_until(lambda: "listening" in (tmp_path / "log").read_text(), 30, "the server")
        yield tmp_path, port, environment
    finally:
        process.terminate()
        process.wait(timeout=30)


def test_the_tour_of_the_readme(bare_server):
    folder, port, environment = bare_server
    script = block_with("README.md", "ANNA=").replace("build/release/parley", str(BINARY)).replace("127.0.0.1:8080", f"127.0.0.1:{port}")
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", script], cwd=folder, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert '"text":"hello"' in done.stdout and '"cursor":"' in done.stdout


def test_the_sockets_of_the_readme():
    words = next(line for block in shell_blocks("README.md") for line in block.splitlines() if "tour.py" in line).split()
    done = subprocess.run([sys.executable, *words[1:-1], str(BINARY)], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_dinq_page():
    page = "docs/use/dinq.md"
    port = services.free_port()
    with tempfile.TemporaryDirectory() as folder:
        start = block_with(page, "=dinq").strip().replace("parley", str(BINARY), 1).replace("127.0.0.1:8083", f"127.0.0.1:{port}")
        start = start.replace("127.0.0.1:8080", f"127.0.0.1:{services.free_port()}")
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PARLEY_")}
        log = pathlib.Path(folder) / "log"
        with open(log, "wb") as out:
            process = subprocess.Popen(start.split(), cwd=folder, env=environment, stdout=out, stderr=out)
        try:
            services.wait_until(lambda: log.read_text().count("listening") == 2, 30, "the server")
            script = block_with(page, "ANNA=").replace("parley token", f"{BINARY} token").replace("127.0.0.1:8083", f"127.0.0.1:{port}")
            done = subprocess.run(["bash", "-euo", "pipefail", "-c", script], cwd=folder, env=environment, capture_output=True, text=True, timeout=60)
            assert done.returncode == 0, done.stderr
            assert '"is_newly_created":true' in done.stdout and '"conversations":[{' in done.stdout
        finally:
            process.terminate()
            process.wait(timeout=30)


@pytest.mark.parametrize("door", ["dinq"])
def test_the_client_of_each_door(door):
    done = subprocess.run([sys.executable, f"docs/use/{door}.py", str(BINARY)], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and "hello" in done.stdout, done.stdout + done.stderr


def test_every_parley_command_in_the_docs_is_one():
    """`parley NAME --option` in any page: the subcommand and the options exist."""
    help_of = {name: subprocess.run([BINARY, name, "--help"], capture_output=True, text=True, timeout=30).stdout for name in ("serve", "bench", "token")}
    everything = " ".join(help_of.values()) + subprocess.run([BINARY, "help"], capture_output=True, text=True, timeout=30).stdout
    pages = [ROOT / "README.md", ROOT / "ARCHITECTURE.md", *(ROOT / "docs" / "operate").glob("*.md"), *(ROOT / "docs" / "use").glob("*.md"), *(ROOT / "docs" / "develop").glob("*.md")]
    unknown = []
    for page in pages:
        for command in re.findall(r"`parley ([^`]+)`", page.read_text()):
            name = command.split()[0]
            if name not in ("serve", "token", "migrate", "bench", "version", "help"):
                unknown.append(f"{page.name}: parley {command}")
            unknown += [f"{page.name}: {option}" for option in re.findall(r"--[a-z][a-z-]+", command) if option not in everything and option != "--write-docs"]
    assert not unknown
