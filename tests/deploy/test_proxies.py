"""Two nodes behind nginx and HAProxy, as deploy/proxy configures them, are one server; and a stub behind them sees what they
pass on."""
from __future__ import annotations

import concurrent.futures
import contextlib
import http.server
import json
import os
import pathlib
import ssl
import threading

import httpx
import pytest

import brokers
import services
from client import Socket, make_token, ws_url
from native import Person, eventually, problem
from proxies import HaProxy, Nginx, Proxy

BINARY = pathlib.Path(os.environ.get("PARLEY_BIN") or pathlib.Path(__file__).resolve().parents[2] / "build" / "release" / "parley")
PROXIES = {"nginx": Nginx, "haproxy": HaProxy}
of_each = pytest.mark.parametrize("kind", list(PROXIES.values()), ids=list(PROXIES))


class Behind:
    """Two nodes over one PostgreSQL, and a proxy before them."""

    def __init__(self, kind: type[Proxy], stack: contextlib.ExitStack, files: pathlib.Path):
        bus = stack.enter_context(brokers.Nats(jetstream=False))
        store = services.database_at(os.environ["PARLEY_TEST_POSTGRES"])
        arguments = ["--bus", bus.url, "--files", str(files), "--rate-limit", "off", "--trusted-proxies", "127.0.0.1",
                     "--rtchat-connections-limit", "1/s:5"]
        self.nodes = [stack.enter_context(services.Parley(BINARY, store, arguments=arguments)) for _ in range(2)]
        self.proxy = stack.enter_context(kind([node.port for node in self.nodes]))
        services.wait_until(lambda: httpx.get(f"{self.proxy.url}/ready").status_code == 200, 20, "the way through the proxy")

    def person(self, **more: str) -> Person:
        return Person(base=self.proxy.url, **more)


@pytest.fixture(scope="module", params=list(PROXIES.values()), ids=list(PROXIES))
def behind(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory):
    with contextlib.ExitStack() as stack:
        yield Behind(request.param, stack, tmp_path_factory.mktemp("files"))


@of_each
@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
def test_the_file_is_one_that_its_program_takes(kind: type[Proxy], tls: bool):
    proxy = kind([8080], tls)
    with contextlib.ExitStack() as stack:
        stack.callback(proxy.__exit__)
        done = proxy.check()
        assert done.returncode == 0 and "warn" not in (done.stdout + done.stderr).lower(), done.stdout + done.stderr


def test_messages_go_over_sockets_and_event_streams_at_once(behind: Behind):
    anna, ben = behind.person(), behind.person()
    talk = anna.group(ben)
    cursor = ben.rest.get("/v1/sync").json()["cursor"]
    with anna.socket() as hers, ben.socket() as his, ben.rest.http.stream("GET", f"{ben.base}/v1/events", params={"cursor": cursor}) as stream:
        sent = hers.ask("message.send", {"conversation_id": talk["id"], "text": "through", "client_id": "1"})
        came = his.expect("message.created", where=lambda f: f["conversation_id"] == talk["id"])
        assert came["data"]["text"] == "through" and came["seq"] == sent["seq"]
        lines = (line for line in stream.iter_lines() if line.startswith("data: "))   # the stream is still open: a proxy that gathers would time out
        assert any(json.loads(line[6:]).get("seq") == sent["seq"] for line in lines)


def test_a_long_poll_answers_when_something_happens(behind: Behind):
    anna, ben = behind.person(), behind.person()
    talk = anna.group(ben)
    cursor = ben.rest.get("/v1/sync").json()["cursor"]
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(lambda: ben.rest.get("/v1/sync", params={"cursor": cursor, "wait": 20}, timeout=30))
        with pytest.raises(concurrent.futures.TimeoutError):
            waiting.result(timeout=0.5)
        anna.say(talk, "now")
        assert [event["type"] for event in waiting.result(timeout=15).json()["events"]] == ["message.created"]


