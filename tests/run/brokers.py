"""Starts, awaits and stops the brokers and caches that tests need: each in a folder of its own, on free ports, stopped by
its own process id. See services.py for the databases and the server itself.

    with brokers.Nats() as nats:
        a server with --events nats.url; nats.halt() stops it and keeps what it has on disk; nats.start() brings it back
"""
from __future__ import annotations

import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile

from services import HERE, Failed, Place, free_port, tail, wait_or_kill, wait_until

JARS = pathlib.Path(__file__).resolve().parents[2] / "build" / "jars"   # what ./dev test brings from Maven Central


class Redis:
    """A Redis of its own, in memory only."""

    def __init__(self, place: Place = HERE):
        self.place = place
        self.port = free_port()
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="parley-redis-"))
        self.log = self.home / "log"
        self._process: subprocess.Popen | None = None

    @property
    def url(self) -> str:
        return f"redis://{self.place.address}:{self.port}/0"

    def __enter__(self) -> "Redis":
        return self.start()

    def __exit__(self, *_) -> None:
        self.halt()
        shutil.rmtree(self.home, ignore_errors=True)

    def start(self) -> "Redis":
        if not shutil.which("redis-server"):
            raise Failed("Redis is not installed; ./dev test installs it")
        self._process = _started([*self.place.enter, "redis-server", "--port", str(self.port), "--bind", self.place.address,
                                  "--protected-mode", "no", "--dir", self.home, "--save", "", "--appendonly", "no", "--daemonize", "no"], self.home, self.log)
        wait_until(self._ready, 20, "Redis")
        return self

    def _ready(self) -> bool:
        _check_runs(self._process, "Redis", self.log)
        try:
            with socket.create_connection((self.place.address, self.port), timeout=2) as probe:
                probe.sendall(b"PING\r\n")
                return probe.recv(5) == b"+PONG"
        except OSError:
            return False

    def runs(self) -> bool:
        return self._process is not None

    def halt(self) -> None:
        if self._process:
            self._process.terminate()
            wait_or_kill(self._process, 20)
            self._process = None


class RabbitMq:
    """A RabbitMQ of its own: a new folder, free ports, its own epmd."""

    SCRIPTS = pathlib.Path("/usr/lib/rabbitmq/bin")

    def __init__(self):
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="parley-rabbitmq-"))
        self.port, self.dist, self.epmd = free_port(), free_port(), free_port()
        self.log = self.home / "log.txt"
        self._process: subprocess.Popen | None = None

    @property
    def url(self) -> str:
        return f"amqp://guest:guest@127.0.0.1:{self.port}/"

    def __enter__(self) -> "RabbitMq":
        self.launch()
        return self

    def __exit__(self, *_) -> None:
        self.halt()
        subprocess.run(["epmd", "-kill"], env={**os.environ, "ERL_EPMD_PORT": str(self.epmd)}, capture_output=True, timeout=20)
        shutil.rmtree(self.home, ignore_errors=True)

    def launch(self) -> None:
        """Starts it and does not wait: it takes some ten seconds."""
        if not (self.SCRIPTS / "rabbitmq-server").exists():
            raise Failed("RabbitMQ is not installed; ./dev test installs it")
        (self.home / "plugins").write_text("[].")
        (self.home / "rabbitmq.conf").write_text("vm_memory_high_watermark.absolute = 512MB\ndisk_free_limit.absolute = 50MB\n")
        environment = {
            **os.environ, "HOME": str(self.home), "RABBITMQ_NODENAME": f"parley{self.port}@localhost", "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.port), "RABBITMQ_DIST_PORT": str(self.dist), "ERL_EPMD_PORT": str(self.epmd),
            "ERL_EPMD_ADDRESS": "127.0.0.1", "RABBITMQ_MNESIA_BASE": f"{self.home}/db", "RABBITMQ_LOG_BASE": f"{self.home}/log",
            "RABBITMQ_CONFIG_FILE": f"{self.home}/rabbitmq", "RABBITMQ_ENABLED_PLUGINS_FILE": f"{self.home}/plugins",
            "RABBITMQ_PID_FILE": f"{self.home}/pid", "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}"}
        with open(self.log, "ab") as log:
            self._process = subprocess.Popen([self.SCRIPTS / "rabbitmq-server"], env=environment, cwd=self.home, stdout=log, stderr=log,
                                             stdin=subprocess.DEVNULL, start_new_session=True)

    def wait(self) -> "RabbitMq":
        wait_until(self._ready, 90, "RabbitMQ")
        return self

    def _ready(self) -> bool:
        _check_runs(self._process, "RabbitMQ", self.log)
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=2) as probe:
                probe.sendall(b"AMQP\x00\x00\x09\x01")
                return probe.recv(1) == b"\x01"
        except OSError:
            return False

    def halt(self) -> None:
        """Stops the broker and keeps what it has on disk."""
        if not self._process:
            return
        if (self.home / "pid").exists():   # the broker itself; the process here is only the shell around it
            os.kill(int((self.home / "pid").read_text()), signal.SIGTERM)
        elif self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGTERM)
        wait_or_kill(self._process, 30)
        self._process = None


