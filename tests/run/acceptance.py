"""./dev acceptance: a built server on free ports, pytest against it, and everything stopped again."""
from __future__ import annotations

import argparse
import contextlib
import pathlib
import subprocess
import sys

import brokers
import cases
import services
from tally import Tally

ROOT = pathlib.Path(__file__).resolve().parents[2]
DOORS = {"native": "test_native.py", "dinq": "test_dinq.py", "echo": "test_echo.py", "messaging": "test_messaging.py", "pulse": "test_pulse.py", "rtchat": "test_rtchat.py"}
ORIGIN = "https://chat.example"   # may call the rtchat door
# As the contracts' "Acceptance run" lines say.
LIMITS = ["--echo-trusted-proxies", "127.0.0.1/32", "--pulse-rate-limit", "1000:2000", "--rtchat-rate-limit", "1000:2000",
          "--rtchat-connections-limit", "1000:2000", "--rtchat-origins", ORIGIN]
STORES = ["sqlite", "postgres", "mongo"]
ON_MONGO = ["pulse", "rtchat"]   # in ./dev test: those whose services keep what they have in MongoDB; by hand all


def check(binary: pathlib.Path, store: str, doors: list[str] = (), path: str | None = None, arguments: list[str] = (),
          postgres: services.Postgres | None = None, mongo: brokers.Mongo | None = None, rabbitmq: brokers.RabbitMq | None = None, kafka: brokers.Kafka | None = None) -> Tally:
    """One run against one server. A server that does not start, or ends badly, is a failed case like any other."""
    doors = list(doors) or list(DOORS)
    tally = Tally()
    print(f"\nacceptance: {', '.join(doors)} on {store}, {binary.relative_to(ROOT)}", flush=True)
    try:
        with contextlib.ExitStack() as stack:
            environment = {"ACCEPT_JWT_SECRET": services.JWT_SECRET, "PARLEY_BIN": str(binary)}
            url = None
            events: list[str] = []
            if store == "postgres":
                postgres = postgres or stack.enter_context(services.Postgres())
                url = environment["ACCEPT_PG_URL"] = postgres.fresh_database()
            if store == "mongo":
                mongo = mongo or stack.enter_context(brokers.Mongo())
                url = mongo.wait().fresh_database()
                environment["ACCEPT_MONGO_URL"], _, environment["ACCEPT_PULSE_MONGO_DB"] = url.rpartition("/")
            if "pulse" in doors:
                rabbitmq = rabbitmq or stack.enter_context(brokers.RabbitMq())
                environment["ACCEPT_AMQP_URL"] = rabbitmq.wait().url
                events += ["--events", rabbitmq.url]
            if "dinq" in doors:
                environment["ACCEPT_AGENT_PORT"] = str(services.free_port())
                events += ["--dinq-profiles-url", f"http://127.0.0.1:{environment['ACCEPT_AGENT_PORT']}"]
            if "messaging" in doors:
                environment["ACCEPT_NATS_URL"] = stack.enter_context(brokers.Nats()).url
                events += ["--events", environment["ACCEPT_NATS_URL"]]
            if "echo" in doors:
                kafka = kafka or stack.enter_context(brokers.Kafka())
                environment["ACCEPT_KAFKA"] = kafka.wait().address
                events += ["--events", kafka.url]
            ports = {door: services.free_port() for door in doors if door != "native"}
            if {"pulse", "dinq"} & set(doors):
                environment["ACCEPT_REDIS_URL"] = stack.enter_context(brokers.Redis()).url
                events += ["--redis", environment["ACCEPT_REDIS_URL"]]
            listening = [word for door, port in ports.items() for word in ("--listen", f"127.0.0.1:{port}={door}")]
            server = stack.enter_context(services.Parley(binary, url, arguments=[*listening, *LIMITS, *events]))
            if "rtchat" in doors:
                environment["ACCEPT_ALLOWED_ORIGIN"] = ORIGIN
                port = services.free_port()
                stack.enter_context(services.Parley(binary, arguments=["--listen", f"127.0.0.1:{port}=rtchat", "--rtchat-rate-limit", "2:3"]))
                environment["ACCEPT_URL_RTCHAT_LIMITED"] = f"http://127.0.0.1:{port}"
            environment |= {f"ACCEPT_URL_{door.upper()}": f"http://127.0.0.1:{ports.get(door, server.port)}" for door in doors}
            paths = [path] if path else [f"tests/acceptance/{DOORS[door]}" for door in doors]
            tally = cases.run(paths, environment, arguments, where=store)
            if tally.failed:
                print(f"\nthe server's log ends with:\n{services.tail(server.log)}")
    except services.Failed as failed:
        print(failed)
        tally.fail(f"acceptance on {store}: {str(failed).splitlines()[0]}")
    return tally


def main(words: list[str]) -> int:
    own, rest = _split(words)
    parser = argparse.ArgumentParser(prog="./dev acceptance", usage="%(prog)s [--store sqlite|postgres|mongo] [--door NAME]… "
                                     "[--preset release|debug|asan|tsan] [PATH] [-- PYTEST ARGUMENTS]")
    parser.add_argument("--store", default="sqlite")
    parser.add_argument("--door", action="append", default=[])
    parser.add_argument("--preset", default="release", choices=["release", "debug", "asan", "tsan"])
    parser.add_argument("path", nargs="?")
    options = parser.parse_args(own)
    for kind, given, now in (("store", [options.store], STORES), ("door", options.door, DOORS)):
        for name in given:
            if name not in now:
                print(f"there is no {kind} {name}; there is {', '.join(now)}", file=sys.stderr)
                return 2
    if subprocess.run([ROOT / "dev", "build", options.preset]).returncode != 0:
        return 1
    binary = ROOT / "build" / options.preset / "parley"
    return check(binary, options.store, options.door, options.path, rest).show()


def _split(words: list[str]) -> tuple[list[str], list[str]]:
    if "--" not in words:
        return words, []
    at = words.index("--")
    return words[:at], words[at + 1:]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
