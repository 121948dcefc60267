"""People and sockets that check each answer and each frame against /openapi.json and /asyncapi.json, and remember what they saw."""
from __future__ import annotations

import collections
import json
import re
from typing import Any
from urllib.parse import urlsplit

import jsonschema
import pytest
from client import Rest, new_user, ws_url
from conftest import TESTS
from native import NativeSocket, Person

DOOR = TESTS.parent / "src" / "dialects" / "native"
OPENAPI = json.loads((DOOR / "spec" / "openapi.json").read_text())
ASYNCAPI = json.loads((DOOR / "spec" / "asyncapi.json").read_text())
METHODS = {"get", "head", "post", "put", "patch", "delete"}

touched: dict[str, set[str]] = collections.defaultdict(set)         # by server: ids of operations that were done
commands_done: dict[str, set[str]] = collections.defaultdict(set)   # types of frames that got their ok
events_seen: dict[str, set[str]] = collections.defaultdict(set)     # types of events


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
