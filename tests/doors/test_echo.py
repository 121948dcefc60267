"""The echo door where the acceptance cases leave off (docs/wires/echo.md): callers, envelope, addresses, operations."""
from __future__ import annotations

import os
import subprocess
import time
import uuid

import pytest
import services
from client import Rest, Socket, new_user, ws_url
from echo import Person, body, data, gateway, jwt_only, people, refused
from echo_door import BINARY, base, server  # noqa: F401
from websockets.exceptions import InvalidStatus

# ---- 1. who is calling

@pytest.mark.parametrize("user, claims", [(None, {"token_type": "refresh"}), (None, {"nbf": time.time() + 3600}), ("anna", {})])
def test_a_token_for_something_else_is_401(base, user, claims):
    assert refused(Rest(base, jwt_only(user or new_user(), **claims)).get("/api/v1/conversations"), 401)["code"] == "UNAUTHENTICATED"


def test_an_access_token_is_taken(base):
    data(Rest(base, jwt_only(new_user(), token_type="access")).get("/api/v1/conversations"))


def test_token_and_header_must_agree(base):
    refused(Rest(base, {**jwt_only(new_user()), **gateway(new_user())}).get("/api/v1/conversations"), 401)


def test_a_header_that_is_no_uuid_is_401(base):
    refused(Rest(base, gateway("anna")).get("/api/v1/conversations"), 401)


def test_ids_are_taken_in_any_case_and_shown_in_lower(base):
    anna, ben = new_user(), new_user()
    made = data(Rest(base, gateway(anna.upper())).post(
        "/api/v1/conversations", {"conversation_type": "direct", "participant_ids": [ben.upper()]}), 201)
    assert made["creator_user_id"] == anna and made["participant_ids"] == [anna, ben]
    got = Rest(base, gateway(anna)).get(f"/api/v1/conversations/{made['id'].upper()}")
    assert data(got)["id"] == made["id"] == made["id"].lower()


def test_preflight_knows_the_headers_of_this_wire(base):
    asked = {"Origin": "http://localhost:5173", "Access-Control-Request-Method": "POST",
             "Access-Control-Request-Headers": "content-type,x-user-id,x-device-id"}
    r = Rest(base).call("OPTIONS", "/api/v1/messages", headers=asked)
    assert r.status_code == 204
    allowed = r.headers["access-control-allow-headers"].lower()
    for name in ("authorization", "content-type", "x-user-id", "x-session-id", "x-session-token", "x-device-id", "x-platform",
                 "x-app-version", "x-request-id"):
        assert name in allowed
    r = Rest(base).call("OPTIONS", "/api/v1/messages", headers={**asked, "Origin": "http://evil.example"})
    assert r.status_code == 204 and "access-control-allow-origin" not in r.headers


def test_a_socket_from_a_strange_page_is_refused(base):
    for origin, good in (("http://localhost:3000", True), ("http://evil.example", False)):
        try:
            Socket(ws_url(base, "/ws"), {**gateway(new_user()), "Origin": origin}).close()
            assert good
        except InvalidStatus as e:
            assert not good and e.response.status_code == 403


# ---- 2. the envelope

def test_every_answer_has_its_envelope(base):
    a = Person()
    for r in (a.rest.get("/api/v1/conversations"), a.rest.get("/api/v1/nothing"), Rest(base).get("/health"), Rest(base).get("/ready")):
        meta = r.json()["metadata"]
        assert set(meta) >= {"request_id", "timestamp", "timestamp_unix", "duration", "duration_ms", "method", "path", "status_code",
                             "service", "version", "environment"}
        assert meta["service"] == "message-service" and meta["status_code"] == r.status_code
        assert isinstance(meta["duration"], str) and isinstance(meta["duration_ms"], (int, float))
        assert r.headers["x-request-id"] == meta["request_id"] and r.headers["x-content-type-options"] == "nosniff"
        assert r.headers["content-type"] == "application/json; charset=utf-8"


def test_a_refusal_says_all_the_contract_asks_for():
    a, b = people(2)
    error = refused(a.say(a.conversation(b), "x", message_type="hologram"), 400)
    assert set(error) >= {"code", "type", "message", "description", "fields", "timestamp"}
    assert error["type"] == "ValidationError"
    assert error["fields"] == [{"field": "MessageType", "message": error["fields"][0]["message"], "code": "INVALID_FORMAT", "value": "hologram"}]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'"x"', b'{"conversation_id":5}', b'{"content":"\xff"}',
                                     b'{"content":"\\ud800"}'])
