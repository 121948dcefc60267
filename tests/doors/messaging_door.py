"""A server of its own with the messaging door, for each file that imports `server` and `base`; and what such files ask alike."""
from __future__ import annotations

from messaging import Person
from one_door import BINARY, fixtures  # noqa: F401

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\2\0\0\0\x90wS\xde\0\0\0\0IEND\xaeB`\x82"

server, base = fixtures("messaging", "--messaging-rate-limit", "1000:1000", "--messaging-frames-limit", "100:300")


def upload_named(who: Person, name: str, content: bytes, mime: str):
    """The name as it is: the usual client would write a control character in another way."""
    head = f'--b\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\nContent-Type: {mime}\r\n\r\n'
    return who.rest.call("POST", "/api/v1/files", content=head.encode() + content + b"\r\n--b--\r\n",
                         headers={"Content-Type": "multipart/form-data; boundary=b"})


def code_of(r, *statuses: int) -> str:
    assert r.status_code in statuses, (r.status_code, r.text[:500])
    assert r.json()["error"]
    return r.json()["code"]
