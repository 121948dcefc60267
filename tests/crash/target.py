"""The server under test and its store, and the ways of killing them."""
from __future__ import annotations

import asyncio
import os
import pathlib
import random
import subprocess
import time

import brokers
import services
from evidence import Evidence
from power import PowerLoss
from wire import Doors, ManyDoors

READY_WITHIN = 30.0      # from the start of a process, or of its database, to /ready
NODES = 3
BUSES = {"nodes over nats": lambda: brokers.Nats(jetstream=False), "nodes over redis": brokers.Redis}


class Database(services.Postgres):
    """A PostgreSQL that can be stopped as a crash stops it."""

    def crash(self) -> None:
        done = subprocess.run([*self._prepare_folder(), services.POSTGRES_BIN / "pg_ctl", "stop", "-D", self.data, "-m", "immediate", "-w"],
                              capture_output=True, text=True, timeout=60)
        if done.returncode != 0:
            raise services.Failed(f"pg_ctl stop -m immediate: {done.stderr}")
        self._process.wait(timeout=30)
        self._process = None

    def acknowledge_without_sync(self, database: str) -> None:
        """The sabotage: a commit is answered long before its log record is written. The server asks for the opposite in
        each of its sessions, so a table that each commit touches takes it back, transaction by transaction."""
        self._run("postgres", "alter system set wal_writer_delay = '10s'", "select pg_reload_conf()")
        self._run(database, "create function unsync() returns trigger language plpgsql as "
                            "$$ begin perform set_config('synchronous_commit', 'off', true); return null; end $$",
                  "create trigger unsync after update on lanes for each statement execute function unsync()")

    def _run(self, database: str, *statements: str) -> None:
        for words in statements:
            subprocess.run([services.POSTGRES_BIN / "psql", "-q", "-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres",
                            "-d", database, "-v", "ON_ERROR_STOP=1", "-c", words], check=True, timeout=30, stdout=subprocess.DEVNULL)


class Target:
    """`power`: kills are power losses, too: what was written and not synced is gone."""

    def __init__(self, binary: pathlib.Path, store: str, evidence: Evidence, power: PowerLoss | None = None):
        self.binary, self.store, self.evidence, self.power = binary, store, evidence, power
        self.database: Database | None = None
        self.mongo: brokers.Mongo | None = None   # never killed: what speaks its wire here keeps everything in memory
        self.url: str | None = None      # of the database, in PostgreSQL
        self.server: services.Parley | None = None
        self.nodes: list[services.Parley] = []
        self.bus: brokers.Nats | brokers.Redis | None = None
        self.story: list[str] = []       # what was done to it, for the report of a failure
        self._began = time.monotonic()

    async def __aenter__(self) -> "Target":
        try:
            await asyncio.to_thread(self._set_up)
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *_) -> None:
        for node in self.nodes:
            await asyncio.to_thread(node.discard)
        if self.bus:
            await asyncio.to_thread(self.bus.__exit__)
        if self.database:
            await asyncio.to_thread(self.database.stop)
        if self.mongo:
            await asyncio.to_thread(self.mongo.__exit__)

    def _set_up(self) -> None:
        if self.store not in ("sqlite", "mongo"):
            self.database = Database()
            self.database.start()
            self.url = self.database.fresh_database()
        store = self.url
        if self.store == "mongo":
            self.mongo = brokers.Mongo()
            self.mongo.launch()
            store = self.mongo.wait().fresh_database()
        arguments = ["--rate-limit", "off"]
        if self.store in BUSES:
            self.bus = BUSES[self.store]()
            self.bus.start()
            arguments += ["--bus", self.bus.url]
        for _ in range(NODES if self.bus else 1):
            self.nodes.append(services.Parley(self.binary, store, arguments=arguments))
        self.server = self.nodes[0]
        if self.power:
            self.server.environment = self.power.environment(self.server.data)
        for node in self.nodes:
            node.start(READY_WITHIN)

    def doors(self, chance: random.Random) -> Doors | ManyDoors:
        all_ = [Doors(node.url, node.websocket_url, services.JWT_SECRET) for node in self.nodes]
        return ManyDoors(all_, chance) if len(all_) > 1 else all_[0]

    def turn_to(self, node: services.Parley) -> None:
        """Which of several nodes is hit next."""
        self.server = node

    def break_the_sync(self) -> None:
        if self.power:
            self.power.break_the_sync()
        else:
            self.database.acknowledge_without_sync(self.url.rpartition("/")[2])

    def note(self, what: str) -> None:
        self.story.append(f"{time.monotonic() - self._began:6.2f} s  {what}")

    async def kill_server(self) -> None:
        await asyncio.to_thread(self._kill_server)

    def _kill_server(self) -> None:
        if not self.notice_a_death():
            self.server.kill()
            self.note(f"kill -9 of the server{self._which()}")
        if self.power:
            self.power.strike(self.server.data)
            self.note("power loss: only what was synced is there")

    def notice_a_death(self) -> bool:
        """True: it was not we who ended it."""
        ended = self.server.process.poll()
        if ended is None:
            return False
        self.note(f"the server had ended by itself with {ended}")
        self.evidence.complain("died", f"with {ended}; its last words: {services.tail(self.server.log, 1)}")
        return True

    async def launch_server(self) -> None:
        await asyncio.to_thread(self.server.launch)
        self.note(f"server started{self._which()}")

    async def server_is_ready(self) -> None:
        """The one who waits complains; a server that does not come up again ends the run."""
        try:
            await asyncio.to_thread(services.wait_until, self.server._ready, READY_WITHIN, "the server")
        except services.Failed as failed:
            self.evidence.complain("died" if self.server.process.poll() is not None else "stuck", str(failed))
            raise
        self.note("server ready")

    def _which(self) -> str:
        return f" on node {self.nodes.index(self.server) + 1}" if len(self.nodes) > 1 else ""

    async def halt_bus(self) -> None:
        await asyncio.to_thread(self.bus.halt)
        self.note("the bus is away")

    async def start_bus(self) -> None:
        await asyncio.to_thread(self.bus.start)
        self.note("the bus is back")

    async def crash_database(self) -> None:
        await asyncio.to_thread(self.database.crash)
        self.note("pg_ctl stop -m immediate of the database")

    async def start_database(self) -> None:
        await asyncio.to_thread(self.database.start)
        self.note("database started")

    def log(self) -> str:
        return "\n".join(services.tail(node.log) for node in self.nodes)


def binary() -> pathlib.Path:
    path = pathlib.Path(os.environ.get("PARLEY_BIN") or pathlib.Path(__file__).resolve().parents[2] / "build" / "release" / "parley")
    if not path.exists():
        raise services.Failed(f"{path} is not there; build it with ./dev build, or name one in PARLEY_BIN")
    return path
