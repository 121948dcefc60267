"""/openapi.json and /asyncapi.json: each answer and each frame is what they say, and nothing that they name is left out."""
from __future__ import annotations

import base64
import collections
import json
import re
import signal
from typing import Any
from urllib.parse import quote, urlsplit

import jsonschema
import pytest
from client import Rest, new_user, ws_url
from conftest import TESTS, new_server
from native import NativeSocket, Person, Refused, eventually, problem

DOOR = TESTS.parent / "src" / "dialects" / "native"
OPENAPI = json.loads((DOOR / "spec" / "openapi.json").read_text())
ASYNCAPI = json.loads((DOOR / "spec" / "asyncapi.json").read_text())
METHODS = {"get", "head", "post", "put", "patch", "delete"}

touched: dict[str, set[str]] = collections.defaultdict(set)         # by server: ids of operations that were done
commands_done: dict[str, set[str]] = collections.defaultdict(set)   # types of frames that got their ok
events_seen: dict[str, set[str]] = collections.defaultdict(set)     # types of events


# ---------------------------------------------------------------- reading the documents

def follow(document: dict, node: Any) -> Any:
    while isinstance(node, dict) and "$ref" in node:
        target = document
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part.replace("~1", "/").replace("~0", "~")]
        node = target
    return node


def nodes(tree: Any):
    yield tree
    for child in tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ():
        yield from nodes(child)


def check(document: dict, schema: dict, value: Any, what: str) -> None:
    rules = jsonschema.Draft202012Validator({"components": document["components"], "allOf": [schema]})
    worst = jsonschema.exceptions.best_match(rules.iter_errors(value))
    assert worst is None, f"{what}: {worst.json_path}: {worst.message}\n{json.dumps(value)[:2000]}"


def operations():
    """(method, path, the parameters of both, the operation)"""
    for path, item in OPENAPI["paths"].items():
        for method in METHODS & item.keys():
            yield method, path, [follow(OPENAPI, one) for one in [*item.get("parameters", []), *item[method].get("parameters", [])]], item[method]


def find_operation(method: str, path: str) -> tuple[list[dict], dict]:
    fits = [(template.count("{"), template, parameters, operation) for verb, template, parameters, operation in operations()
            if verb == method.lower() and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path)]
    assert fits, f"{method} {path} is not described"
    _, _, parameters, operation = min(fits, key=lambda one: one[0])   # what is literal comes first
    return parameters, operation


def body_schema(contents: dict, media_type: str) -> dict | None:
    for key in (media_type, "*/*"):
        if key in contents:
            return contents[key].get("schema", {})
    return None


class Checked(Rest):
    """Every answer has to be one that the document declares for its operation, and every accepted request one that it allows."""

    def call(self, method: str, path: str, **kw: Any):
        answer = super().call(method, path, **kw)
        parameters, operation = find_operation(method, urlsplit(path).path)
        name = operation["operationId"]
        assert str(answer.status_code) in operation["responses"], f"{name} does not declare {answer.status_code}: {answer.text}"
        assert answer.headers["x-request-id"]
        self.check_answer(name, follow(OPENAPI, operation["responses"][str(answer.status_code)]), answer)
        if answer.status_code < 400:
            self.check_request(name, parameters, operation, kw)
            touched[self.base].add(name)
        return answer

    @staticmethod
    def check_answer(name: str, declared: dict, answer: Any) -> None:
        if not answer.content:
            assert "content" not in declared or answer.request.method == "HEAD", f"{name}: an answer without its body"
            return
        media_type = answer.headers["content-type"].split(";")[0]
        schema = body_schema(declared.get("content", {}), media_type)
        assert schema is not None, f"{name} {answer.status_code} does not declare {media_type}"
        if media_type.endswith("json") and schema:
            check(OPENAPI, schema, answer.json(), f"{name} {answer.status_code}")

    @staticmethod
    def check_request(name: str, parameters: list[dict], operation: dict, kw: dict) -> None:
        known = {one["name"] for one in parameters if one["in"] == "query"}
        assert known >= set(kw.get("params", {})), f"{name} does not declare all of {kw['params']}"
        if "json" in kw:
            check(OPENAPI, operation["requestBody"]["content"]["application/json"]["schema"], kw["json"], f"the body of {name}")

    def stream(self, path: str, count: int, **params: str) -> list[dict]:
        """So many items of server-sent events."""
        _, operation = find_operation("GET", path)
        touched[self.base].add(operation["operationId"])
        items: list[dict] = []
        with self.http.stream("GET", self.base + path, params=params) as answer:
            declared = operation["responses"][str(answer.status_code)]["content"]
            (media_type, content), = declared.items()
            assert answer.headers["content-type"].split(";")[0] == media_type
            for line in answer.iter_lines():
                if line.startswith("data:"):
                    items.append(json.loads(line[5:]))
                    check(OPENAPI, content["x-item-schema"], items[-1], operation["operationId"])
                if len(items) == count:
                    return items
        raise AssertionError(f"the stream ended after {items}")


def person(server, user_id: str | None = None, **claims: str) -> Person:
    made = Person(user_id, base=server.url, **claims)
    made.rest = Checked(server.url, {"Authorization": f"Bearer {made.token}"})
    return made


@pytest.fixture
def anna(server) -> Person:
    return person(server)


@pytest.fixture
def ben(server) -> Person:
    return person(server)


@pytest.fixture
def cleo(server) -> Person:
    return person(server)


@pytest.fixture
def service(server) -> Person:
    return person(server, role="service")


@pytest.fixture
def admin(server) -> Person:
    return person(server, role="admin")


def patch(who: Person, path: str, body: dict):
    return who.rest.call("PATCH", path, json=body)


# ---------------------------------------------------------------- the documents themselves

