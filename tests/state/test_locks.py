"""A lock is held as long as its process runs."""

import subprocess
import sys
from pathlib import Path

import pytest

from tapctl.state import locks

FINALIZED = """\
import gc, sys
from pathlib import Path
from tapctl.state import locks
locks.hold_until_exit(Path(sys.argv[1]), timeout=1, busy="busy")
vars(locks).clear()  # as the interpreter does before it frees the rest
gc.collect()
print("finalized", flush=True)
sys.stdin.read()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows releases the lock with the first handle that is closed")
def test_a_lock_until_exit_is_held_while_the_interpreter_finalizes(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    command = [sys.executable, "-c", FINALIZED, str(lock)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"finalized\n"
        assert locks.is_held(lock)
    assert not locks.is_held(lock)
