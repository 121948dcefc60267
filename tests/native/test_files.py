"""§3: files: who may have them, parts of them, and when they go."""
from __future__ import annotations

import hashlib
import pathlib
import socket
import time

import brokers
import httpx
import pytest
import services
from client import Rest, make_token
from conftest import new_server
from native import Person, problem

MIB = 1024 * 1024


def upload(person: Person, content: bytes, name: str = "notes.txt", mime: str = "text/plain") -> dict:
    answer = person.rest.call("POST", "/v1/files", files={"file": (name, content, mime)})
    assert answer.status_code == 201, answer.text
    return answer.json()


def show(person: Person, where: dict, file: dict, **words) -> dict:
    return person.say(where, "look", attachments=[{"file_id": file["id"], "mime": "a/lie", "size": 1, **words}])


def status_of(person: Person, file: dict) -> int:
    return person.rest.get(f"/v1/files/{file['id']}").status_code


def test_what_is_known_of_a_file_comes_from_its_bytes(anna: Person, ben: Person):
    content = b"hello file" * 100
    file = upload(anna, content, name="../../../gr\u00fcn \u200d\"1\".txt")
    assert (file["mime"], file["size"], file["sha256"]) == ("text/plain", 1000, hashlib.sha256(content).hexdigest())
    message = show(anna, anna.direct(ben), file, width=3)
    assert message["attachments"] == [{"file_id": file["id"], "mime": "text/plain", "size": 1000, "name": file["name"], "width": 3}]
    assert "/" not in file["name"] and file["name"].endswith(".txt")
    page = upload(anna, b"<!doctype html><html><script>alert(1)</script>", name="x.png", mime="image/png")
    got = anna.rest.get(f"/v1/files/{page['id']}")
    assert page["mime"] == "text/html" and got.headers["content-disposition"].startswith("attachment") and got.headers["x-content-type-options"] == "nosniff"


def test_a_raw_body_is_a_file_too(anna: Person):
    answer = anna.rest.call("POST", "/v1/files", content=b"\x00\x01raw", headers={"Content-Type": "application/x-own", "Content-Disposition": "attachment; filename*=UTF-8''my%20data.bin"})
    assert answer.status_code == 201 and answer.json()["name"] == "my data.bin" and answer.json()["mime"] == "application/x-own"
    problem(anna.rest.call("POST", "/v1/files", content=b""), 400)
    problem(anna.rest.call("POST", "/v1/files", content=b"--b\r\nbroken", headers={"Content-Type": "multipart/form-data; boundary=b"}), 400)
    problem(anna.rest.call("POST", "/v1/files", data={"file": "no file"}, files={"note": (None, "text")}), 400)


def test_parts_and_conditions(anna: Person):
    file = upload(anna, b"0123456789")
    path = f"/v1/files/{file['id']}"
    whole = anna.rest.get(path)
    assert whole.content == b"0123456789" and whole.headers["accept-ranges"] == "bytes"
    for wanted, status, content in [("bytes=2-4", 206, b"234"), ("bytes=7-", 206, b"789"), ("bytes=-3", 206, b"789"), ("bytes=0-99", 206, b"0123456789"),
                                    ("bytes=4-2", 200, whole.content), ("lines=1-2", 200, whole.content), ("bytes=0-1,4-5", 200, whole.content)]:
        got = anna.rest.get(path, headers={"Range": wanted})
        assert (got.status_code, got.content) == (status, content), wanted
    part = anna.rest.get(path, headers={"Range": "bytes=2-4"})
    assert part.headers["content-range"] == "bytes 2-4/10" and part.headers["content-length"] == "3"
    beyond = anna.rest.get(path, headers={"Range": "bytes=10-"})
    assert beyond.status_code == 416 and beyond.headers["content-range"] == "bytes */10"
    assert anna.rest.get(path, headers={"If-None-Match": whole.headers["etag"]}).status_code == 304
    assert anna.rest.get(path, headers={"Range": "bytes=2-4", "If-Range": '"other"'}).status_code == 200
    head = anna.rest.call("HEAD", path)
    assert head.status_code == 200 and head.headers["content-length"] == "10" and head.content == b""


