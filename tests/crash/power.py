"""A power loss, for a store in local files: after the kill only what was synced is there. How: synced_copies.c."""
from __future__ import annotations

import os
import pathlib
import shutil
import subprocess

SOURCE = pathlib.Path(__file__).with_name("synced_copies.c")
STORE_FILES = "parley.db*"


class PowerLoss:
    def __init__(self, folder: pathlib.Path):
        self.copies = folder / "synced"
        self.copies.mkdir()
        self.library = folder / "synced_copies.so"
        compiler = next(filter(None, map(shutil.which, ("cc", "clang", "clang-19", "gcc"))), None)
        assert compiler, "no C compiler; ./dev test installs clang-19"
        subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o", self.library, SOURCE, "-ldl", "-lpthread"],
                       check=True, timeout=60)

    def environment(self, data: pathlib.Path) -> dict[str, str]:
        return {"LD_PRELOAD": str(self.library), "CRASH_DATA": os.path.realpath(data), "CRASH_COPIES": str(self.copies)}

    def strike(self, data: pathlib.Path) -> None:
        """The server is dead. Its files become what they were when they were last synced; a file that never was is gone."""
        for file in data.glob(STORE_FILES):
            synced = self.copies / file.name
            if synced.exists():
                shutil.copyfile(synced, file)
            else:
                file.unlink()

    def break_the_sync(self) -> None:
        (self.copies / "broken").touch()

    def has_copies(self) -> bool:
        """Or the library was not loaded, and a power loss would take everything."""
        return any(self.copies.glob(STORE_FILES))
