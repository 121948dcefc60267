"""How long, on which store, with which dice: from the environment."""
from __future__ import annotations

import os
import secrets

LONG = bool(os.environ.get("PARLEY_TEST_LONG"))
ROUNDS = int(os.environ.get("CRASH_ROUNDS") or (30 if LONG else 4))
LINK_ROUNDS = int(os.environ.get("CRASH_ROUNDS") or (12 if LONG else 1))   # these take half a minute each
SEED = os.environ.get("CRASH_SEED") or secrets.token_hex(4)
SABOTAGE_ROUNDS = 2

# Machines with links between them are network namespaces, which needs root. Whoever has not got it leaves them out by
# PARLEY_TEST_WITHOUT=links; the head of the report says so.
WITHOUT = os.environ.get("PARLEY_TEST_WITHOUT", "")
_HERE = ["sqlite", "postgres", "mongo", "nodes over nats", "nodes over redis"]
_LINKED = [] if WITHOUT == "links" else ["links over nats", "links over redis"]
_ONLY = os.environ.get("CRASH_STORE")
STORES = [store for store in _HERE if _ONLY in (None, "", store)]
LINKED = [store for store in _LINKED if _ONLY in (None, "", store)]
if not STORES + LINKED:
    raise SystemExit(f"CRASH_STORE={_ONLY} is none of {', '.join(_HERE + _LINKED)}")