def test_only_who_sees_a_message_with_it_may_have_it(anna: Person, ben: Person, cleo: Person):
    file = upload(anna, b"for some")
    problem(ben.rest.get(f"/v1/files/{file['id']}"), 404)
    group = anna.group(ben)
    problem(cleo.rest.post(f"/v1/conversations/{cleo.group(ben)['id']}/messages", {"text": "x", "attachments": [{"file_id": file["id"]}]}), 422)
    message = show(anna, group, file)
    assert (status_of(ben, file), status_of(cleo, file)) == (200, 404)
    with_cleo = ben.direct(cleo)
    forwarded = ben.rest.post(f"/v1/messages/{message['id']}/forward", {"conversation_ids": [with_cleo["id"]]})
    assert forwarded.status_code in (200, 201), forwarded.text
    assert status_of(cleo, file) == 200
    anna.rest.delete(f"/v1/conversations/{group['id']}/members/{ben.id}")
    assert status_of(ben, file) == 200   # still in the other one
    problem(ben.rest.delete(f"/v1/files/{file['id']}"), 403)


def test_the_last_message_takes_its_file_with_it(anna: Person, ben: Person):
    file = upload(anna, b"twice shown")
    talk = anna.direct(ben)
    first, second = show(anna, talk, file), show(anna, talk, file)
    anna.rest.delete(f"/v1/messages/{first['id']}")
    assert (status_of(anna, file), status_of(ben, file)) == (200, 200)
    assert anna.rest.post(f"/v1/messages/{second['id']}/recall").status_code == 200
    services.wait_until(lambda: status_of(anna, file) == 404, 10, "the file to be gone")


def test_a_deleted_file_goes_from_its_messages(anna: Person, ben: Person):
    keep, drop = upload(anna, b"stays"), upload(anna, b"goes")
    talk = anna.direct(ben)
    message = anna.say(talk, "two", attachments=[{"file_id": keep["id"]}, {"file_id": drop["id"]}])
    with ben.socket() as s:
        assert anna.rest.delete(f"/v1/files/{drop['id']}").status_code == 204
        told = s.expect("message.updated")
    assert [one["file_id"] for one in told["data"]["attachments"]] == [keep["id"]]
    shown = ben.history(talk)[0]
    assert shown["id"] == message["id"] and [one["file_id"] for one in shown["attachments"]] == [keep["id"]] and not shown.get("edited_at")
    problem(ben.rest.get(f"/v1/files/{drop['id']}"), 404)
    assert status_of(ben, keep) == 200


def test_limits_by_type(anna: Person):
    mp4 = b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom" + bytes(11 * MIB)
    assert upload(anna, mp4, "film.mp4", "video/mp4")["mime"] == "video/mp4"
    problem(anna.rest.call("POST", "/v1/files", files={"file": ("film.mp4", bytes(11 * MIB), "video/mp4")}), 413)
    problem(anna.rest.call("POST", "/v1/files", content=bytes(51 * MIB)), 413)
    problem(Person(base=anna.base, secret="another-secret-of-at-least-32-bytes").rest.call("POST", "/v1/files", content=b"x" * MIB), 401)