class Nats:
    """A nats-server of its own, with JetStream unless told otherwise."""

    def __init__(self, jetstream: bool = True, place: Place = HERE):
        self.place = place
        self.port = free_port()
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="parley-nats-"))
        self.log = self.home / "log"
        self.jetstream = ["-js", "-sd", str(self.home / "data")] if jetstream else []
        self._process: subprocess.Popen | None = None

    @property
    def url(self) -> str:
        return f"nats://{self.place.address}:{self.port}"

    def __enter__(self) -> "Nats":
        return self.start()

    def __exit__(self, *_) -> None:
        self.halt()
        shutil.rmtree(self.home, ignore_errors=True)

    def start(self) -> "Nats":
        if not shutil.which("nats-server"):
            raise Failed("nats-server is not installed; ./dev test installs it")
        self._process = _started([*self.place.enter, "nats-server", "-a", self.place.address, "-p", str(self.port), *self.jetstream],
                                 self.home, self.log)
        wait_until(self._ready, 20, "NATS")
        return self

    def _ready(self) -> bool:
        _check_runs(self._process, "NATS", self.log)
        try:
            with socket.create_connection((self.place.address, self.port), timeout=2) as probe:
                return probe.recv(4) == b"INFO"
        except OSError:
            return False

    def runs(self) -> bool:
        return self._process is not None

    def halt(self) -> None:
        if self._process:
            self._process.terminate()
            wait_or_kill(self._process, 20)
            self._process = None