def test_what_is_no_good_json_is_an_invalid_request(content):
    error = refused(Person().rest.call("POST", "/api/v1/messages", content=content, headers={"Content-Type": "application/json"}), 400)
    assert error["code"] == "INVALID_REQUEST" and error["type"] == "Bad Request"


def test_the_last_of_two_keys_wins_and_strange_keys_are_passed_over():
    a, b = people(2)
    c = a.conversation(b)
    raw = '{"conversation_id":"%s","content":"first","message_type":"text","surprise":[1],"content":"second"}' % c
    sent = data(a.rest.call("POST", "/api/v1/messages", content=raw, headers={"Content-Type": "application/json; charset=utf-8"}), 201)
    assert sent["content"] == "second"


@pytest.mark.parametrize("method, path", [("GET", "/api/v1/messages/nope"), ("PUT", "/api/v1/messages/nope"),
                                          ("GET", "/api/v1/conversations/nope"), ("GET", "/api/v1/conversations/nope/messages"),
                                          ("POST", "/api/v1/messages/nope/read"), ("DELETE", "/api/v1/messages/nope"),
                                          ("POST", "/api/v1/conversations/nope/typing"), ("GET", "/api/v1/messages/nope/delivery")])
def test_a_bad_id_in_a_path_is_an_invalid_request(method, path):
    assert refused(Person().rest.call(method, path, json={"content": "x", "is_typing": True}), 400)["code"] == "INVALID_REQUEST"


def test_a_bad_user_in_a_path_is_an_invalid_request():
    a, b, c = people(3)
    where = a.conversation(b, c)
    for call in (a.rest.call("PATCH", f"/api/v1/conversations/{where}/participants/nope", json={"can_send_messages": True}),
                 a.rest.delete(f"/api/v1/conversations/{where}/participants/nope")):
        assert refused(call, 400)["code"] == "INVALID_REQUEST"


def test_what_is_not_there_is_404_and_other_methods_405():
    a = Person()
    for path in ("/api/v1/nothing", "/nothing", "/nothing/at/all", f"/api/v1/messages/{uuid.uuid4()}", f"/{uuid.uuid4()}/history"):
        assert refused(a.rest.get(path), 404)["code"] == "NOT_FOUND", path
    for method, path in (("PATCH", "/api/v1/messages"), ("DELETE", "/api/v1/conversations"), ("POST", "/health")):
        r = a.rest.call(method, path)
        assert refused(r, 405)["code"] == "METHOD_NOT_ALLOWED" and r.headers["allow"]


def test_a_body_of_more_than_10_mib_is_413():
    a = Person()
    r = a.rest.call("POST", "/api/v1/messages", content=b'{"content":"' + b"x" * (10 * 1024 * 1024) + b'"}',
                    headers={"Content-Type": "application/json"})
    assert refused(r, 413)["code"] == "PAYLOAD_TOO_LARGE"


def test_a_body_of_9_mib_is_looked_at():
    a, b = people(2)
    error = refused(a.say(a.conversation(b), "x" * (9 * 1024 * 1024)), 400)
    assert error["fields"][0]["field"] == "Content" and error["fields"][0]["code"] == "TOO_LONG"


# ---- 3. addresses

@pytest.mark.parametrize("root", ["/api/v1/messages", ""])
def test_the_gateways_addresses_work_too(root):
    a, b = people(2)
    c = data(a.rest.post(f"{root}/conversations", {"conversation_type": "direct", "participant_ids": [b.id]}), 201)["id"]
    assert [one["id"] for one in data(a.rest.get(f"{root}/conversations"))["conversations"]] == [c]
    first, second = (data(a.rest.post(root or "/", {"conversation_id": c, "content": text, "message_type": "text"}), 201)["id"]
                     for text in ("one", "two"))
    page = data(b.rest.get(root or "/", params={"conversation_id": c, "limit": 1, "before": second}))
    assert [m["id"] for m in page["messages"]] == [first] and page["has_more"] is False
    assert data(b.rest.post(f"{root}/read", {"message_id": first}))["marked_count"] == 1
    assert data(b.rest.post(f"{root}/read", {"message_ids": [first, second]}))["marked_count"] == 1
    data(b.rest.post(f"{root}/typing", {"conversation_id": c, "is_typing": True}))
    data(a.rest.put(f"{root}/{first}", {"content": "uno"}))
    data(a.rest.delete(f"{root}/{second}"))
    assert [m["content"] for m in a.history(c)] == ["uno"]


