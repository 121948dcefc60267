"""Runs pytest over a folder and counts: what was skipped and is not listed as not yet done has failed."""
from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys
import tempfile

from tally import Tally

ROOT = pathlib.Path(__file__).resolve().parents[2]
PLUGIN_FOLDER = ROOT / "tests" / "acceptance_run"
NOT_YET = PLUGIN_FOLDER / "not_yet.txt"


def run(paths: list[str], environment: dict[str, str], arguments: list[str] = (), where: str = "") -> Tally:
    """`where` names the run in the list of failures, such as "postgres"."""
    with tempfile.TemporaryDirectory(prefix="parley-pytest-") as folder:
        report = pathlib.Path(folder) / "report.json"
        python_path = [str(PLUGIN_FOLDER), str(ROOT / "tests" / "run"), *filter(None, [os.environ.get("PYTHONPATH")])]
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "plugin", "-p", "no:cacheprovider", f"--rootdir={ROOT}",
             "--tb=short", "-rN", *paths, *arguments],
            cwd=ROOT, stdin=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(python_path), "PYTHONDONTWRITEBYTECODE": "1",
                 "PARLEY_NOT_YET": str(NOT_YET), "PARLEY_REPORT": str(report), **environment})
        tally = Tally()
        suffix = f" ({where})" if where else ""
        outcomes = json.loads(report.read_text()) if report.exists() else {}
        for case, (outcome, detail) in outcomes.items():
            if outcome == "passed":
                tally.passed += 1
            elif outcome == "expected":
                tally.expected += 1
            else:
                tally.fail(f"{case}{suffix}: {outcome}{': ' + detail if detail else ''}")
        if done.returncode not in (0, 1) or not report.exists():
            tally.fail(f"pytest {' '.join(paths)}{suffix} ended with {done.returncode}")
        return tally