class Kafka:
    """A Kafka of its own: one broker that is its own controller."""

    CLUSTER = "MkU3OEVBNTcwNTJENDM2Qg"   # any 22 characters of base64

    def __init__(self):
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="parley-kafka-"))
        self.port, controller = free_port(), free_port()
        self.log = self.home / "log"
        self.settings = self.home / "server.properties"
        self.settings.write_text("\n".join([
            "process.roles=broker,controller", "node.id=1", f"controller.quorum.voters=1@127.0.0.1:{controller}",
            f"listeners=PLAINTEXT://127.0.0.1:{self.port},CONTROLLER://127.0.0.1:{controller}",
            f"advertised.listeners=PLAINTEXT://127.0.0.1:{self.port}", "controller.listener.names=CONTROLLER",
            "inter.broker.listener.name=PLAINTEXT", "listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
            f"log.dirs={self.home / 'data'}", "num.partitions=3", "offsets.topic.replication.factor=1", "offsets.topic.num.partitions=3",
            "transaction.state.log.replication.factor=1", "transaction.state.log.min.isr=1", "group.initial.rebalance.delay.ms=0", ""]))
        self._process: subprocess.Popen | None = None

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"kafka://{self.address}"

    def __enter__(self) -> "Kafka":
        self.launch()
        return self

    def __exit__(self, *_) -> None:
        self.halt()
        shutil.rmtree(self.home, ignore_errors=True)

    def launch(self) -> None:
        """Starts it and does not wait: it takes some seconds."""
        java = _java("kafka", "-Xms256m", "-Xmx512m", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn")
        if not (self.home / "data").exists():
            made = subprocess.run([*java, "kafka.tools.StorageTool", "format", "-t", self.CLUSTER, "-c", self.settings],
                                  capture_output=True, text=True, timeout=120)
            if made.returncode != 0:
                raise Failed(f"Kafka's folder could not be made: {made.stderr}")
        self._process = _started([*java, "kafka.Kafka", self.settings], self.home, self.log)

    def wait(self) -> "Kafka":
        wait_until(self._ready, 90, "Kafka")
        return self

    def _ready(self) -> bool:
        _check_runs(self._process, "Kafka", self.log)
        with socket.socket() as probe:
            probe.settimeout(2)
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def halt(self) -> None:
        if self._process:
            self._process.terminate()
            wait_or_kill(self._process, 30)
            self._process = None


class S3:
    """An S3 server of its own, which checks signatures; with one bucket."""

    def __init__(self):
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="parley-s3-"))
        self.port = free_port()
        self.log = self.home / "log"
        (self.home / "data" / "bucket").mkdir(parents=True)
        (self.home / "settings").write_text("\n".join([
            "s3proxy.authorization=aws-v2-or-v4", f"s3proxy.endpoint=http://127.0.0.1:{self.port}", "s3proxy.identity=testkey",
            "s3proxy.credential=testsecret1", "jclouds.provider=filesystem", "jclouds.identity=unused", "jclouds.credential=unused",
            f"jclouds.filesystem.basedir={self.home / 'data'}", ""]))
        self._process: subprocess.Popen | None = None

    @property
    def url(self) -> str:
        return f"s3://testkey:testsecret1@127.0.0.1:{self.port}/bucket?plain=on"

    def __enter__(self) -> "S3":
        self.launch()
        return self

    def __exit__(self, *_) -> None:
        self.halt()
        shutil.rmtree(self.home, ignore_errors=True)

    def launch(self) -> None:
        """Starts it and does not wait: it takes a second or two."""
        quiet = pathlib.Path(__file__).resolve().parent / "jars" / "quiet.xml"
        java = _java("s3", "-Xmx256m", f"-Dlogback.configurationFile={quiet}")
        self._process = _started([*java, "org.gaul.s3proxy.Main", "--properties", self.home / "settings"], self.home, self.log)

    def wait(self) -> "S3":
        wait_until(self._ready, 60, "the S3 server")
        return self

    def _ready(self) -> bool:
        _check_runs(self._process, "the S3 server", self.log)
        with socket.socket() as probe:
            probe.settimeout(2)
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def halt(self) -> None:
        if self._process:
            self._process.terminate()
            wait_or_kill(self._process, 30)
            self._process = None


class Mongo:
    """What speaks MongoDB's wire here, in memory: no replica set, no transactions. A server alone, like any other."""

    MAIN = pathlib.Path(__file__).resolve().parent / "jars" / "Mongo.java"

    def __init__(self):
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="parley-mongo-"))
        self.port = free_port()
        self.log = self.home / "log"
        self._databases = 0
        self._process: subprocess.Popen | None = None

    @property
    def url(self) -> str:
        return f"mongodb://127.0.0.1:{self.port}"

    def fresh_database(self) -> str:
        self._databases += 1
        return f"{self.url}/parley_{self._databases}"

    def __enter__(self) -> "Mongo":
        self.launch()
        return self

    def __exit__(self, *_) -> None:
        self.halt()
        shutil.rmtree(self.home, ignore_errors=True)

    def launch(self) -> None:
        """Starts it and does not wait: it takes two seconds."""
        java = _java("mongo", "-Xmx512m", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn")
        self._process = _started([*java, self.MAIN, str(self.port)], self.home, self.log)

    def wait(self) -> "Mongo":
        wait_until(self._ready, 60, "the MongoDB server")
        return self

    def _ready(self) -> bool:
        _check_runs(self._process, "the MongoDB server", self.log)
        with socket.socket() as probe:
            probe.settimeout(2)
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def halt(self) -> None:
        """It forgets everything."""
        if self._process:
            self._process.terminate()
            wait_or_kill(self._process, 30)
            self._process = None


def _java(server: str, *words: str) -> list[str]:
    if not shutil.which("java") or not list((JARS / server).glob("*.jar")):
        raise Failed(f"the test server {server} is not installed; ./dev test installs it")
    return ["java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", *words, "-cp", f"{JARS / server}/*"]


def _started(words: list, folder: pathlib.Path, log: pathlib.Path) -> subprocess.Popen:
    with open(log, "ab") as out:
        return subprocess.Popen(words, cwd=folder, stdout=out, stderr=out, stdin=subprocess.DEVNULL, start_new_session=True)


def _check_runs(process: subprocess.Popen | None, name: str, log: pathlib.Path) -> None:
    if process and process.poll() is not None:
        raise Failed(f"{name} stopped at once:\n{tail(log)}")
