import os
import pathlib
import sys

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "run"), str(TESTS / "acceptance")]   # services.py; client.py, native.py
os.environ.setdefault("ACCEPT_JWT_SECRET", "acceptance-secret-of-at-least-32-bytes")
