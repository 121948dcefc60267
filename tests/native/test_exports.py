"""§3: histories to take along."""
from __future__ import annotations

import io
import json
import zipfile

from native import Person, problem

PNG = bytes.fromhex("89504e470d0a1a0a0000000d4948445200000001000000010806000000"
                    "1f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082")


def archive(who: Person, **what) -> zipfile.ZipFile:
    made = who.rest.post("/v1/exports", what)
    assert made.status_code == 202, made.text
    state = who.rest.get(f"/v1/exports/{made.json()['id']}").json()
    assert state["status"] == "ready"
    answer = who.rest.get(state["url"])
    assert answer.status_code == 200 and answer.headers["content-type"] == "application/zip"
    packed = zipfile.ZipFile(io.BytesIO(answer.content))
    assert packed.testzip() is None
    return packed


def messages(packed: zipfile.ZipFile) -> list[dict]:
    return [json.loads(line) for line in packed.read("messages.jsonl").splitlines()]


# covers: native POST /v1/exports
# covers: native GET /v1/exports/{id}
def test_one_conversation_with_its_files(anna: Person, ben: Person):
    talk, other = anna.direct(ben), anna.group(ben)
    anna.say(other, "elsewhere")
    file = anna.rest.call("POST", "/v1/files", files={"file": ("a dot.png", PNG, "image/png")}).json()["id"]
    said = [anna.say(talk, f"message {i}") for i in range(450)]
    anna.say(talk, "look", type="image", attachments=[{"file_id": file}])
    gone = anna.say(talk, "deleted before")
    anna.rest.delete(f"/v1/messages/{gone['id']}")
    ben.rest.put(f"/v1/messages/{said[0]['id']}/reactions/%F0%9F%91%8D")
    packed = archive(ben, conversation_id=talk["id"], format="jsonl")
    lines = messages(packed)
    assert [one["id"] for one in lines[:450]] == [one["id"] for one in said] and len(lines) == 452
    assert lines[0]["reactions"] == [{"emoji": "\U0001F44D", "count": 1, "me": True}]
    assert "text" not in lines[-1] and lines[-1]["deleted_at"]
    name, = [one for one in packed.namelist() if one.startswith("files/")]
    assert file in name and packed.read(name) == PNG


def test_all_of_somebodys_history_as_a_page(anna: Person, ben: Person):
    talk, group = anna.direct(ben), anna.group(ben, name="Plans & <ideas>")
    anna.say(talk, "<script>alert(1)</script>")
    ben.say(group, "second\nline")
    page = archive(anna, format="html").read("index.html").decode()
    assert "&lt;script&gt;alert(1)" in page and "<script>" not in page
    assert "<h2>Plans &amp; &lt;ideas&gt;</h2>" in page and "second\nline" in page
    everything = messages(archive(anna))
    assert {one["conversation_id"] for one in everything} == {talk["id"], group["id"]}


def test_nobody_takes_what_they_may_not_see(anna: Person, ben: Person, cleo: Person):
    group = anna.group(ben)
    said = anna.say(group, "soon gone")
    problem(cleo.rest.post("/v1/exports", {"conversation_id": group["id"]}), 404)
    made = ben.rest.post("/v1/exports", {"conversation_id": group["id"]}).json()
    problem(cleo.rest.get(f"/v1/exports/{made['id']}"), 404)
    problem(cleo.rest.get(made["url"]), 404)
    # What is deleted after it was asked for is not in it either; nor is anything for who has left.
    anna.rest.delete(f"/v1/messages/{said['id']}")
    packed = zipfile.ZipFile(io.BytesIO(ben.rest.get(made["url"]).content))
    assert "soon gone" not in packed.read("messages.jsonl").decode()
    assert anna.rest.delete(f"/v1/conversations/{group['id']}/members/{ben.id}").status_code == 204
    problem(ben.rest.get(made["url"]), 404)
    assert messages(archive(ben)) == []
    problem(ben.rest.post("/v1/exports", {"format": "pdf"}), 422)
    problem(ben.rest.get("/v1/exports/nothing"), 404)