def test_a_file_as_large_as_allowed_goes_up_and_what_is_too_large_is_refused_by_the_server(behind: Behind):
    anna = behind.person()
    content = os.urandom(9 << 20)
    answer = anna.rest.call("POST", "/v1/files", files={"file": ("nine", content, "application/octet-stream")}, timeout=60)
    assert answer.status_code == 201, answer.text
    got = anna.rest.get(f"/v1/files/{answer.json()['id']}", timeout=60)
    assert got.content == content
    problem(anna.rest.call("POST", "/v1/files", files={"file": ("eleven", bytes(11 << 20), "application/octet-stream")}, timeout=60), 413)


def test_nobody_outside_is_believed_to_be_somebody_or_sees_the_figures(behind: Behind):
    """The nodes serve loopback only, so that the echo door believes X-User-ID from whoever reaches them; the proxy takes it away."""
    name = {"X-User-ID": "6d2c8a52-3a57-4f0e-9c76-0d7f6f3f6d01"}
    assert httpx.get(f"{behind.nodes[0].url}/echo/conversations", headers=name).status_code == 200
    assert httpx.get(f"{behind.proxy.url}/echo/conversations", headers=name).status_code == 401
    assert httpx.get(f"{behind.nodes[0].url}/metrics").status_code == 200
    for path in ("/metrics", "/dinq/metrics", "/echo/metrics"):
        assert httpx.get(behind.proxy.url + path).status_code == 404


def address_shown(behind: Behind, person: Person) -> str:
    """As an administrator sees it, in the list of connections of the node that has it."""
    for node in behind.nodes:
        admin = Person(base=node.url, role="admin")
        for one in admin.rest.get("/v1/admin/connections", params={"limit": 200}).json()["items"]:
            if one["user_id"] == person.id:
                return one["address"]
    raise AssertionError("no node has that connection")


def test_a_client_has_its_own_address_and_none_that_it_made_up(behind: Behind):
    """All of 127.0.0.0/8 is this machine; 127.0.0.1 alone is trusted."""
    direct = behind.nodes[0].url
    for url, source, made_up, shown in [
            (behind.proxy.url, "127.0.0.7", None, "127.0.0.7"),
            (behind.proxy.url, "127.0.0.7", "198.51.100.66", "127.0.0.7"),
            (direct, "127.0.0.7", "198.51.100.66", "127.0.0.7"),
            (direct, "127.0.0.1", "198.51.100.66, 203.0.113.5", "203.0.113.5"),
            (direct, "127.0.0.1", "198.51.100.66, 2001:db8::5, 127.0.0.1", "2001:db8::5"),
            (direct, "127.0.0.1", "198.51.100.66, somebody", "127.0.0.1")]:
        person = Person(base=url)
        headers = {"Authorization": f"Bearer {person.token}", **({"X-Forwarded-For": made_up} if made_up else {})}
        with Socket(ws_url(url, "/v1/ws"), headers, subprotocols=["parley.v1"], source_address=(source, 0)) as socket:
            socket.send({"id": "1", "type": "hello", "data": {}})
            socket.expect("ok")
            assert address_shown(behind, person) == shown, (url, source, made_up)


def test_who_is_to_be_trusted_has_to_be_a_network():
    server = services.Parley(BINARY, arguments=["--trusted-proxies", "10.0.0.0/40"])
    with pytest.raises(services.Failed, match="--trusted-proxies: 10.0.0.0/40 is no network"):
        server.start()
    server.discard()


def test_a_limit_by_address_is_each_clients_own(behind: Behind):
    def ask(source: str) -> int:
        with httpx.Client(transport=httpx.HTTPTransport(local_address=source)) as http:
            return http.post(f"{behind.proxy.url}/rtchat/api/connections", json={"users": ["nobody"]},
                             headers={"X-Forwarded-For": "198.51.100.66"}).status_code

    assert eventually(lambda: ask("127.0.0.8") == 429, 10)
    assert ask("127.0.0.9") == 200


