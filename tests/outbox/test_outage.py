"""A broker that goes away, and a kill -9 of the server meanwhile: the events that a consumer has in the end lack none."""
from __future__ import annotations

import concurrent.futures
import os
import pathlib
import time

import consumers
import httpx
import pytest
import services
from client import Rest, make_token, new_user

BINARY = pathlib.Path(os.environ.get("PARLEY_BIN") or pathlib.Path(__file__).resolve().parents[2] / "build" / "release" / "parley")
MESSAGES = 60   # in each of the three stretches
CONVERSATIONS = 3
KINDS = [consumers.RabbitMq, consumers.Nats, consumers.Kafka]
# Which, and how much longer than it takes to be missed. The ten minutes are waited for once, with all three away at the same time.
OUTAGES = [([kind], 0) for kind in KINDS] + ([(KINDS, 600)] if os.environ.get("PARLEY_TEST_LONG") else [])


def say(rest: Rest, where: str, text: str) -> None:
    end = time.monotonic() + 30
    while True:
        try:
            answer = rest.call("POST", f"/v1/conversations/{where}/messages", json={"text": text, "client_id": text})
            assert answer.status_code in (200, 201), answer.text
            return
        except httpx.TransportError:
            assert time.monotonic() < end, "the server did not come back"
            time.sleep(0.05)


def once_each(taken: list[tuple[str, str]], place: int) -> list[str]:
    """The texts of that conversation; a repeat has the id of the first."""
    seen: dict[str, str] = {}
    for id, text in taken:
        if int(text.split()[-1]) % CONVERSATIONS == place:
            seen.setdefault(id, text)
    return list(seen.values())


def outage(kind, away_s: int) -> str:
    """What was counted. A message a second is sent while the broker stays away for longer."""
    port = services.free_port()
    consumer = kind()
    with consumer.broker:
        if kind is not consumers.Nats:
            consumer.broker.wait()
        consumer.bind()
        arguments = ["--listen", f"127.0.0.1:{port}={kind.door}", "--rate-limit", "off", "--events", consumer.broker.url]
        with services.Parley(BINARY, arguments=arguments) as server:
            anna, ben = new_user(), new_user()
            rest = Rest(server.url, {"Authorization": "Bearer " + make_token(services.JWT_SECRET, {"sub": anna})})
            door = Rest(f"http://127.0.0.1:{port}")
            places = [rest.post("/v1/conversations", {"type": "group", "name": str(i), "members": [ben]}).json()["id"] for i in range(CONVERSATIONS)]
            said: dict[int, list[str]] = {place: [] for place in range(CONVERSATIONS)}

            def stretch(name: str, count: int = MESSAGES, pause: float = 0) -> None:
                for i in range(count):
                    place = i % CONVERSATIONS
                    said[place].append(f"{name} {i}")
                    say(rest, places[place], said[place][-1])
                    time.sleep(pause)

            stretch("with the broker")
            consumer.broker.halt()
            begin = time.monotonic()
            stretch("without it")
            assert time.monotonic() - begin < 20, "nobody waits for the broker"
            services.wait_until(lambda: consumer.is_missed(door), 20, "/ready to miss the broker, and to be ready all the same")
            stretch("while it stays away", away_s, pause=1)
            server.kill()
            server.start()
            stretch("after the kill")
            consumer.start()

            def all_there() -> bool:
                taken = consumer.taken()
                return all(len(once_each(taken, place)) >= len(said[place]) for place in said)

            services.wait_until(all_there, 90, "the last event")
        taken = consumer.taken()
    for place in said:
        assert once_each(taken, place) == said[place]
    if kind is consumers.RabbitMq:
        assert {data["recipient_id"] for data in consumer.each} == {ben}
        assert {data["content"] for data in consumer.each} == {text for texts in said.values() for text in texts}
    if kind is consumers.Kafka:
        assert {event["user_id"] for event in consumer.pushed} == {ben}
        assert {event["content"] for event in consumer.pushed} == {text for texts in said.values() for text in texts}
    count = sum(len(texts) for texts in said.values())
    return f"{kind.__name__}: {count} messages, {len(taken)} events, {len(taken) - count} of them repeats"


@pytest.mark.parametrize("kinds, away_s", OUTAGES, ids=lambda value: "-".join(kind.__name__.lower() for kind in value) if isinstance(value, list) else f"{value}s")
def test_a_broker_lacks_nothing_after_an_outage_with_a_kill_in_it(kinds, away_s):
    with concurrent.futures.ThreadPoolExecutor(len(kinds)) as threads:
        for counted in list(threads.map(lambda kind: outage(kind, away_s), kinds)):
            print(counted)