@pytest.mark.parametrize("name, document", [("openapi", OPENAPI), ("asyncapi", ASYNCAPI)])
def test_the_server_serves_the_document(server, name: str, document: dict):
    served = Checked(server.url).get(f"/{name}.json")
    assert served.status_code == 200 and served.json() == document


@pytest.mark.parametrize("document", [OPENAPI, ASYNCAPI], ids=["openapi", "asyncapi"])
def test_every_reference_leads_somewhere_and_every_schema_is_one_that_is_used(document: dict):
    used = {one["$ref"] for one in nodes(document) if isinstance(one, dict) and isinstance(one.get("$ref"), str)}
    for reference in used:
        assert reference.startswith("#/") and follow(document, {"$ref": reference}) is not None, reference
    for name, schema in document["components"]["schemas"].items():
        jsonschema.Draft202012Validator.check_schema(schema)
        assert f"#/components/schemas/{name}" in used, f"{name} is used nowhere"


def test_every_operation_is_whole():
    assert OPENAPI["openapi"].startswith("3.1.") and OPENAPI["info"]["title"] and OPENAPI["info"]["version"]
    tags = {one["name"] for one in OPENAPI["tags"]}
    schemes = OPENAPI["components"]["securitySchemes"]
    ids = [operation["operationId"] for *_, operation in operations()]
    assert len(ids) == len(set(ids))
    for method, path, parameters, operation in operations():
        what = f"{method} {path}"
        in_path = {one["name"] for one in parameters if one["in"] == "path"}
        assert in_path == set(re.findall(r"\{(\w+)\}", path)), what
        assert all(one["required"] for one in parameters if one["in"] == "path") and all("schema" in one for one in parameters), what
        assert len({(one["name"], one["in"]) for one in parameters}) == len(parameters), what
        assert operation["summary"].endswith(".") and set(operation["tags"]) <= tags, what
        assert all(name in schemes for one in operation.get("security", OPENAPI["security"]) for name in one), what
        answers = {status: follow(OPENAPI, one) for status, one in operation["responses"].items()}
        assert any(status < "400" for status in answers) and all(one["description"] for one in answers.values()), what
        for one in [*answers.values(), operation.get("requestBody", {})]:
            for content in one.get("content", {}).values():
                jsonschema.Draft202012Validator.check_schema(content.get("schema", {}))
        if operation.get("security") != []:
            assert {"401", "403", "429", "503"} <= answers.keys(), what
        if "application/json" in operation.get("requestBody", {}).get("content", {}):
            assert {"400", "413", "415", "422"} <= answers.keys(), what


def test_every_route_of_the_door_is_described_and_nothing_else():
    routes = {(method.lower(), path) for source in DOOR.glob("*.cpp")
              for method, path in re.findall(r'routes\.add\(\s*"(\w+)",\s*"([^"]+)"', source.read_text())}
    assert len(routes) > 40
    assert {(method, path) for method, path, *_ in operations() if method != "head"} == routes


def test_every_frame_is_in_the_channel_and_has_its_operation():
    assert ASYNCAPI["asyncapi"] == "3.0.0"
    channel, = ASYNCAPI["channels"].values()
    assert channel["address"] == "/v1/ws" and channel["messages"].keys() == ASYNCAPI["components"]["messages"].keys()
    named = [one["$ref"].rsplit("/", 1)[1] for operation in ASYNCAPI["operations"].values()
             for one in [*operation["messages"], *operation.get("reply", {}).get("messages", [])]]
    assert set(named) == channel["messages"].keys()
    for message in ASYNCAPI["components"]["messages"].values():
        assert message["name"] and message["summary"].endswith(".")
        jsonschema.Draft202012Validator.check_schema(message["payload"])


def test_what_both_documents_describe_is_described_alike():
    rest, socket = OPENAPI["components"]["schemas"], ASYNCAPI["components"]["schemas"]
    for name in rest.keys() & socket.keys():
        assert rest[name] == socket[name], name


# ---------------------------------------------------------------- REST

def test_how_the_process_is(server):
    rest = Checked(server.url)
    assert rest.get("/health").json() == {"status": "ok"}
    assert rest.get("/ready").json()["status"] == "ready"
    assert "# TYPE" in rest.get("/metrics").text
    problem(rest.get("/v1/conversations"), 401, "unauthorized")


