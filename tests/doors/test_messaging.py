"""The messaging door where the acceptance cases leave off."""
from __future__ import annotations

import os
import pathlib

import services
from client import Rest, Socket, make_token, new_user, ws_url

BINARY = pathlib.Path(os.environ.get("PARLEY_BIN") or pathlib.Path(__file__).resolve().parents[2] / "build" / "release" / "parley")


def test_either_side_ends_a_direct_conversation_and_the_two_begin_another():
    port = services.free_port()
    with services.Parley(BINARY, arguments=["--listen", f"127.0.0.1:{port}=messaging"]):
        base = f"http://127.0.0.1:{port}"
        anna, ben, cara = new_user(), new_user(), new_user()

        def rest(user: str) -> Rest:
            return Rest(base, {"Authorization": "Bearer " + make_token(services.JWT_SECRET, {"user_id": user})})

        def begin() -> str:
            return rest(anna).post("/api/v1/conversations", {"type": "direct", "member_ids": [anna, ben]}).json()["id"]

        first = begin()
        rest(anna).post(f"/api/v1/conversations/{first}/messages", {"content": "soon gone"})
        assert rest(cara).delete(f"/api/v1/conversations/{first}").status_code in (403, 404)
        with Socket(ws_url(base, "/ws?token=" + make_token(services.JWT_SECRET, {"user_id": anna}))) as socket:
            assert rest(ben).delete(f"/api/v1/conversations/{first}").json() == {"status": "ok"}
            assert socket.expect("conversation.deleted")["data"]["conversation_id"] == first
        assert rest(anna).get(f"/api/v1/conversations/{first}").status_code == 404
        assert rest(anna).get(f"/api/v1/conversations/{first}/messages").status_code in (403, 404)
        second = begin()
        assert second != first and begin() == second
        assert rest(ben).get(f"/api/v1/conversations/{second}/messages").json() == []
