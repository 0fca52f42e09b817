"""Floors that AWS named in an error, remembered for their account and Region in tapctl's state folder.

A floor is only good for the limit under which it was seen: AWS raises limits by itself.
"""

import json
import re
from dataclasses import asdict

from tapctl.account.model import LearnedFloor
from tapctl.state.files import own_folder, state_dir, write_atomically

FILE = "floors.json"


def recall(account_id: str, region: str) -> LearnedFloor | None:
    """What was learned of this account and Region; a file that cannot be read teaches nothing."""
    entry = _load().get(f"{account_id}/{region}")
    try:
        return LearnedFloor(**entry) if isinstance(entry, dict) else None
    except TypeError:
        return None


def knows_any() -> bool:
    """Whether it is worth asking whose account this is."""
    return bool(_load())


def remember(account_id: str, region: str, learned: LearnedFloor) -> None:
    _save(_load() | {f"{account_id}/{region}": asdict(learned)})


def forget(account_id: str, region: str) -> None:
    known = _load()
    if known.pop(f"{account_id}/{region}", None) is not None:
        _save(known)


def _save(known: dict[str, object]) -> None:
    write_atomically(own_folder(state_dir()) / FILE, json.dumps(known, indent=2) + "\n")


def _load() -> dict[str, object]:
    try:
        known = json.loads((state_dir() / FILE).read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return known if isinstance(known, dict) else {}


_BRACKET = re.compile(r"UnreservedConcurrentExecution below its minimum value of \[(\d+)\]")


def floor_in_error(text: str) -> int | None:
    """The floor that AWS's own refusal names in its bracket."""
    match = _BRACKET.search(text)
    return int(match[1]) if match else None
