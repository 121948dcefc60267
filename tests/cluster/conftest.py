import os
import pathlib
import sys

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "run"), str(TESTS / "acceptance")]   # services.py; client.py
collect_ignore = ["test_links.py"] if os.environ.get("PARLEY_TEST_WITHOUT") == "links" else []
os.environ.setdefault("ACCEPT_JWT_SECRET", "acceptance-secret-of-at-least-32-bytes")