def test_tokens_in_queries_are_in_no_log(behind: Behind):
    token = make_token(services.JWT_SECRET, {"sub": "cleo"})
    Socket(ws_url(behind.proxy.url, f"/v1/ws?token={token}"), subprotocols=["parley.v1"]).close()
    httpx.get(f"{behind.proxy.url}/health?token={token}")
    assert eventually(lambda: "/health" in behind.proxy.access_log(), 10)
    assert eventually(lambda: "/v1/ws" in behind.proxy.access_log(), 10)
    assert token not in behind.proxy.access_log()


def test_a_node_that_stops_is_not_noticed_but_for_its_sockets(behind: Behind):
    """They are told, come back through the proxy to the other node, and have missed nothing."""
    people = [behind.person() for _ in range(8)]
    talk = people[0].group(*people[1:])
    sockets = [person.socket() for person in people]
    cursors = [person.rest.get("/v1/sync").json()["cursor"] for person in people]
    behind.nodes[0].stop()
    try:
        for i in range(40):
            people[0].say(talk, f"{i}")
        gone = [i for i, socket in enumerate(sockets) if any(frame.get("type") == "drain" for frame in socket.drain())]
        assert 0 < len(gone) < len(people)   # both nodes had some
        for i in gone:
            assert sockets[i].wait_closed(10)[0] == 1001
            again = people[i].socket(cursor=cursors[i])
            got = [again.expect("message.created", where=lambda f: f["conversation_id"] == talk["id"])["data"]["text"] for _ in range(40)]
            assert got == [str(number) for number in range(40)]
            again.drain(0.1)   # a client that has not read everything does not see the end of its close, either
            again.close()
    finally:
        for socket in sockets:
            socket.close()
        behind.nodes[0].start()


@of_each
def test_it_serves_tls(kind: type[Proxy]):
    with services.Parley(BINARY) as server, kind([server.port], tls=True) as proxy:
        trust = ssl.create_default_context(cafile=proxy.certificate)
        ask = lambda: httpx.get(f"https://127.0.0.1:{proxy.tls_port}/health", verify=trust).status_code == 200  # noqa: E731
        assert eventually(ask, 10)


class Stub:
    """A node that is ready, keeps what it is asked, and breaks off in the middle of answering a POST."""

    def __init__(self):
        stub = self
        self.asked: list[tuple[str, dict[str, str]]] = []

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                if self.path != "/ready":
                    stub.asked.append(("GET", {name.lower(): value for name, value in self.headers.items()}))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                stub.asked.append(("POST", {}))
                self.close_connection = True   # and not a word

            def log_message(self, *_: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __enter__(self) -> "Stub":
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()


@of_each
def test_what_a_node_may_have_heard_is_not_said_to_another(kind: type[Proxy]):
    with Stub() as one, Stub() as other, kind([one.server.server_port, other.server.server_port]) as proxy:
        assert eventually(lambda: httpx.get(proxy.url).status_code == 200, 10)
        answer = httpx.post(f"{proxy.url}/v1/conversations/1/messages", json={"text": "once"}, timeout=20)
        assert answer.status_code == 502
        assert [what for what, _ in one.asked + other.asked].count("POST") == 1


@of_each
def test_what_a_client_makes_up_about_its_address_is_replaced(kind: type[Proxy]):
    with Stub() as node, kind([node.server.server_port]) as proxy:
        made_up = {"X-Forwarded-For": "10.9.8.7", "X-Forwarded-Proto": "https", "X-User-ID": "anna"}
        assert eventually(lambda: httpx.get(proxy.url, headers=made_up).status_code == 200, 10)
        _, headers = node.asked[-1]
        assert headers["x-forwarded-for"] == "127.0.0.1" and headers["x-forwarded-proto"] == "http"
        assert not headers.get("x-user-id")
        assert headers["host"] == f"127.0.0.1:{proxy.port}"
