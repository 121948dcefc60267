"""/openapi.json and /asyncapi.json themselves: whole, served as they are, and of all that the door has."""
from __future__ import annotations

import re

import jsonschema
import pytest
from described import ASYNCAPI, DOOR, OPENAPI, Checked, follow, nodes, operations


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
