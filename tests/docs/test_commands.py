"""The commands that the documentation shows are run as they stand there; only the binary and the port are the test's."""
from __future__ import annotations

import contextlib
import os
import pathlib
import re
import shutil
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


@contextlib.contextmanager
def started_as_on(page: str, door: str, port_there: int):
    """The server, by the page's own command; yields the folder, its environment and how to run a block of the page."""
    port = services.free_port()
    with tempfile.TemporaryDirectory() as folder:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PARLEY_")}
        start = block_with(page, f"={door}").strip().replace("parley", str(BINARY), 1)
        start = start.replace(f"127.0.0.1:{port_there}", f"127.0.0.1:{port}").replace("127.0.0.1:8080", f"127.0.0.1:{services.free_port()}")
        log = pathlib.Path(folder) / "log"
        with open(log, "wb") as out:
            process = subprocess.Popen(start.split(), cwd=folder, env=environment, stdout=out, stderr=out)
        try:
            services.wait_until(lambda: log.read_text().count("listening") == 2, 30, "the server")
            script = block_with(page, "API=").replace("parley token", f"{BINARY} token").replace(f"127.0.0.1:{port_there}", f"127.0.0.1:{port}")
            yield subprocess.run(["bash", "-euo", "pipefail", "-c", script], cwd=folder, env=environment, capture_output=True, text=True, timeout=60)
        finally:
            process.terminate()
            process.wait(timeout=30)


@pytest.mark.parametrize("door, port, shown", [("dinq", 8083, ['"is_newly_created":true', '"conversations":[{']), ("echo", 8084, ['"content":"hello"', '"has_more":false']),
                                               ("messaging", 9097, ['"content":"hello"', '"sender":{']),
                                               ("pulse", 8084, ['"message_type":"TEXT"', '"count":1']), ("rtchat", 8085, ['message queued', '"content":"hello"', '{"anna":0,"ben":0}'])])
def test_the_page_of_each_door(door, port, shown):
    with started_as_on(f"docs/use/{door}.md", door, port) as done:
        assert done.returncode == 0, done.stderr
        assert all(words in done.stdout for words in shown), done.stdout


@pytest.mark.parametrize("door", ["dinq", "echo", "messaging", "pulse", "rtchat"])
def test_the_client_of_each_door(door):
    done = subprocess.run([sys.executable, f"docs/use/{door}.py", str(BINARY)], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and "hello" in done.stdout, done.stdout + done.stderr


def test_the_start_of_compose(tmp_path):
    """As the page has it, in a copy of the checkout's folders; docker is one who only tells what it was asked."""
    shutil.copytree(ROOT / "deploy", tmp_path / "deploy")
    (tmp_path / "bin").mkdir()
    docker = tmp_path / "bin" / "docker"
    docker.write_text('#!/bin/sh\necho "docker $*"\n')
    docker.chmod(0o755)
    script = block_with("docs/operate/deploy.md", "docker compose up")
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=30,
                          env={**os.environ, "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}"})
    assert done.returncode == 0 and done.stdout == "docker compose up --detach --build\n", done.stderr
    written = dict(re.findall(r"^(\w+)=(.*)$", (tmp_path / "deploy/compose/.env").read_text(), re.M))
    assert len(written["PARLEY_JWT_SECRET"]) == 64 and len(written["POSTGRES_PASSWORD"]) == 32


def test_what_the_page_about_machines_names_is_there():
    page = (ROOT / "docs/operate/deploy.md").read_text()
    named = set(re.findall(r"(?<![\w/])((?:deploy|tests)/[\w./-]*\w)", page))
    assert len(named) > 8 and all((ROOT / name).exists() for name in named), named
    known = (ROOT / "docs/configuration.md").read_text()
    assert not [option for option in re.findall(r"`(PARLEY_\w+)`|PARLEY_(\w+)=", page) if f"PARLEY_{option[1]}" not in known and option[0] not in known]


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