# covers: native PUT /v1/conversations/{id}/me
def test_conversations(anna: Person, ben: Person, cleo: Person, service: Person):
    direct, group = anna.direct(ben), anna.group(ben, cleo, metadata={"colour": "blue"}, client_id="g")
    assert direct["members"] and ben.direct(anna)["id"] == direct["id"]
    same = {"type": "group", "name": "a group", "members": [cleo.id, ben.id], "metadata": {"colour": "blue"}, "client_id": "g"}
    again = anna.rest.post("/v1/conversations", same)
    assert again.status_code == 200 and again.json()["id"] == group["id"]
    assert anna.rest.post("/v1/conversations", {"type": "channel", "name": "news"}).json()["settings"]["who_can_post"] == "admins"
    anna.say(group, "hello")
    path = f"/v1/conversations/{group['id']}"
    assert ben.rest.get(path).json()["last_message"]["text"] == "hello"
    settings = {"who_can_add": "all", "who_can_post": "all", "read_receipts": True}
    changed = patch(anna, path, {"name": "b", "avatar_url": "https://example.org/b.png", "metadata": {}, "settings": settings})
    assert changed.json()["avatar_url"] and "metadata" not in changed.json()
    wanted = {"pinned": True, "archived": False, "notifications": "mentions", "read_receipts": False, "muted_until": "2100-01-01T00:00:00Z"}
    own = ben.rest.put(path + "/me", wanted).json()
    assert own["pinned"] and own["muted_until"] and ben.rest.put(path + "/me", {"muted_until": None}).json().get("muted_until") is None
    page = ben.rest.get("/v1/conversations", params={"limit": 1}).json()
    assert len(ben.rest.get("/v1/conversations", params={"limit": 1, "after": page["next"]}).json()["items"]) == 1
    some = ben.rest.get("/v1/conversations", params={"type": "group", "unread": "true", "with": cleo.id}).json()["items"]
    assert [one["id"] for one in some] == [group["id"]]
    assert service.rest.get("/v1/conversations", headers={"X-Act-As": ben.id, "X-Request-Id": "mine"}).headers["x-request-id"] == "mine"

    problem(ben.rest.get("/v1/conversations", params={"limit": 0}), 400, "bad_request")
    problem(ben.rest.get("/v1/conversations", headers={"X-Act-As": anna.id}), 403, "forbidden")
    problem(anna.rest.post("/v1/conversations", {"type": "crowd"}), 422, "unprocessable")
    problem(anna.rest.post("/v1/conversations", {"type": "group", "name": "x" * 201}), 413, "too_large")
    problem(anna.rest.call("POST", "/v1/conversations", content=b"{}", headers={"Content-Type": "text/plain"}), 415, "unsupported_media_type")
    problem(anna.rest.call("POST", "/v1/conversations", content=b"{"), 400, "bad_request")
    problem(anna.rest.get("/v1/conversations/nothing"), 404, "not_found")
    problem(patch(ben, path, {"name": "c"}), 403, "forbidden")
    problem(patch(anna, path, {"settings": {"who_can_post": "nobody"}}), 422, "unprocessable")
    problem(ben.rest.put(path + "/me", {"notifications": "loud"}), 422, "unprocessable")
    problem(ben.rest.delete(path), 403, "forbidden")
    assert anna.rest.delete(path).status_code == 204
    problem(ben.rest.put(path + "/me", {"pinned": True}), 404, "not_found")


def test_members(anna: Person, ben: Person, cleo: Person):
    group = anna.group(ben)
    path = f"/v1/conversations/{group['id']}/members"
    assert anna.rest.post(path, {"user_ids": [cleo.id], "role": "reader"}).json()["items"][0]["can_post"] is False
    page = ben.rest.get(path, params={"limit": 2}).json()
    assert len(ben.rest.get(path, params={"limit": 2, "after": page["next"]}).json()["items"]) == 1
    assert patch(anna, f"{path}/{cleo.id}", {"role": "admin"}).json()["role"] == "admin"
    problem(ben.rest.post(path, {"user_id": new_user()}), 403, "forbidden")
    problem(anna.rest.post(path, {}), 422, "unprocessable")
    problem(patch(ben, f"{path}/{cleo.id}", {"role": "member"}), 403, "forbidden")
    problem(patch(anna, f"{path}/{new_user()}", {"role": "member"}), 404, "not_found")
    problem(anna.rest.delete(f"{path}/{new_user()}"), 404, "not_found")
    assert anna.rest.delete(f"{path}/{cleo.id}").status_code == 204
    problem(cleo.rest.get(path), 404, "not_found")
    alone = anna.group()
    problem(patch(anna, f"/v1/conversations/{alone['id']}/members/{anna.id}", {"role": "member"}), 409, "conflict")