def test_a_large_file_comes_and_goes_in_pieces():
    size = 300 * MIB
    # The address sanitizer would keep 256 MiB of what was freed.
    with new_server("sqlite", "--file-limit", "1GiB", environment={"ASAN_OPTIONS": "quarantine_size_mb=8"}) as server:
        anna = Person(base=server.url)

        def memory() -> int:
            lines = pathlib.Path(f"/proc/{server.process.pid}/status").read_text().splitlines()
            return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) * 1024

        block = hashlib.sha256(b"block").digest() * (MIB // 32)
        upload(anna, b"warm")
        before = memory()
        highest = before

        def pieces():
            nonlocal highest
            for _ in range(size // MIB):
                yield block
                highest = max(highest, memory())

        answer = httpx.post(f"{server.url}/v1/files", content=pieces(), headers={"Authorization": f"Bearer {anna.token}"}, timeout=120)
        assert answer.status_code == 201 and answer.json()["size"] == size, answer.text
        taken = hashlib.sha256()
        with httpx.stream("GET", f"{server.url}/v1/files/{answer.json()['id']}", headers={"Authorization": f"Bearer {anna.token}"}, timeout=120) as got:
            for piece in got.iter_bytes():
                taken.update(piece)
                highest = max(highest, memory())
        assert taken.hexdigest() == answer.json()["sha256"]
        print(f"{size // MIB} MiB up and down, memory from {before // MIB} to at most {highest // MIB} MiB")
        assert highest - before < 60 * MIB


def test_what_nobody_shows_and_what_breaks_off_leaves_nothing():
    with new_server("sqlite", "--loose-files", "1s") as server:
        anna, ben = Person(base=server.url), Person(base=server.url)
        shown, loose = upload(anna, b"shown"), upload(anna, b"loose")
        show(anna, anna.direct(ben), shown)
        with socket.create_connection(("127.0.0.1", server.port)) as raw:
            raw.sendall(f"POST /v1/files HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {anna.token}\r\nContent-Length: 1000000\r\n\r\nonly a part".encode())
            services.wait_until(lambda: list((server.data / "files" / "incoming").iterdir()), 10, "the part to be on disk")
        services.wait_until(lambda: not list((server.data / "files" / "incoming").iterdir()), 10, "the part to be gone")
        services.wait_until(lambda: status_of(anna, loose) == 404, 20, "what nobody shows to be gone")
        assert status_of(ben, shown) == 200
        services.wait_until(lambda: len([one for one in (server.data / "files").rglob("*") if one.is_file()]) == 1, 10, "one file to be left on disk")
        server.kill()
        server.start()
        assert ben.rest.get(f"/v1/files/{shown['id']}").content == b"shown"


def test_a_bucket_lets_anybody_in_who_is_sent_there():
    with brokers.S3() as s3, new_server("sqlite", "--files", s3.wait().url) as server:
        anna, ben = Person(base=server.url), Person(base=server.url)
        content = b"in a bucket " * 1000
        file = upload(anna, content, "b\u00fccket.txt")
        problem(ben.rest.get(f"/v1/files/{file['id']}"), 404)
        show(anna, anna.direct(ben), file)
        sent = ben.rest.get(f"/v1/files/{file['id']}")
        assert sent.status_code == 307 and sent.headers["location"].startswith(f"http://127.0.0.1:{s3.port}/bucket/")
        got = httpx.get(sent.headers["location"])
        assert got.content == content and got.headers["content-type"] == "text/plain" and "attachment" in got.headers["content-disposition"]
        assert httpx.get(sent.headers["location"].replace("X-Amz-Signature=", "X-Amz-Signature=0")).status_code == 403
        assert anna.rest.delete(f"/v1/files/{file['id']}").status_code == 204
        services.wait_until(lambda: httpx.get(sent.headers["location"]).status_code == 404, 10, "the object to be gone")
        s3.halt()
        begin = time.monotonic()
        problem(anna.rest.call("POST", "/v1/files", content=b"nowhere to go"), 503)
        assert time.monotonic() - begin < 10


@pytest.mark.parametrize("door", ["messaging", "dinq"])
def test_files_are_one_for_all_doors(server, door: str):
    anna, ben = Person(base=server.url), Person(base=server.url)
    if door == "messaging":
        rest = Person(base=server.url + "/messaging", user_id=anna.id).rest
        file = rest.call("POST", "/api/v1/files", files={"file": ("a.txt", b"from another door", "text/plain")}).json()
        where = rest.post("/api/v1/conversations", {"type": "direct", "member_ids": [anna.id, ben.id]}).json()
        sent = rest.post(f"/api/v1/conversations/{where['id']}/messages", {"content": "", "type": "file", "file_ids": [file["id"]]})
        assert sent.status_code == 201, sent.text
        again = rest.post(f"/api/v1/conversations/{where['id']}/messages", {"content": "", "type": "file", "file_ids": [file["id"]]})
        assert again.status_code == 400
        assert ben.history(where)[0]["attachments"][0]["name"] == "a.txt"
        for name, content, mime in [("x.png", b"not a picture", "image/png"), ("x.html", b"<!doctype html><html></html>", "text/html"),
                                    ("x.svg", b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml"),
                                    ("x.txt", b"#!/bin/sh\nrm -rf /\n", "text/plain"), ("x.bin", pathlib.Path("/bin/true").read_bytes(), "application/octet-stream")]:
            assert rest.call("POST", "/api/v1/files", files={"file": (name, content, mime)}).status_code == 415, name
        assert rest.call("POST", "/api/v1/files", files={"other": ("a.txt", b"x", "text/plain")}).status_code == 400
        assert rest.call("POST", "/api/v1/files", files={"file": ("a.txt", b"", "text/plain")}).status_code == 400
        assert rest.delete(f"/api/v1/files/{file['id']}").json() == {"status": "ok"}
        assert "attachments" not in rest.get(f"/api/v1/conversations/{where['id']}/messages").json()[0]
    else:
        rest = Rest(server.url + "/dinq", {"Authorization": "Bearer " + make_token(services.JWT_SECRET, {"user_id": anna.id})})
        file = rest.call("POST", "/api/v1/files", files={"file": ("a.txt", b"from another door", "text/plain")}).json()["data"]
        assert ben.rest.get(f"/v1/files/{file['file_id']}").status_code == 404
        assert rest.get(file["url"]).content == b"from another door"
