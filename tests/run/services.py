"""Starts, awaits and stops what tests need: a real PostgreSQL and the server itself.

For every test that needs a running server; the folder is on PYTHONPATH in `./dev test`:

    with services.Postgres() as pg, services.Parley(binary, store=pg.fresh_database()) as server:
        requests go to server.url; server.kill() is kill -9; server.start() starts it again on the same data

What is started is stopped by its own process id, and every wait has an end.
"""
from __future__ import annotations

import dataclasses
import itertools
import os
import pathlib
import pwd
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

JWT_SECRET = "acceptance-secret-of-at-least-32-bytes"
POSTGRES_BIN = pathlib.Path("/usr/lib/postgresql/15/bin")


class Failed(RuntimeError):
    """A service did not start, or did not stop as it should."""


def free_port() -> int:
    """Below the range that the kernel gives to outgoing connections, where a listener could find its port taken."""
    for _ in range(200):
        port = random.randint(10000, 32000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
    raise Failed("no free port between 10000 and 32000")


def wait_until(ready, seconds: float, what: str) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if ready():
            return
        time.sleep(0.03)
    raise Failed(f"{what} was not ready within {seconds:g} s")


def tail(path: pathlib.Path, lines: int = 30) -> str:
    if not path.exists():
        return ""
    return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])


@dataclasses.dataclass(frozen=True)
class Place:
    """Where something runs: the address at which it is found, and what goes before its command line (see links.py)."""
    address: str = "127.0.0.1"
    enter: list[str] = dataclasses.field(default_factory=list)


HERE = Place()


