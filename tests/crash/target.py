"""The server under test and its store, and the ways of killing them."""
from __future__ import annotations

import asyncio
import os
import pathlib
import random
import subprocess
import time

import brokers
import links
import services
from evidence import Evidence
from power import PowerLoss
from wire import Doors, ManyDoors

READY_WITHIN = 30.0      # from the start of a process, or of its database, to /ready
NODES = 3
BUSES = {"nats": lambda place: brokers.Nats(jetstream=False, place=place), "redis": lambda place: brokers.Redis(place)}
MACHINES = [f"node{number + 1}" for number in range(NODES)]
NETWORKS = {"clients": MACHINES, "store": [*MACHINES, "store"], "bus": [*MACHINES, "bus"]}


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
            subprocess.run([services.POSTGRES_BIN / "psql", "-q", "-h", self.place.address, "-p", str(self.port), "-U", "postgres",
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
        self.links: links.Links | None = None   # between machines of their own; None: everybody is here
        self.gates: list[Doors] = []            # to each node
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
        if self.links:
            await asyncio.to_thread(self.links.__exit__)

    def _set_up(self) -> None:
        if self.store.startswith("links"):
            self.links = links.Links(NETWORKS).__enter__()
            self.note(f"links are made slow by {self.links.delays_by}")
        if self.store not in ("sqlite", "mongo"):
            self.database = Database(place=self._place("store", "store"))
            self.database.start()
            self.url = self.database.fresh_database()
        store = self.url
        if self.store == "mongo":
            self.mongo = brokers.Mongo()
            self.mongo.launch()
            store = self.mongo.wait().fresh_database()
        arguments = ["--rate-limit", "off"]
        if " over " in self.store:
            self.bus = BUSES[self.store.split()[-1]](self._place("bus", "bus"))
            self.bus.start()
            arguments += ["--bus", self.bus.url]
        for machine in MACHINES if self.bus else MACHINES[:1]:
            self.nodes.append(services.Parley(self.binary, store, arguments=arguments, place=self._place(machine, "clients")))
        self.gates = [Doors(node.url, node.websocket_url, services.JWT_SECRET, number) for number, node in enumerate(self.nodes)]
        self.server = self.nodes[0]
        if self.power:
            self.server.environment = self.power.environment(self.server.data)
        for node in self.nodes:
            node.start(READY_WITHIN)

    def doors(self, chance: random.Random) -> Doors | ManyDoors:
        return ManyDoors(self.gates, chance) if len(self.gates) > 1 else self.gates[0]

    def _place(self, machine: str, network: str) -> services.Place:
        return self.links.place(machine, network) if self.links else services.HERE

    async def cut(self, all_: list[tuple[str, str]]) -> None:
        for machine, network in all_:
            await asyncio.to_thread(self.links.cut, machine, network)
            self._door_is_silent(machine, network, float("inf"))
        self.note(f"cut: {self._named(all_)}")

    async def slow(self, all_: list[tuple[str, str]]) -> None:
        for machine, network in all_:
            await asyncio.to_thread(self.links.slow, machine, network)
        self.note(f"slow: {self._named(all_)}")

    async def heal(self, all_: list[tuple[str, str]]) -> None:
        for machine, network in all_:
            await asyncio.to_thread(self.links.heal, machine, network)
            self._door_is_silent(machine, network, time.monotonic())
        self.note("healed")

    def _door_is_silent(self, machine: str, network: str, until: float) -> None:
        if network == "clients":
            self.gates[MACHINES.index(machine)].silent_until = until

    def _named(self, all_: list[tuple[str, str]]) -> str:
        return ", ".join(f"{machine} from {network}" if machine in MACHINES else machine for machine, network in all_)

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
