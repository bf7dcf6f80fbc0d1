"""Ends a PostgreSQL of the tests when their session has ended: guardian.py FOLDER PG_CTL PROCESS.

A program of its own, which a test session starts and does not wait for: fixtures of a killed session
would leave the server running.
"""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

_PAUSE = 0.2


def guard(folder: Path, pg_ctl: str, session: int) -> None:
    """Wait for the end of a process, then stop the server of a folder and remove the folder."""
    while _is_alive(session) and folder.exists():
        time.sleep(_PAUSE)
    end(folder, pg_ctl)


def end(folder: Path, pg_ctl: str) -> None:
    """Stop the server of a folder, as the folder's owner, and remove the folder."""
    if not folder.exists():
        return
    owner = folder.stat().st_uid if os.getuid() == 0 else None
    subprocess.run(
        [pg_ctl, "stop", "-D", str(folder / "data"), "-m", "immediate", "-w"],
        cwd="/",
        user=owner,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    shutil.rmtree(folder, ignore_errors=True)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


if __name__ == "__main__" and os.fork() == 0:  # nobody waits for it
    os.setsid()
    guard(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
