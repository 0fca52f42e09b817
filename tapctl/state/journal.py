"""What a deploy is about to do, written down before it does it, so that a run that was killed is picked up by the next.

One small file for each account, Region and stack, in the state folder; nothing secret stands in it.
"""

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from typing import Any

from tapctl.errors import TapctlError
from tapctl.state import locks
from tapctl.state.files import own_folder, state_dir, write_atomically

FOLDER = "deploys"


class Phase(Enum):
    """What a run was about, in words that follow `the last run ended`."""

    ASKING = "while it asked for a change set"
    CONFIRMING = "while its change set waited for a yes"
    EXECUTING = "before the execution of its change set had"
    MENDING = "while it mended the stack"
    OVER = "with nothing under way"


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """The last that is known of the deploys of one stack; `at` is in UTC, to the second."""

    phase: Phase = Phase.OVER
    at: str = ""
    stack_id: str = ""
    change_set: str = ""
    creates: bool = False
    """Whether the stack was made for that change set."""
    token: str = ""
    digest: str = ""
    """Of the template and the parameters."""
    failed: str = ""
    """The digest of the last attempt that CloudFormation failed."""
    skipped: tuple[str, ...] = ()
    """What a rollback was continued without."""
    unverified: bool = False
    """Whether what a deploy brought about was to be verified, and was not found to be right since."""

    @property
    def when(self) -> str:
        return f"{self.at[:10]} {self.at[11:16]} UTC"


@dataclass(slots=True)
class Journal:
    """The entry, and the file that holds it; without one it is forgotten with the process."""

    path: Path | None = None
    entry: JournalEntry = field(default_factory=JournalEntry)
    waited: bool = False
    """Whether another run of this machine was at the stack until just now."""

    def note(self, phase: Phase, **known: Any) -> None:
        """Write down what begins now."""
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        if known.get("stack_id", self.entry.stack_id) != self.entry.stack_id:
            # Another stack, even if it has the same name.
            known = {"skipped": (), "failed": "", "unverified": False, **known}
        self.entry = replace(self.entry, phase=phase, at=now, **known)
        if self.path:
            write_atomically(self.path, json.dumps({**asdict(self.entry), "phase": phase.name}, indent=1) + "\n")

    def close(self, **known: Any) -> None:
        """Nothing is under way any more; where that cannot be written, the next run finds it out."""
        with suppress(TapctlError):
            self.note(Phase.OVER, change_set="", creates=False, token="", **known)


@contextmanager
def opened(account_id: str, region: str, stack_name: str) -> Iterator[Journal]:
    """The journal of one stack, whose deploys on this machine exclude each other.

    Raises `BusyError` while another one runs, `UsageError` where nothing can be written.
    """
    folder = own_folder(state_dir() / FOLDER / account_id / region)
    busy = f"another tapctl on this machine is deploying stack {stack_name}"
    with locks.hold(folder / f"{stack_name}.lock", timeout=1, busy=busy) as waited:
        path = folder / f"{stack_name}.json"
        yield Journal(path, _read(path), waited)


def forget(account_id: str) -> None:
    """Know nothing any more of the deploys to an account that was emptied; the locks stay, for those who hold them."""
    for path in (state_dir() / FOLDER / account_id).glob("*/*.json"):
        path.unlink(missing_ok=True)


def proved(stack_id: str) -> None:
    """Note that the stack was found to be what its template says; where that cannot be noted, it is proved again."""
    _, _, _, region, account_id, named = stack_id.split(":", 5)
    with suppress(TapctlError), opened(account_id, region, named.split("/")[1]) as journal:
        if journal.entry.stack_id == stack_id and journal.entry.unverified:
            journal.note(journal.entry.phase, unverified=False)


def _read(path: Path) -> JournalEntry:
    """What stands there; a file that cannot be read, or was not written by tapctl, tells nothing."""
    try:
        told = json.loads(path.read_bytes())
        entry = JournalEntry(**{**told, "phase": Phase[told["phase"]], "skipped": tuple(told["skipped"])})
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return JournalEntry()
    return entry if _is_sound(entry) else JournalEntry()


def _is_sound(entry: JournalEntry) -> bool:
    """Whether every value is of its kind, and an execution has the names by which it is found again."""
    kinds = all(type(getattr(entry, each.name)) is type(each.default) for each in fields(JournalEntry))
    known = entry.phase is not Phase.EXECUTING or all((entry.change_set, entry.stack_id, entry.token))
    return kinds and known and all(isinstance(each, str) for each in entry.skipped)


def digest(template: Mapping[str, str], parameters: Sequence[Mapping[str, Any]], secret: Collection[str]) -> str:
    """What tells one attempt from another, as a change set is asked for it.

    Not even a digest is kept of the values of `secret` parameters, which might be guessed from it.
    """
    open_ones = [dict(each) for each in parameters if each["ParameterKey"] not in secret]
    text = json.dumps([dict(template), open_ones], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