def test_the_gateways_socket(base):
    a = Person()
    with Socket(ws_url(base, "/api/v1/messages/ws"), a.headers) as s:
        assert body(s.expect("connection_ack"))["status"] == "connected"


# ---- 10. operations

def test_health_and_readiness_in_full(base):
    got = data(Rest(base).get("/health"))
    assert got["status"] == "healthy" and got["service"] == "message-service"
    assert set(got) >= {"version", "uptime", "timestamp", "liveness", "readiness", "checks", "environment"}
    assert got["liveness"]["ok"] is True and got["readiness"]["ok"] is True
    assert set(got["checks"]["database"]) >= {"status", "message", "response_time"}
    got = data(Rest(base).get("/ready"))
    assert got["status"] == "healthy" and got["ok"] is True and got["checks"]["database"]["status"] == "healthy"


def test_all_metrics_are_there_from_the_start(base):
    text = Rest(base).get("/metrics").text
    for name in ("echo_websocket_connections", "echo_messages_sent_total", "echo_message_delivery_seconds", "echo_db_query_seconds",
                 "echo_kafka_publish_seconds", "echo_offline_push_total", "process_resident_memory_bytes"):
        assert f"# TYPE {name} " in text, name
    assert "echo_message_delivery_seconds_bucket" in text and "echo_db_query_seconds_bucket" in text


def test_limits_are_shown_to_known_callers():
    r = Person().rest.get("/api/v1/conversations")
    assert int(r.headers["x-ratelimit-limit"]) > int(r.headers["x-ratelimit-remaining"]) >= 0
    assert int(r.headers["x-ratelimit-reset"]) >= int(time.time()) - 1


def test_tokens_of_another_issuer_or_for_others_are_401():
    port = services.free_port()
    arguments = ["--listen", f"127.0.0.1:{port}=echo", "--echo-jwt-issuer", "us", "--echo-jwt-audience", "chat"]
    with services.Parley(BINARY, arguments=arguments):
        ask = lambda **claims: Rest(f"http://127.0.0.1:{port}", jwt_only(new_user(), **claims)).get("/api/v1/conversations")
        data(ask(iss="us", aud=["chat", "mail"]))
        for claims in ({}, {"iss": "us"}, {"iss": "them", "aud": "chat"}, {"iss": "us", "aud": "mail"}):
            refused(ask(**claims), 401)


def test_it_stands_in_for_the_original_by_its_own_variables(tmp_path):
    """No secret, but a trusted proxy: that is enough to start. With neither it refuses to."""
    port = services.free_port()
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PARLEY_")}
    given = {**clean, "SERVER_HOST": "0.0.0.0", "SERVER_PORT": str(port), "LIMIT_MAX_MESSAGE_LENGTH": "5", "RATE_LIMIT_RPM": "300"}
    words = [BINARY, "serve", "--as", "echo", "--data", str(tmp_path / "data")]
    done = subprocess.run(words, env=given, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode != 0 and "JWT_SECRET_KEY" in done.stderr + done.stdout
    with open(tmp_path / "log", "wb") as log:
        running = subprocess.Popen(words, env={**given, "TRUSTED_PROXIES": "127.0.0.1/32"}, cwd=tmp_path, stdout=log, stderr=log)
    try:
        services.wait_until(lambda: b"listening" in (tmp_path / "log").read_bytes(), 30, "the server")
        base = f"http://127.0.0.1:{port}"
        rest = Rest(base, gateway(new_user()))
        c = data(rest.post("/api/v1/conversations", {"conversation_type": "direct", "participant_ids": [new_user()]}), 201)["id"]
        r = rest.post("/api/v1/messages", {"conversation_id": c, "content": "short", "message_type": "text"})
        assert data(r, 201) and r.headers["x-ratelimit-limit"] == "300"
        refused(rest.post("/api/v1/messages", {"conversation_id": c, "content": "longer", "message_type": "text"}), 400)
        refused(Rest(base, jwt_only(new_user())).get("/api/v1/conversations"), 401)   # there is no key to check it with
    finally:
        running.terminate()
        running.wait(timeout=30)
