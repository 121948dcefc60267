"""Each workload of `parley bench` for a moment against a real server: its checks hold, and its figures are there."""
from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys

import brokers
import pytest
import services

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(os.environ.get("PARLEY_BIN") or ROOT / "build" / "release" / "parley")

SMALL = ["--seconds", "0.5", "--window", "4", "--senders", "8", "--rate", "200", "--others-rate", "100"]


@pytest.fixture(scope="module")
def server():
    with services.Parley(BINARY, arguments=["--rate-limit", "off"]) as running:
        yield running


def bench(server: services.Parley, folder: pathlib.Path, *words: str, exit_code: int = 0) -> list[dict]:
    """The outcomes, as --json has them."""
    out = folder / "figures.json"
    done = subprocess.run([BINARY, "bench", "--url", server.websocket_url, "--jwt-secret", services.JWT_SECRET,
                           "--pid", str(server.process.pid), "--json", out, *SMALL, *words],
                          capture_output=True, text=True, timeout=120)
    assert done.returncode == exit_code, done.stdout + done.stderr
    return json.loads(out.read_text())["outcomes"]


@pytest.mark.parametrize("workload, words, figures", [
    ("fanout", ["--receivers", "20"], ["deliveries_per_s", "server_cpu_s_per_million", "bare_sender_cpu_s_per_million"]),
    ("durable", [], ["acks_per_s", "ack_p99_ms"]),
    ("live", [], ["delivery_p50_ms", "delivery_p99_9_ms"]),
    ("idle", ["--connections", "50"], ["rss_kib_per_connection"]),
    ("storm", ["--sockets", "250"], ["all_caught_up_s", "caught_up_p99_ms", "storm_server_cpu_s", "others_ack_before_p99_ms",
                                     "others_ack_meanwhile_p99_ms"]),
    ("mixed", ["--users", "50", "--mixed-rate", "400"], ["deeds_per_s", "delivery_p99_ms", *(
        f"{deed}_p99_ms" for deed in ("direct", "group", "read", "typing", "history", "reconnect"))]),
])
def test_a_workload_measures_and_its_checks_hold(server, tmp_path, workload, words, figures):
    outcome, = bench(server, tmp_path, *words, workload)
    assert outcome["workload"] == workload and not outcome["failures"]
    assert set(figures) <= set(outcome["figures"]), outcome["figures"]


def test_everybody_comes_back_from_the_storm(server, tmp_path):
    outcome, = bench(server, tmp_path, "--sockets", "230", "storm")
    assert outcome["figures"]["caught_up"] == 230


def test_a_slow_reader_is_closed_comes_back_and_misses_nothing(tmp_path):
    with services.Parley(BINARY, arguments=["--rate-limit", "off", "--queue-limit", "512KiB", "--message-limit", "64KiB"]) as server:
        outcome, = bench(server, tmp_path, "--receivers", "10", "--group-rate", "500", "--slow-mib", "6", "slow")
    assert not outcome["failures"]
    assert outcome["figures"]["slow_was_closed"] >= 1
    assert {"without_slow_p99_ms", "with_slow_p99_ms", "p99_times", "rss_before_kib", "rss_most_kib"} <= set(outcome["figures"])


def test_growth_has_an_outcome_for_each_size(server, tmp_path):
    outcomes = bench(server, tmp_path, "--members", "10", "--members", "1200", "--stored", "300", "--conversations", "20", "growth")
    assert [outcome["variant"] for outcome in outcomes] == ["of 10", "of 1,200", "after 300", "in 1", "in 20"]
    assert not any(outcome["failures"] for outcome in outcomes)
    of_10, _, after_300, in_1, _ = (set(outcome["figures"]) for outcome in outcomes)
    assert {"server_cpu_s_per_million", "messages_per_s"} <= of_10
    assert {"page_cpu_ms", "page_p50_ms", "server_cpu_s_per_million", "ack_p99_ms"} <= after_300
    assert {"hello_p50_ms", "resume_p50_ms", "hello_cpu_ms"} <= in_1


def test_messages_pass_through_every_door(tmp_path):
    names = ["dinq", "echo", "messaging", "pulse", "rtchat"]
    ports = {name: services.free_port() for name in names}
    off = [word for limit in ("rate", "echo-rate", "messaging-rate", "messaging-frames", "pulse-rate", "rtchat-rate")
           for word in (f"--{limit}-limit", "off")]
    listen = [word for name, port in ports.items() for word in ("--listen", f"127.0.0.1:{port}={name}")]
    doors = [word for name, port in ports.items() for word in ("--door", f"{name}=ws://127.0.0.1:{port}")]
    with services.Parley(BINARY, arguments=[*off, *listen]) as server:
        outcomes = bench(server, tmp_path, *doors, "doors")
    assert [outcome["variant"] for outcome in outcomes] == ["native", *names]
    for outcome in outcomes:
        assert not outcome["failures"] and outcome["figures"]["acks"] > 0
    assert all({"native_cpu_times", "native_p50_times"} <= set(outcome["figures"]) for outcome in outcomes[1:])


def test_a_peer_is_measured_as_a_door_is(tmp_path):
    with brokers.Nats() as nats:
        for wire in ("nats", "jetstream"):
            out = tmp_path / f"{wire}.json"
            done = subprocess.run([BINARY, "bench", "--url", f"ws://127.0.0.1:{nats.port}", "--jwt-secret", "-", "--json", out, *SMALL,
                                   "--wire", wire, "peer"], capture_output=True, text=True, timeout=60)
            assert done.returncode == 0, done.stdout + done.stderr
            outcome, = json.loads(out.read_text())["outcomes"]
            assert outcome["variant"] == wire and outcome["figures"]["acks"] > 0 and not outcome["failures"]


def test_a_page_and_a_comparison_come_from_the_same_run(server, tmp_path):
    bench(server, tmp_path, "--html", str(tmp_path / "page.html"), "--label", "once", "live")
    page = (tmp_path / "page.html").read_text()
    assert "<title>once</title>" in page and "delivery over time" in page and "CPU per message" in page
    figures = json.loads((tmp_path / "figures.json").read_text())
    figures["outcomes"][0]["figures"]["delivery_p99_ms"] *= 1.2
    (tmp_path / "later.json").write_text(json.dumps(figures))

    def compare(share: str) -> subprocess.CompletedProcess:
        return subprocess.run([BINARY, "bench", "compare", tmp_path / "figures.json", tmp_path / "later.json", "--fail-above", share],
                              capture_output=True, text=True, timeout=30)

    assert compare("25%").returncode == 0
    worse = compare("15%")
    assert worse.returncode == 1 and "delivery_p99_ms is 20 % worse" in worse.stderr
    assert "1.20" in worse.stdout


def test_what_is_large_arrives_whole_beside_the_others():
    done = subprocess.run([sys.executable, ROOT / "bench" / "large.py", "--binary", BINARY, "--mib", "8", "--messages", "2000",
                           "--seconds", "1"], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    rows = [row.split(" | ") for row in done.stdout.splitlines() if row.startswith("| ")]
    assert [row[0] for row in rows[2:]] == ["| alone", "| uploads of 8 MiB", "| exports of 2000 messages"], done.stdout
    assert all(int(row[-1].rstrip(" |")) >= 1 for row in rows[3:]), done.stdout
