"""One sandbox for all tests of a process, in which each test or module has an account of its own."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import pytest

from tapctl import sandbox
from tapctl.sandbox import AccountLimits, Sandbox
from tapctl.sandbox.clients import ACCOUNT_VARIABLE

ROOMY = AccountLimits(1000)
FIRST_ACCOUNT = 200000000001
ACCOUNT = re.compile(r"\b20000000\d{4}\b")
"""The account ids of these tests, which differ from run to run."""


@dataclass(frozen=True)
class SharedSandbox:
    """The sandbox of one state folder, whose server starts with the first account."""

    state: Path
    _numbers: Iterator[int] = field(default_factory=lambda: count(FIRST_ACCOUNT))

    def new_account(self, state: Path) -> dict[str, str]:
        """The variables of a new, empty account; everything but the sandbox is kept in this state folder."""
        shared = self.state / "sandbox"
        shared.mkdir(parents=True, exist_ok=True)
        state.mkdir(parents=True, exist_ok=True)
        (state / "sandbox").symlink_to(shared)
        return {"TAPCTL_STATE_DIR": str(state), ACCOUNT_VARIABLE: str(next(self._numbers))}

    def new_ids(self, count: int) -> list[str]:
        """The ids of accounts that nothing else uses."""
        return [str(next(self._numbers)) for _ in range(count)]

    def use_account(self, patch: pytest.MonkeyPatch, state: Path, limits: AccountLimits = ROOMY) -> Sandbox:
        """Let tapctl use a new account with these limits, in this process, until `patch` is undone."""
        for name, value in self.new_account(state).items():
            patch.setenv(name, value)
        return sandbox.start(limits)

    @contextmanager
    def account(self, state: Path, limits: AccountLimits = ROOMY) -> Iterator[Sandbox]:
        """A new account with these limits for the block, in this process and in the commands that it runs."""
        with pytest.MonkeyPatch.context() as patch:
            yield self.use_account(patch, state, limits)


@contextmanager
def shared_sandbox(state: Path) -> Iterator[SharedSandbox]:
    """The sandbox of this state folder, stopped at the end if it was started."""
    try:
        yield SharedSandbox(state)
    finally:
        stop_sandbox(state)


def stop_sandbox(state: Path) -> None:
    """Stop the sandbox of a state folder, if it runs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TAPCTL_STATE_DIR", str(state))
        sandbox.stop()


def account_id() -> str:
    """The account that tapctl uses in the sandbox now."""
    return os.environ.get(ACCOUNT_VARIABLE, sandbox.ACCOUNT_ID)
