"""A server of its own with the echo door: each file that imports `server` and `base` has one."""
from __future__ import annotations

from one_door import BINARY, fixtures  # noqa: F401

server, base = fixtures("echo", "--echo-trusted-proxies", "127.0.0.1/32", "--echo-rate-limit", "1000:1000", address="0.0.0.0")
