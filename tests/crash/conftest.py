import pathlib
import sys

import settings

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "run"))   # services.py; `./dev test` has it there already


def pytest_report_header() -> str:
    left_out = f" left out, as asked: {settings.WITHOUT}" if settings.WITHOUT else ""
    return f"CRASH_SEED={settings.SEED} CRASH_ROUNDS={settings.ROUNDS}{left_out}"
