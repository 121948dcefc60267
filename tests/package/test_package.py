"""The Debian package, made of the binary that the other tests run, too: what is in it, and its life in a root of its own from
install to purge. systemd does not run here; its unit is checked by systemd-analyze."""
from __future__ import annotations

import contextlib
import os
import pathlib
import re
import subprocess
import urllib.request

import pytest
import services

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(os.environ.get("PARLEY_BIN") or ROOT / "build" / "release" / "parley").resolve()
AS_ROOT = [] if os.geteuid() == 0 else ["fakeroot"]
UNIT = "lib/systemd/system/parley.service"
SETTINGS = "etc/parley/parley.env"


def run(*words: object, **more: object) -> str:
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=300, **more)
    assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    folder = tmp_path_factory.mktemp("package")
    run("cpack", "--config", BINARY.parent / "CPackConfig.cmake", "-B", folder, "-D", "CPACK_DEBIAN_COMPRESSION_TYPE=gzip")  # quicker than xz
    (made,) = folder.glob("*.deb")
    return made


class System:
    """A root of its own, with nothing but dpkg's books in it. Its scripts run outside, told of the root, and leave systemd alone."""

    def __init__(self, root: pathlib.Path):
        self.root = root
        for folder in ("info", "updates"):
            (root / "var/lib/dpkg" / folder).mkdir(parents=True)
        (root / "var/lib/dpkg/status").touch()

    def dpkg(self, *words: object) -> str:
        return run(*AS_ROOT, "dpkg", f"--root={self.root}", "--force-script-chrootless", "--force-depends", "--force-not-root", *words)

    def files(self) -> set[str]:
        every = (path.relative_to(self.root) for path in self.root.rglob("*") if not path.is_dir())
        return {str(path) for path in every if not str(path).startswith("var/lib/dpkg/")}


@pytest.fixture
def system(tmp_path: pathlib.Path) -> System:
    return System(tmp_path / "root")


@contextlib.contextmanager
def serving(system: System):
    """As the unit starts it: its variables, then those of the file."""
    unit = (system.root / UNIT).read_text()
    assert re.search(r"^ExecStart=/usr/bin/parley serve$", unit, re.M)
    port, data = services.free_port(), system.root / "var/lib/parley"
    data.mkdir(parents=True, exist_ok=True)
    given = dict(re.findall(r"^Environment=(\w+)=(.*)$", unit, re.M)) | dict(re.findall(r"^(\w+)=(.*)$", (system.root / SETTINGS).read_text(), re.M))
    assert given["PARLEY_DATA"] == "/var/lib/parley" and "StateDirectory=parley" in unit
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PARLEY_")} | given
    environment |= {"PARLEY_DATA": str(data), "PARLEY_LISTEN": f"127.0.0.1:{port}"}
    log = system.root.parent / "log"
    with open(log, "wb") as out:
        process = subprocess.Popen([system.root / "usr/bin/parley", "serve"], cwd=data, env=environment, stdout=out, stderr=out)
    try:
        services.wait_until(lambda: process.poll() is not None or "listening" in log.read_text(), 60, "the installed server")
        assert process.poll() is None, log.read_text()
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        assert services.wait_or_kill(process, 30) and process.returncode == 0, log.read_text()


def test_files_are_where_debian_has_them_owned_by_root(package: pathlib.Path):
    listed = {}
    for line in run("dpkg-deb", "-c", package).splitlines():
        mode, owner, _, _, _, name = line.split(maxsplit=5)
        listed[name.removeprefix("./")] = mode
        assert owner == "root/root", line
        assert mode == "drwxr-xr-x" or not mode.startswith("d"), line
    assert listed["usr/bin/parley"] == "-rwxr-xr-x"
    assert listed[UNIT] == "-rw-r--r--"
    assert listed[SETTINGS] == "-rw-------"   # secrets
    assert listed["usr/share/doc/parley/configuration.md"] == "-rw-r--r--"
    assert all(name.startswith(("etc/", "lib/", "usr/")) for name in listed), listed


def test_it_names_the_libraries_that_it_needs_and_nothing_for_building(package: pathlib.Path):
    needed = [one.split()[0] for one in run("dpkg-deb", "-f", package, "Depends").split(",")]
    assert {"libc6", "libsqlite3-0", "libpq5", "libssl3"} <= set(needed)
    assert not [name for name in needed if name.endswith("-dev")]
    run("dpkg-query", "-W", *needed)   # each is a package of this system
    assert run("dpkg-deb", "-f", package, "Version").strip() == run(BINARY, "version").split()[1]