# covers: native PUT /v1/messages/{id}/pin
# covers: native DELETE /v1/messages/{id}/pin
def test_messages(anna: Person, ben: Person, cleo: Person, service: Person):
    group, other = anna.group(ben), anna.group(cleo)
    where = f"/v1/conversations/{group['id']}/messages"
    picture = {"url": "https://example.org/a.png", "mime": "image/png", "size": 7, "name": "a.png", "width": 2, "height": 3, "duration": 0}
    top = anna.say(group, "@ben look", type="image", attachments=[picture], mentions=[{"user_id": ben.id, "offset": 0, "length": 4}, {"all": True}],
                   metadata={"a": [1]}, client_id="top")
    assert anna.rest.post(where, {"text": "by header"}, headers={"Idempotency-Key": "h"}).status_code == 201
    assert anna.rest.post(where, {"text": "by header"}, headers={"Idempotency-Key": "h"}).status_code == 200
    reply = ben.say(group, "seen", parent_id=top["id"], quote_id=top["id"])
    anna.say(group, "c2VhbGVk", sealed=True)
    assert service.rest.post(where, {"text": "hello all", "type": "system"}, headers={"X-Act-As": anna.id}).json()["type"] == "system"
    path = f"/v1/messages/{top['id']}"
    for emoji in ("\U0001F44D", ":ok:"):
        assert ben.rest.put(f"{path}/reactions/{quote(emoji)}").status_code == 204
    assert ben.rest.delete(f"{path}/reactions/:ok:").status_code == 204
    assert ben.rest.put(f"{path}/pin").status_code == 204
    shown = ben.rest.get(path).json()
    assert shown["pinned_at"] and shown["reply_count"] == 1 and shown["reactions"] == [{"emoji": "\U0001F44D", "count": 1, "me": True}]
    assert ben.rest.get(f"/v1/messages/{reply['id']}").json()["quote"]["attachments"] == [picture]
    assert len(ben.rest.get(f"{where}/{top['id']}/thread", params={"limit": 1}).json()["items"]) == 1
    assert ben.rest.get(f"/v1/conversations/{group['id']}/pins").json()["items"][0]["id"] == top["id"]
    assert ben.rest.delete(f"{path}/pin").status_code == 204
    assert patch(anna, path, {"text": "look", "mentions": [], "metadata": {}}).json()["edited_at"]
    assert [one["text"] for one in ben.rest.get(f"{path}/edits").json()["items"]] == ["@ben look"]
    copies = anna.rest.post(f"{path}/forward", {"conversation_ids": [other["id"]]}).json()["items"]
    assert copies[0]["forwarded_from"]["message_id"] == top["id"]
    page = ben.rest.get(where, params={"limit": 2}).json()
    ben.rest.get(where, params={"limit": 2, "after": page["next"]})
    for more in ({"after_seq": 1}, {"before_seq": 4}, {"around_seq": top["seq"]}):
        assert ben.rest.get(where, params=more).json()["items"]

    problem(anna.rest.post(where, {"text": "other", "client_id": "top"}), 422, "unprocessable")
    problem(anna.rest.post(where, {"text": "x" * 10_001}), 413, "too_large")
    problem(anna.rest.post(where, {"text": "x", "type": "system"}), 403, "forbidden")
    problem(anna.rest.post(where, {"text": "x", "attachments": [{"url": "ftp://example.org"}]}), 422, "unprocessable")
    problem(cleo.rest.post(where, {"text": "x"}), 404, "not_found")
    problem(cleo.rest.get(where), 404, "not_found")
    problem(anna.rest.get(where, params={"before_seq": 1, "after_seq": 1}), 400, "bad_request")
    problem(cleo.rest.get(f"{where}/{top['id']}/thread"), 404, "not_found")
    problem(cleo.rest.get(f"/v1/conversations/{group['id']}/pins"), 404, "not_found")
    problem(cleo.rest.get(f"{path}/edits"), 404, "not_found")
    problem(patch(ben, path, {"text": "mine"}), 403, "forbidden")
    problem(patch(anna, path, {}), 422, "unprocessable")
    problem(ben.rest.put(f"{path}/reactions/no"), 422, "unprocessable")
    problem(cleo.rest.put(f"{path}/pin"), 404, "not_found")
    problem(anna.rest.post(f"{path}/forward", {"conversation_ids": []}), 422, "unprocessable")

    problem(ben.rest.delete(path), 403, "forbidden")
    assert anna.rest.delete(path).status_code == 204
    assert ben.rest.get(path).json()["deleted_at"] and ben.rest.get(f"/v1/messages/{reply['id']}").json()["quote"]["deleted_at"]
    assert ben.rest.post(f"/v1/messages/{reply['id']}/recall").json()["recalled_at"]
    problem(ben.rest.post(f"/v1/messages/{reply['id']}/recall"), 410, "gone")
    problem(patch(anna, path, {"text": "again"}), 410, "gone")
    problem(ben.rest.put(f"{path}/reactions/:ok:"), 410, "gone")


def test_a_message_that_expires(anna: Person, ben: Person):
    talk = anna.direct(ben)
    assert anna.say(talk, "for an hour", expires_in=3600)["expires_at"]
    for seconds in (0, 31_536_001):
        problem(anna.rest.post(f"/v1/conversations/{talk['id']}/messages", {"text": "x", "expires_in": seconds}), 422, "unprocessable")


# covers: native POST /v1/conversations/{id}/typing
def test_reading_and_typing(anna: Person, ben: Person, cleo: Person):
    talk = anna.direct(ben)
    sent = [anna.say(talk, str(i)) for i in range(2)]
    path = f"/v1/conversations/{talk['id']}"
    assert ben.rest.post(path + "/read", {"seq": sent[0]["seq"]}).json() == {"conversation_id": talk["id"], "read_seq": sent[0]["seq"], "unread_count": 1}
    assert anna.rest.get(f"/v1/messages/{sent[0]['id']}/receipts").json()["items"][0]["read_at"]
    assert anna.rest.get(f"/v1/messages/{sent[0]['id']}").json()["status"] == "read"
    assert ben.rest.post(path + "/typing", {"is_typing": True}).status_code == 202
    problem(ben.rest.post(path + "/read", {"seq": 1_000}), 422, "unprocessable")
    problem(cleo.rest.post(path + "/read", {"seq": 1}), 404, "not_found")
    problem(ben.rest.post(path + "/typing", {}), 422, "unprocessable")
    problem(cleo.rest.post(path + "/typing", {"is_typing": True}), 404, "not_found")
    problem(cleo.rest.get(f"/v1/messages/{sent[0]['id']}/receipts"), 404, "not_found")


def everything_happens(anna: Person, ben: Person) -> None:
    """Each kind of event of a log, with pointers; seen by Ben."""
    group = anna.group(ben, metadata={"a": 1})
    message = anna.say(group, "first")
    path = f"/v1/messages/{message['id']}"
    patch(anna, path, {"text": "edited"})
    for verb in (anna.rest.put, anna.rest.delete):
        verb(f"{path}/reactions/:ok:")
        verb(f"{path}/pin")
    anna.rest.delete(path)
    anna.rest.post(f"/v1/messages/{anna.say(group, 'second')['id']}/recall")
    changes = {"name": "new", "avatar_url": "https://example.org/x", "metadata": {}, "settings": {"who_can_add": "all"}}
    patch(anna, f"/v1/conversations/{group['id']}", changes)
    other = new_user()
    anna.rest.post(f"/v1/conversations/{group['id']}/members", {"user_id": other})
    patch(anna, f"/v1/conversations/{group['id']}/members/{other}", {"role": "admin"})
    anna.rest.delete(f"/v1/conversations/{group['id']}/members/{other}")
    anna.rest.post(f"/v1/conversations/{group['id']}/read", {"seq": anna.say(group, "third")["seq"]})
    ended = anna.group(ben)
    anna.rest.delete(f"/v1/conversations/{ended['id']}")


