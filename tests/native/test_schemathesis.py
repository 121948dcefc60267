"""What /openapi.json allows, and what it does not, thrown at every operation by schemathesis: nothing ends in a 5xx, and each
answer is one that the document declares. The same examples each time."""
from __future__ import annotations

import json
import os
import random

import hypothesis
import pytest
import schemathesis
from conftest import TESTS, new_server
from native import Person

DOCUMENT = json.loads((TESTS.parent / "src" / "dialects" / "native" / "spec" / "openapi.json").read_text())
# A stream that does not end by itself.
ENDLESS = {"/v1/events"}
for path in ENDLESS:
    del DOCUMENT["paths"][path]
EXAMPLES = 300 if os.environ.get("PARLEY_TEST_LONG") else 12
CHECKS = [check for check in schemathesis.checks.CHECKS.get_all()
          if check.__name__ in ("not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
                                "response_schema_conformance")]
schema = schemathesis.openapi.from_dict(DOCUMENT)


@pytest.fixture(scope="module")
def there():
    """A server with something of each kind in it."""
    with new_server("sqlite", "--rate-limit", "off") as server:
        admin, ben = Person(role="admin", base=server.url), Person(base=server.url)
        group = admin.group(ben)
        message = admin.say(group, "hello", client_id="k")
        file = admin.rest.call("POST", "/v1/files", content=b"text", headers={"Content-Type": "text/plain"}).json()["id"]
        export = admin.rest.post("/v1/exports", {}).json()["id"]
        admin.rest.post("/v1/notifications", {"user_ids": [admin.id], "type": "t", "title": "t"})
        notification = admin.rest.get("/v1/notifications").json()["items"][0]["id"]
        ids = {"conversations": group["id"], "messages": message["id"], "files": file, "exports": export, "notifications": notification, "users": ben.id}
        yield server, admin, ids


def aim(case, ids: dict[str, str]) -> None:
    """Half of the time at something that is there."""
    chance = random.Random(repr(case.path_parameters) + repr(case.body))
    kind = case.operation.path.split("/")[2] if case.operation.path.count("/") > 1 else ""
    for name in case.path_parameters or {}:
        known = {"id": ids.get(kind), "message": ids["messages"], "user": ids["users"]}.get(name)
        if known and chance.random() < 0.5 and not case.operation.path.startswith("/v1/admin/users"):
            case.path_parameters[name] = known
    if isinstance(case.query, dict) and "wait" in case.query:
        case.query["wait"] = 0 if chance.random() < 0.9 else case.query["wait"] if not str(case.query["wait"]).isdigit() else 1
    if isinstance(case.body, dict) and "conversation_ids" in case.body and chance.random() < 0.5:
        case.body["conversation_ids"] = [ids["conversations"]]


@schema.parametrize()
@hypothesis.settings(max_examples=EXAMPLES, deadline=None, derandomize=True, database=None, suppress_health_check=list(hypothesis.HealthCheck))
def test_no_operation_fails_or_answers_what_it_does_not_declare(case, there):
    server, admin, ids = there
    aim(case, ids)
    answer = case.call(base_url=server.url, headers={"Authorization": f"Bearer {admin.token}"}, timeout=40)
    case.validate_response(answer, checks=CHECKS)