def test_it_is_installed_serves_and_goes_without_a_trace(package: pathlib.Path, system: System):
    system.dpkg("--install", package)
    assert "ok installed" in system.dpkg("--status", "parley")
    with serving(system) as address:
        with urllib.request.urlopen(f"{address}/health", timeout=10) as answer:
            assert answer.status == 200
    data = system.files() & {"var/lib/parley/parley.db", "var/lib/parley/jwt-secret"}
    assert len(data) == 2
    system.dpkg("--remove", "parley")
    left = {name for name in system.files() if not name.startswith("var/lib/parley/")}
    assert left == {SETTINGS}
    system.dpkg("--purge", "parley")
    assert {name for name in system.files() if not name.startswith("var/lib/parley/")} == set()
    assert not (system.root / "etc/parley").exists() and not (system.root / "usr").exists()
    assert data <= system.files()   # what people wrote is not the package's


def test_the_page_installs_and_configures_it(package: pathlib.Path, system: System):
    """What needs systemd is left out; sudo and the root of the system are the test's."""
    page = (ROOT / "docs/operate/deploy.md").read_text()
    assert f"apt-get install ./build/package/{package.name}\n" in page
    system.dpkg("--install", package)

    def here(line: str) -> str:
        return line.replace("/etc/parley", str(system.root / "etc/parley")).replace(" parley token", f" {system.root / 'usr/bin/parley'} token")

    blocks = re.findall(r"^```sh\n(.*?)^```", page, re.M | re.S)
    (write,) = [line for block in blocks for line in block.splitlines() if "sudo tee" in line]
    (token,) = [line for block in blocks for line in block.splitlines() if "parley token" in line]
    environment = {"PATH": f"{system.root.parent}:{os.environ['PATH']}"}
    sudo = system.root.parent / "sudo"
    sudo.write_text('#!/bin/sh\nexec "$@"\n')
    sudo.chmod(0o755)
    run("bash", "-euo", "pipefail", "-c", here(write), env=environment)
    made = run("bash", "-euo", "pipefail", "-c", here(token), env=environment).strip()
    with serving(system) as address:
        asked = urllib.request.Request(f"{address}/v1/conversations", headers={"Authorization": f"Bearer {made}"})
        with urllib.request.urlopen(asked, timeout=10) as answer:
            assert answer.status == 200


def test_an_upgrade_keeps_what_the_operator_wrote(package: pathlib.Path, system: System):
    system.dpkg("--install", package)
    with open(system.root / SETTINGS, "a") as settings:
        settings.write("PARLEY_NODE=ours\n")
    system.dpkg("--install", package)
    assert "PARLEY_NODE=ours" in (system.root / SETTINGS).read_text()
    with serving(system):
        pass


def test_the_file_of_options_names_only_options_that_exist():
    names = re.findall(r"^#?(PARLEY_\w+)=", (ROOT / "deploy/systemd/parley.env").read_text(), re.M)
    known = set(re.findall(r"`(PARLEY_\w+)`", (ROOT / "docs/configuration.md").read_text()))
    assert len(names) > 4 and set(names) <= known


def test_the_unit_is_one_that_systemd_takes(package: pathlib.Path, tmp_path: pathlib.Path):
    """Only the program's place is the test's; the warnings count as well."""
    run("dpkg-deb", "-x", package, tmp_path)
    unit = tmp_path / "parley.service"
    unit.write_text((tmp_path / UNIT).read_text().replace("/usr/bin/parley", str(tmp_path / "usr/bin/parley")))
    done = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and "parley" not in done.stdout + done.stderr, done.stdout + done.stderr
    run("systemd-analyze", "security", "--offline=true", "--threshold=20", unit)   # of 100, where more is more exposed


def test_the_unit_leaves_time_to_drain():
    unit = (ROOT / "deploy/systemd/parley.service").read_text()
    drain = int(re.search(r"`PARLEY_DRAIN_TIMEOUT` \| `TIME` \| (\d+)s", (ROOT / "docs/configuration.md").read_text())[1])
    assert int(re.search(r"^TimeoutStopSec=(\d+)$", unit, re.M)[1]) >= 2 * drain