def test_what_was_missed(anna: Person, ben: Person):
    start = ben.rest.get("/v1/sync").json()["cursor"]
    everything_happens(anna, ben)
    events, pointers, cursor = [], [], start
    while True:
        page = ben.rest.get("/v1/sync", params={"cursor": cursor, "limit": 5, "wait": 0}).json()
        events, pointers, cursor = events + page["events"], pointers + page["pointers"], page["cursor"]
        if not page["more"]:
            break
    assert {one["type"] for one in events} == {kind for name in ("MessageEvent", "AmendedEvent", "ReactionEvent", "MemberEvent")
                                               for kind in OPENAPI["components"]["schemas"][name]["properties"]["type"]["enum"]} | {
        "conversation.created", "conversation.updated", "conversation.deleted"}
    assert pointers and ben.rest.get("/v1/sync", params={"cursor": cursor, "wait": 1}).json()["events"] == []
    streamed = ben.rest.stream("/v1/events", len(events) + 1, cursor=start)
    assert [one for one in streamed if one.get("seq")] == events and streamed[-1]["type"] == "read.updated"
    problem(ben.rest.get("/v1/sync", params={"cursor": "junk"}), 400, "bad_request")
    problem(ben.rest.get("/v1/sync", params={"wait": 31}), 400, "bad_request")
    problem(ben.rest.get("/v1/events", headers={"Last-Event-ID": "junk"}), 400, "bad_request")


def test_a_cursor_of_another_server(anna: Person):
    with new_server() as elsewhere:
        foreign = Person(base=elsewhere.url).rest.get("/v1/sync").json()["cursor"]
    problem(anna.rest.get("/v1/sync", params={"cursor": foreign}), 410, "cursor_too_old")
    problem(anna.rest.get("/v1/events", params={"cursor": foreign}), 410, "cursor_too_old")


def test_search(anna: Person, ben: Person):
    talk = anna.direct(ben)
    for i in range(3):
        anna.say(talk, f"a <quick> fox {i}", attachments=[{"url": "https://example.org/fox"}])
    words = {"q": '"quick fox" -dog', "conversation_id": talk["id"], "sender_id": anna.id, "type": "text", "has": "attachment",
             "from": "2020-01-01T00:00:00Z", "to": "2100-01-01T00:00:00Z"}
    page = eventually(lambda: (got := ben.rest.get("/v1/search/messages", params={**words, "limit": 2}).json())["next"] and got)
    assert "<mark>" in page["items"][0]["snippet"]
    assert len(ben.rest.get("/v1/search/messages", params={**words, "after": page["next"]}).json()["items"]) == 1
    assert [one["id"] for one in ben.rest.get("/v1/search/conversations", params={"q": anna.id, "limit": 5}).json()["items"]] == [talk["id"]]
    problem(ben.rest.get("/v1/search/messages"), 400, "bad_request")
    problem(ben.rest.get("/v1/search/messages", params={"q": "x", "conversation_id": "nothing"}), 404, "not_found")
    problem(ben.rest.get("/v1/search/conversations", params={"q": ""}), 400, "bad_request")


def test_files(anna: Person, ben: Person):
    file = anna.rest.call("POST", "/v1/files", files={"file": ("a.txt", b"0123456789", "text/plain")})
    assert file.status_code == 201 and file.headers["location"] == file.json()["url"]
    named = {"Content-Type": "application/x-own", "Content-Disposition": 'attachment; filename="b.bin"'}
    raw = anna.rest.call("POST", "/v1/files", content=b"\x00\x01", headers=named)
    assert raw.json()["name"] == "b.bin"
    path = file.json()["url"]
    problem(ben.rest.get(path), 404, "not_found")
    shown = anna.say(anna.direct(ben), "look", attachments=[{"file_id": file.json()["id"], "width": 1}])
    assert shown["attachments"][0]["name"] == "a.txt" and ben.rest.get(path).content == b"0123456789"
    assert ben.rest.get(path, headers={"Range": "bytes=2-4"}).status_code == 206
    assert ben.rest.get(path, headers={"If-None-Match": "*"}).status_code == 304
    assert ben.rest.get(path, headers={"Range": "bytes=10-"}).status_code == 416
    assert ben.rest.call("HEAD", path).headers["content-length"] == "10" and ben.rest.call("HEAD", "/v1/files/nothing").status_code == 404
    problem(anna.rest.call("POST", "/v1/files", content=b""), 400, "bad_request")
    problem(anna.rest.call("POST", "/v1/files", content=bytes(11 * 1024 * 1024)), 413, "too_large")
    problem(ben.rest.delete(path), 403, "forbidden")
    problem(ben.rest.delete(raw.json()["url"]), 404, "not_found")
    assert anna.rest.delete(path).status_code == 204


def test_profiles(anna: Person, ben: Person, service: Person):
    path = f"/v1/users/{anna.id}"
    full = {"display_name": "Anna", "avatar_url": "https://example.org/anna.png", "metadata": {"team": 7}}
    made = anna.rest.put(path, full).json()
    assert {name: made[name] for name in full} == full and made["user_id"] == anna.id and made["updated_at"]
    assert ben.rest.get(path).json() == made
    assert service.rest.put(path, {"display_name": "A."}).json()["display_name"] == "A."
    problem(ben.rest.put(path, {"display_name": "mine"}), 403, "forbidden")
    problem(anna.rest.put(path, {"avatar_url": "javascript:alert(1)"}), 422, "unprocessable")
    problem(anna.rest.put(path, {"metadata": []}), 422, "unprocessable")
    problem(ben.rest.get(f"/v1/users/{new_user()}"), 404, "not_found")


