"""How long, on which store, with which dice: from the environment."""
from __future__ import annotations

import os
import secrets

ROUNDS = int(os.environ.get("CRASH_ROUNDS") or (30 if os.environ.get("PARLEY_TEST_LONG") else 4))
SEED = os.environ.get("CRASH_SEED") or secrets.token_hex(4)
STORES = [os.environ["CRASH_STORE"]] if os.environ.get("CRASH_STORE") else ["sqlite", "postgres", "mongo", "nodes over nats", "nodes over redis"]
SABOTAGE_ROUNDS = 2