class Postgres:
    """A PostgreSQL of its own: a new folder, a free port, trust on its network (loopback, mostly), fsync on."""

    def __init__(self, folder: str | os.PathLike | None = None, port: int | None = None, place: Place = HERE):
        self.place = place
        self.home = pathlib.Path(folder or tempfile.mkdtemp(prefix="parley-postgres-"))
        self.port = port or free_port()
        self.data = self.home / "data"
        self.log = self.home / "log"
        self._process: subprocess.Popen | None = None

    @property
    def server_url(self) -> str:
        return f"postgres://postgres@{self.place.address}:{self.port}"

    @property
    def url(self) -> str:
        return f"{self.server_url}/postgres"

    def __enter__(self) -> "Postgres":
        try:
            return self.start()
        except BaseException:
            self.stop()
            raise

    def __exit__(self, *_) -> None:
        self.stop()

    def start(self) -> "Postgres":
        if not (POSTGRES_BIN / "initdb").exists():
            raise Failed("PostgreSQL 15 is not installed; ./dev test and ./dev up install it")
        user = self._prepare_folder()
        if not (self.data / "PG_VERSION").exists():
            self._make(user)
        with open(self.log, "ab") as log:
            self._process = subprocess.Popen(
                [*self.place.enter, *user, POSTGRES_BIN / "postgres", "-D", self.data, "-p", str(self.port),
                 "-h", self.place.address, "-k", self.data,
                 "-c", "shared_buffers=128MB", "-c", "max_connections=200"],
                stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True)
        wait_until(self._ready, 30, "PostgreSQL")
        return self

    def _make(self, user: list[str]) -> None:
        made = subprocess.run([*user, POSTGRES_BIN / "initdb", "-D", self.data, "-U", "postgres", "--auth=trust",
                               "-E", "UTF8", "--locale=C.UTF-8", "-N"], capture_output=True, text=True, timeout=60)
        if made.returncode != 0:
            raise Failed(f"initdb: {made.stderr}")
        with open(self.data / "pg_hba.conf", "a") as rules:
            rules.write("host all all samenet trust\n" if self.place != HERE else "")

    def _prepare_folder(self) -> list[str]:
        """It refuses to run as root: then it runs as the user that its package made."""
        self.home.mkdir(parents=True, exist_ok=True)
        if os.geteuid() != 0:
            return []
        self.home.chmod(0o711)
        self.data.mkdir(mode=0o700, exist_ok=True)
        account = pwd.getpwnam("postgres")
        os.chown(self.data, account.pw_uid, account.pw_gid)
        return ["setpriv", "--reuid", "postgres", "--regid", "postgres", "--init-groups"]

    def _ready(self) -> bool:
        if self._process and self._process.poll() is not None:
            raise Failed(f"PostgreSQL stopped at once:\n{tail(self.log)}")
        return subprocess.run([POSTGRES_BIN / "pg_isready", "-q", "-h", self.place.address, "-p", str(self.port), "-U", "postgres"],
                              timeout=10).returncode == 0

    def fresh_database(self) -> str:
        return database_at(self.server_url)

    def ask(self, sql: str) -> str:
        done = subprocess.run([POSTGRES_BIN / "psql", "-qtA", "-v", "ON_ERROR_STOP=1", "-d", self.url, "-c", sql],
                              check=True, timeout=30, stdout=subprocess.PIPE, text=True)
        return done.stdout.strip()

    def stop(self) -> None:
        self.halt()
        shutil.rmtree(self.home, ignore_errors=True)

    def halt(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stops the server and keeps the data. SIGINT ("fast") does not wait for clients to leave, SIGQUIT for nothing."""
        if not self._process:
            return
        if self._process.poll() is None:
            self._process.send_signal(how)
            wait_or_kill(self._process, 30)
        self._process = None


class Replica(Postgres):
    """A streaming replica of another one, made from a copy of it."""

    def __init__(self, primary: Postgres):
        super().__init__()
        self.primary = primary

    def _make(self, user: list[str]) -> None:
        made = subprocess.run([*user, POSTGRES_BIN / "pg_basebackup", "-D", self.data, "-d", self.primary.url, "-R", "-X", "stream",
                               "-c", "fast"], capture_output=True, text=True, timeout=120)
        if made.returncode != 0:
            raise Failed(f"pg_basebackup: {made.stderr}")


class Parley:
    """The server under test, with data and a log of its own. `store` is a URL; none is a SQLite file in its data."""

    def __init__(self, binary: str | os.PathLike, store: str | None = None, port: int | None = None,
                 arguments: list[str] = (), environment: dict[str, str] | None = None, place: Place = HERE):
        self.binary = pathlib.Path(binary).resolve()
        self.place = place
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="parley-server-"))
        self.data = self.home / "data"
        self.log = self.home / "log"
        self.store = store or f"sqlite:{self.data / 'parley.db'}"
        self.port = port or free_port()
        self.arguments = list(arguments)
        self.environment = environment or {}
        self.process: subprocess.Popen | None = None

    @property
    def url(self) -> str:
        return f"http://{self.place.address}:{self.port}"

    @property
    def websocket_url(self) -> str:
        return f"ws://{self.place.address}:{self.port}"

    def __enter__(self) -> "Parley":
        try:
            return self.start()
        except BaseException:
            self.discard()
            raise

    def __exit__(self, kind, *_) -> None:
        try:
            self.stop()
        except Failed:
            if kind is None:
                raise
        finally:
            self.discard()

    def start(self, seconds: float = 60) -> "Parley":
        self.launch()
        wait_until(self._ready, seconds, "the server")
        return self

    def launch(self) -> None:
        """Starts it and does not wait."""
        if not self.binary.exists():
            raise Failed(f"{self.binary} is not there; build it with ./dev build")
        self.data.mkdir(exist_ok=True)
        environment = {**os.environ, "PARLEY_JWT_SECRET": JWT_SECRET, **self.environment}
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [*self.place.enter, self.binary, "serve", "--data", self.data, "--listen", f"{self.place.address}:{self.port}",
                 "--store", self.store, *self.arguments],
                stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=environment, cwd=self.home, start_new_session=True)

    def _ready(self) -> bool:
        if self.process.poll() is not None:
            raise Failed(f"the server stopped at once with {self.process.returncode}:\n{tail(self.log)}")
        try:
            with urllib.request.urlopen(f"{self.url}/ready", timeout=2) as answer:
                return answer.status == 200
        except (urllib.error.URLError, OSError):
            return False

    def kill(self) -> None:
        """kill -9, and wait until it is gone."""
        self.process.kill()
        self.process.wait(timeout=30)

    def stop(self, seconds: float = 30) -> None:
        """Asks it to stop. Anything but a clean end is a failure: sanitizers and leaks speak through the exit code."""
        process, self.process = self.process, None
        if process is None:
            return
        if process.poll() is None:
            process.terminate()
        if not wait_or_kill(process, seconds):
            raise Failed(f"the server did not stop within {seconds:g} s of SIGTERM:\n{tail(self.log)}")
        if process.returncode != 0:
            raise Failed(f"the server ended with {process.returncode}:\n{tail(self.log, 80)}")

    def discard(self) -> None:
        """Leaves nothing behind, whatever happened."""
        if self.process and self.process.poll() is None:
            self.kill()
        shutil.rmtree(self.home, ignore_errors=True)


_databases = itertools.count(1)


def database_at(url: str) -> str:
    """A new, empty database on that server; its own URL."""
    server = "/".join(url.split("/", 3)[:3])
    name = f"parley_{os.getpid()}_{next(_databases)}"
    subprocess.run([POSTGRES_BIN / "psql", "-q", "-d", f"{server}/postgres", "-c", f"create database {name}"],
                   check=True, timeout=30, stdout=subprocess.DEVNULL)
    return f"{server}/{name}"


def wait_or_kill(process: subprocess.Popen, seconds: float) -> bool:
    try:
        process.wait(timeout=seconds)
        return True
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(timeout=30)
        return False