def test_presence_and_blocks(anna: Person, ben: Person, cleo: Person):
    with ben.socket() as b:
        b.ask("presence.set", {"status": "busy"})
        assert anna.rest.get(f"/v1/users/{ben.id}/presence").json()["status"] == "busy"
        assert [one["status"] for one in anna.rest.get("/v1/presence", params={"users": f"{ben.id},{cleo.id}"}).json()["items"]] == ["busy", "offline"]
        assert ben.id in [one["user_id"] for one in anna.rest.get("/v1/users/online", params={"limit": 200}).json()["items"]]
    problem(anna.rest.get("/v1/presence"), 400, "bad_request")
    problem(anna.rest.get("/v1/users/online", params={"after": "zz"}), 400, "bad_request")
    for who in (ben, cleo):
        assert anna.rest.put(f"/v1/blocks/{who.id}").status_code == 204
    page = anna.rest.get("/v1/blocks", params={"limit": 1}).json()
    assert len(anna.rest.get("/v1/blocks", params={"limit": 1, "after": page["next"]}).json()["items"]) == 1
    problem(ben.rest.post(f"/v1/conversations/{ben.direct(anna)['id']}/messages", {"text": "x"}), 403, "blocked")
    problem(anna.rest.put(f"/v1/blocks/{anna.id}"), 422, "unprocessable")
    problem(anna.rest.delete("/v1/blocks/" + "x" * 129), 422, "unprocessable")
    assert anna.rest.delete(f"/v1/blocks/{ben.id}").status_code == 204


def test_devices(anna: Person, ben: Person, admin: Person):
    with NativeSocket(ws_url(anna.base, "/v1/ws"), anna.token, hello=False) as phone, anna.socket():
        device = {"device_id": "phone", "platform": "ios", "app_version": "1.2"}
        session = phone.ask("hello", device)["session_id"]
        devices = {one["id"]: one for one in anna.rest.get("/v1/devices").json()["items"]}
        assert len(devices) == 2 and device.items() <= devices[session].items()
        everybody = admin.rest.get("/v1/admin/connections", params={"limit": 200}).json()["items"]
        assert {"id": session, "user_id": anna.id} in [{"id": one["id"], "user_id": one["user_id"]} for one in everybody]
        problem(anna.rest.get("/v1/admin/connections"), 403, "forbidden")
        problem(admin.rest.get("/v1/admin/connections", params={"limit": 0}), 400, "bad_request")
        problem(ben.rest.delete(f"/v1/devices/{session}"), 404, "not_found")
        assert anna.rest.delete(f"/v1/devices/{session}").status_code == 204
        assert phone.wait_closed()[0] == 4003
        assert eventually(lambda: len(anna.rest.get("/v1/devices").json()["items"]) == 1)


def test_keys(anna: Person, ben: Person):
    key = lambda letter: base64.b64encode(letter.encode() * 33).decode()   # noqa: E731
    bundle = {"device_id": "phone", "identity_key": key("i"), "signed_prekey": {"id": 1, "key": key("s"), "signature": key("t")},
              "one_time_prekeys": [{"id": 2, "key": key("o")}]}
    assert anna.rest.put("/v1/keys", bundle).json() == {"device_id": "phone", "one_time_prekey_count": 1}
    first, second = (ben.rest.get(f"/v1/keys/{anna.id}").json()["devices"] for _ in range(2))
    assert first == [{**{name: bundle[name] for name in ("device_id", "identity_key", "signed_prekey")}, "one_time_prekey": {"id": 2, "key": key("o")}}]
    assert second[0]["one_time_prekey"] is None
    problem(anna.rest.put("/v1/keys", {**bundle, "identity_key": "!"}), 422, "unprocessable")
    problem(anna.rest.put("/v1/keys", {**bundle, "device_id": ""}), 422, "unprocessable")


def test_notifications_and_reports(anna: Person, ben: Person, service: Person, admin: Person):
    for i in range(2):
        more = {"body": "there", "data": {"n": i}} if i else {}
        assert service.rest.post("/v1/notifications", {"user_ids": [anna.id], "type": "news", "title": "hi", **more}).status_code == 202
    page = anna.rest.get("/v1/notifications", params={"limit": 1, "unread_only": "true"}).json()
    assert anna.rest.get("/v1/notifications", params={"after": page["next"]}).json()["items"][0]["read"] is False
    assert anna.rest.post(f"/v1/notifications/{page['items'][0]['id']}/read").status_code == 204
    assert anna.rest.post("/v1/notifications/read-all").status_code == 204
    problem(anna.rest.post("/v1/notifications", {"user_ids": [ben.id], "type": "news", "title": "hi"}), 403, "forbidden")
    problem(service.rest.post("/v1/notifications", {"user_ids": [], "type": "news", "title": "hi"}), 422, "unprocessable")
    problem(anna.rest.post("/v1/notifications/nothing/read"), 404, "not_found")
    problem(anna.rest.get("/v1/notifications", params={"unread_only": "perhaps"}), 400, "bad_request")

    message = ben.say(ben.direct(anna), "rude")
    for about in ({"message_id": message["id"], "reason": "rude"}, {"user_id": ben.id}):
        assert anna.rest.post("/v1/reports", about).status_code == 201
    page = admin.rest.get("/v1/admin/reports", params={"limit": 1}).json()
    assert admin.rest.get("/v1/admin/reports", params={"limit": 1, "after": page["next"]}).json()["items"][0]["message_id"] == message["id"]
    problem(anna.rest.post("/v1/reports", {"reason": "nothing"}), 422, "unprocessable")
    problem(anna.rest.post("/v1/reports", {"message_id": "nothing"}), 404, "not_found")
    problem(anna.rest.get("/v1/admin/reports"), 403, "forbidden")


