"""Whether NoEcho parameters have the values that a stack was deployed with, which AWS does not show.

What is kept of them, per stack and in tapctl's state folder, is one salted scrypt hash of all together, readable by
its owner alone: it tells the same from another, and nothing else. It counts for one version of the stack only.
"""

import hashlib
import hmac
import json
import os
from collections.abc import Mapping
from contextlib import suppress

from tapctl.errors import TapctlError
from tapctl.state.files import state_dir, write_atomically

FOLDER = "fingerprints"


def remember(stack_id: str, version: str, values: Mapping[str, str]) -> None:
    """Keep what this version of the stack was given; nothing where it was given nothing.

    Where nothing can be kept, the next deploy takes a little longer.
    """
    if values:
        with suppress(OSError, TapctlError):
            _keep(stack_id, version, values)


def _keep(stack_id: str, version: str, values: Mapping[str, str]) -> None:
    salt = os.urandom(16)
    path = state_dir() / FOLDER / f"{_name(stack_id)}.json"
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.touch(mode=0o600)
    document = {"version": version, "salt": salt.hex(), "hash": _hash(values, salt).hex()}
    write_atomically(path, json.dumps(document) + "\n")


def same(stack_id: str, version: str, values: Mapping[str, str]) -> bool:
    """Whether these are known to be what this version of the stack was given; a file that cannot be read knows none."""
    try:
        known = json.loads((state_dir() / FOLDER / f"{_name(stack_id)}.json").read_bytes())
        then, salt, kept = known["version"], bytes.fromhex(known["salt"]), bytes.fromhex(known["hash"])
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return bool(then == version) and hmac.compare_digest(kept, _hash(values, salt))


def _hash(values: Mapping[str, str], salt: bytes) -> bytes:
    text = json.dumps(values, sort_keys=True).encode()
    return hashlib.scrypt(text, salt=salt, n=2**14, r=8, p=1)


def _name(stack_id: str) -> str:
    """The last part of a StackId, which is unique by itself."""
    return stack_id.rpartition("/")[2]
