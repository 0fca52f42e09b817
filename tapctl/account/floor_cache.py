"""The floors that AWS's errors named, by account and Region, in a file of tapctl's state folder.

A floor holds only under the concurrency limit at which it was seen, since AWS raises limits without a request.
"""

import json
import re
from dataclasses import asdict

from tapctl.account.model import LearnedFloor
from tapctl.state.files import own_folder, read_bytes, state_dir, write_atomically

FILE = "floors.json"


def recall(account_id: str, region: str) -> LearnedFloor | None:
    """The floor of this account and Region; None where there is none, or the file is unreadable."""
    entry = _load().get(_key(account_id, region))
    try:
        return LearnedFloor(**entry) if isinstance(entry, dict) else None
    except TypeError:
        return None


def knows_any() -> bool:
    """Whether the file has any floor, so that the account id is worth a request."""
    return bool(_load())


def remember(account_id: str, region: str, learned: LearnedFloor) -> None:
    _save(_load() | {_key(account_id, region): asdict(learned)})


def forget(account_id: str, region: str) -> None:
    floors = _load()
    if floors.pop(_key(account_id, region), None) is not None:
        _save(floors)


def _key(account_id: str, region: str) -> str:
    return f"{account_id}/{region}"


def _save(floors: dict[str, object]) -> None:
    write_atomically(own_folder(state_dir()) / FILE, json.dumps(floors, indent=2) + "\n")


def _load() -> dict[str, object]:
    try:
        floors = json.loads(read_bytes(state_dir() / FILE))
    except (OSError, ValueError, RecursionError):
        return {}
    return floors if isinstance(floors, dict) else {}


_BRACKET = re.compile(r"UnreservedConcurrentExecution below its minimum value of \[(\d+)\]")


def floor_in_error(text: str) -> int | None:
    """The number in the brackets of Lambda's refusal."""
    match = _BRACKET.search(text)
    return int(match[1]) if match else None