def test_settings_and_figures(anna: Person, admin: Person):
    assert any(one["value"] is None for one in admin.rest.get("/v1/admin/settings").json()["items"])
    assert admin.rest.get("/v1/admin/stats").json()["store_up"] is True
    for path in ("/v1/admin/settings", "/v1/admin/stats"):
        problem(anna.rest.get(path), 403, "forbidden")
    one = "/v1/admin/settings/recall-window"
    assert admin.rest.put(one, {"value": "3m"}).json() == {"key": "recall-window", "value": "3m", "live": True}
    assert admin.rest.put(one, {"value": None}).json()["value"] == "2m"
    assert admin.rest.post("/v1/admin/settings/reload").json() == {"changed": [], "need_restart": []}
    problem(anna.rest.put(one, {"value": "3m"}), 403, "forbidden")
    problem(admin.rest.put(one, {"value": "soon"}), 422, "unprocessable")
    problem(admin.rest.put("/v1/admin/settings/nothing", {"value": "1"}), 404, "not_found")
    problem(admin.rest.put("/v1/admin/settings/loops", {"value": 2}), 409, "conflict")


def test_exports(anna: Person, ben: Person):
    talk = anna.direct(ben)
    anna.say(talk, "to take along")
    made = anna.rest.post("/v1/exports", {"conversation_id": talk["id"], "format": "html", "client_id": "e"})
    assert made.status_code == 202 and anna.rest.post("/v1/exports", {}).json()["format"] == "jsonl"
    ready = anna.rest.get(f"/v1/exports/{made.json()['id']}").json()
    assert ready == made.json() and anna.rest.get(ready["url"]).content.startswith(b"PK")
    problem(ben.rest.get(ready["url"]), 404, "not_found")
    problem(anna.rest.get("/v1/exports/nothing"), 404, "not_found")
    problem(anna.rest.post("/v1/exports", {"format": "pdf"}), 422, "unprocessable")
    problem(anna.rest.post("/v1/exports", {"conversation_id": "nothing"}), 404, "not_found")


def test_bans_and_erasure(anna: Person, ben: Person, admin: Person):
    path = f"/v1/admin/users/{ben.id}"
    problem(anna.rest.post(path + "/ban"), 403, "forbidden")
    problem(anna.rest.delete(path + "/ban"), 403, "forbidden")
    problem(anna.rest.delete(path), 403, "forbidden")
    problem(admin.rest.post(path + "/ban", {"until": "soon"}), 422, "unprocessable")
    problem(admin.rest.post(f"/v1/admin/users/{admin.id}/ban"), 409, "conflict")
    for body in (None, {"until": "2100-01-01T00:00:00Z", "reason": "rude"}):
        assert admin.rest.post(path + "/ban", body).status_code == 204
        problem(ben.rest.get("/v1/blocks"), 403, "revoked")
        assert admin.rest.delete(path + "/ban").status_code == 204
        assert ben.rest.get("/v1/blocks").status_code == 200
    message = ben.say(ben.direct(anna), "to be erased")
    assert admin.rest.delete(path).json() == {"status": "accepted"}
    assert eventually(lambda: anna.rest.get(f"/v1/messages/{message['id']}").json().get("deleted_at"), 10)


def test_too_many_requests():
    with new_server("sqlite", "--rate-limit", "1/s:5") as slow:
        anna = person(slow)
        answers = [anna.rest.get("/v1/blocks") for _ in range(7)]
        problem(answers[-1], 429, "rate_limited")
        declared = follow(OPENAPI, find_operation("GET", "/v1/blocks")[1]["responses"]["429"])["headers"]
        assert all(name in answers[-1].headers for name in declared)
        with CheckedSocket(person(slow), slow) as a:
            with pytest.raises(Refused) as refused:
                for _ in range(7):
                    a.ask("ping")
            assert refused.value.error["retry_after_ms"] > 0


def test_no_operation_was_left_out(server):
    """By the tests above, on this server."""
    assert {operation["operationId"] for *_, operation in operations()} - touched[server.url] == set()


# ---------------------------------------------------------------- the WebSocket

COMMANDS: dict[str, dict] = {}   # by type: the message of the client and those that can answer it
EVENTS: dict[str, dict] = {}     # by type: the message of the server
for _operation in ASYNCAPI["operations"].values():
    _message = follow(ASYNCAPI, _operation["messages"][0])
    if _operation["action"] == "receive":
        COMMANDS[_message["name"]] = {"sent": _message, **{one["name"]: one for one in (follow(ASYNCAPI, ref) for ref in _operation["reply"]["messages"])}}
    else:
        EVENTS[_message["name"]] = _message


class CheckedSocket(NativeSocket):
    """Every frame that comes has to be what the document says, and every frame that got its ok, too."""

    def __init__(self, who: Person, server, **kw: Any):
        self.server, self.asked = server, {}
        super().__init__(ws_url(who.base, "/v1/ws"), who.token, **kw)

    def send(self, frame: Any) -> None:
        if isinstance(frame, dict) and "id" in frame:
            self.asked[frame["id"]] = frame
        super().send(frame)

    def _pull(self, timeout: float) -> bool:
        before = len(self.seen)
        there = super()._pull(timeout)
        for frame in self.seen[before:]:
            self.check_frame(frame)
        return there

    def check_frame(self, frame: dict) -> None:
        asked = self.asked.get(frame.get("ref"), {})
        if frame["type"] == "ok":
            command = COMMANDS[asked["type"]]
            check(ASYNCAPI, command["ok"]["payload"], frame, f"the answer to {asked['type']}")
            check(ASYNCAPI, command["sent"]["payload"], asked, asked["type"])
            commands_done[self.server.url].add(asked["type"])
        elif frame["type"] == "error":
            check(ASYNCAPI, ASYNCAPI["components"]["messages"]["error"]["payload"], frame, "an error")
        else:
            assert frame["type"] in EVENTS, f"{frame} is not described"
            check(ASYNCAPI, EVENTS[frame["type"]]["payload"], frame, frame["type"])
            events_seen[self.server.url].add(frame["type"])


