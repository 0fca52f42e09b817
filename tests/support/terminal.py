"""The command as its users have it: `python -m tapctl` in a process, a folder and an environment of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
INHERITED = ("PATH", "HOME", "SYSTEMROOT", "TMPDIR", "LANG", "VIRTUAL_ENV")


@dataclass(frozen=True)
class Answer:
    """How a command ended and what it said where."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def flat(self) -> str:
        """Both streams without the line ends that the width of the terminal brings."""
        return " ".join(f"{self.out}\n{self.err}".split())

    def is_error(self, code: int) -> bool:
        """Whether stderr is one line with the error, and at most one with the hint."""
        labels = [line.partition(": ")[0] for line in self.err.splitlines()]
        assert (self.code, self.out) == (code, ""), self
        assert labels in (["error"], ["error", "hint"]), self.err
        return True


@dataclass(frozen=True)
class Terminal:
    """Where commands are typed: a folder, a state folder, and what the environment says besides."""

    state: Path
    cwd: Path = ROOT
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def variables(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in INHERITED if name in os.environ}
        nowhere = dict.fromkeys(("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"), os.devnull)
        own = {"TAPCTL_STATE_DIR": str(self.state), "COLUMNS": "140", "AWS_EC2_METADATA_DISABLED": "true"}
        return {**kept, **nowhere, **own, **self.environment}

    def tapctl(self, *arguments: str, merged: bool = False, env: Mapping[str, str] | None = None) -> Answer:
        return self.run(sys.executable, "-m", "tapctl", *arguments, merged=merged, env=env)

    def run(
        self, *command: str, merged: bool = False, env: Mapping[str, str] | None = None, text: str | None = None
    ) -> Answer:
        """Run it; `merged` puts both streams into one, as a terminal shows them."""
        done = subprocess.run(
            command,
            check=False,
            cwd=self.cwd,
            env={**self.variables, **(env or {})},
            stdin=subprocess.DEVNULL if text is None else None,
            input=text,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if merged else subprocess.PIPE,
            text=True,
            timeout=300,
        )
        return Answer(done.returncode, done.stdout, done.stderr or "")