def test_commands_and_their_answers(server, anna: Person, ben: Person):
    talk = anna.direct(ben)
    here = {"conversation_id": talk["id"]}
    with CheckedSocket(anna, server, hello=False) as a, CheckedSocket(ben, server, device_id="phone") as b:
        assert a.refused("ping") == "bad_request"
        a.ask("hello", {"device_id": "desk", "platform": "web", "app_version": "1"})
        sent = a.ask("message.send", {**here, "text": "hello", "client_id": "k", "mentions": [{"all": True}]})
        a.ask("message.send", {**here, "text": "again", "parent_id": sent["id"], "quote_id": sent["id"], "attachments": [{"url": "https://a.example"}]})
        a.ask("message.edit", {"id": sent["id"], "text": "Hello"})
        a.ask("message.react", {"id": sent["id"], "emoji": "\U0001F44D"})
        a.ask("message.unreact", {"id": sent["id"], "emoji": "\U0001F44D"})
        a.ask("typing", {**here, "is_typing": True})
        b.ask("message.read", {**here, "seq": sent["seq"]})
        assert a.ask("presence.watch", {"users": [ben.id]})["items"][0]["status"] == "online"
        b.ask("presence.set", {"status": "away"})
        a.expect("presence.changed", where=lambda f: f["data"]["status"] == "away")
        b.ask("message.react", {"id": sent["id"], "emoji": ":ok:"})
        assert a.ask("history", {**here, "limit": 1})["next"] and a.ask("history", {**here, "after_seq": sent["seq"]})["items"]
        a.ask("message.recall", {"id": sent["id"]})
        a.ask("message.delete", {"id": a.ask("message.send", {**here, "text": "x"})["id"]})
        assert a.ask("auth", {"token": anna.token})["expires_at"] and a.ask("ping") == {}
        for type_, data, code in [("message.send", {**here}, "unprocessable"), ("message.send", {"conversation_id": "nothing", "text": "x"}, "not_found"),
                                  ("message.send", {**here, "text": "x" * 10_001}, "too_large"), ("message.edit", {"id": sent["id"], "text": "x"}, "gone"),
                                  ("message.read", {**here, "seq": 1_000}, "unprocessable"), ("presence.set", {"status": "gone"}, "unprocessable"),
                                  ("history", {**here, "limit": 0}, "bad_request"), ("auth", {"token": "junk"}, "unauthorized"),
                                  ("no.such.frame", {}, "bad_request"), ("hello", {}, "bad_request")]:
            assert a.refused(type_, data) == code, (type_, data)
        a.send("no JSON")
        assert a.expect("error")["error"]["code"] == "bad_request"
        assert b.expect("message.deleted")
        b.drain()


def test_signals_of_a_call(server, anna: Person, ben: Person):
    talk = anna.direct(ben)
    with CheckedSocket(anna, server) as a, CheckedSocket(ben, server) as b:
        a.ask("call.signal", {"to": ben.id, "call_id": "c1", "kind": "offer", "payload": {"sdp": "v=0"}})
        assert b.expect("call.signal")["data"] == {"user_id": anna.id, "call_id": "c1", "kind": "offer", "payload": {"sdp": "v=0"}}
        b.ask("call.signal", {"conversation_id": talk["id"], "call_id": "c1", "kind": "answer"})
        assert a.expect("call.signal")["data"] == {"user_id": ben.id, "call_id": "c1", "kind": "answer", "conversation_id": talk["id"]}
        with pytest.raises(Refused):
            a.ask("call.signal", {"call_id": "c1", "kind": "end"})


# covers: native message.pinned
# covers: native message.unpinned
# covers: native reaction.added
# covers: native reaction.removed
# covers: native member.added
# covers: native member.updated
def test_events_live_and_again(server, anna: Person, ben: Person, cleo: Person, service: Person):
    with CheckedSocket(anna, server) as a, CheckedSocket(ben, server) as b:
        cursor = b.welcome["cursor"]
        everything_happens(anna, ben)
        assert service.rest.post("/v1/notifications", {"user_ids": [ben.id], "type": "news", "title": "hi"}).status_code == 202
        b.expect("notification.created")
        b.expect("conversation.deleted")
        sent = anna.say(anna.direct(ben), "read this")
        ben.rest.post(f"/v1/conversations/{sent['conversation_id']}/read", {"seq": sent["seq"]})
        a.expect("read.updated", where=lambda f: f["data"]["user_id"] == ben.id)
        b.expect("unread.updated", where=lambda f: f["data"]["unread_count"] == 0)
        # Who fetches at the echo door has been reached.
        talk = anna.direct(cleo)
        anna.say(talk, "have you got this?")
        fetched = Rest(server.url + "/echo", {"Authorization": f"Bearer {cleo.token}"}).get(f"/api/v1/conversations/{talk['id']}/messages")
        assert fetched.status_code == 200
        a.expect("delivered.updated", where=lambda f: f["data"]["user_id"] == cleo.id)
        b.drain()
    with CheckedSocket(ben, server, cursor=cursor) as b:
        b.expect("synced")
        assert {"conversation.deleted", "message.recalled", "read.updated"} <= {frame["type"] for frame in b.seen}


def test_a_server_that_ends_says_so(server):
    with new_server() as ending:
        anna = Person(base=ending.url)
        with CheckedSocket(anna, server) as a:
            ending.process.send_signal(signal.SIGTERM)
            a.expect("drain")
            assert a.wait_closed(10)[0] == 1001


def test_no_frame_was_left_out(server):
    """By the tests above, on this server."""
    assert COMMANDS.keys() - commands_done[server.url] == set()
    assert EVENTS.keys() - events_seen[server.url] == set()
