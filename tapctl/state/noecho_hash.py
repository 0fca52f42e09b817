"""Detects unchanged values of NoEcho parameters, which AWS does not return.

The state folder has one salted scrypt hash per stack, of all values together and for one version of the stack. Only
its owner can read it, and it only shows whether given values are the same.
"""

import hashlib
import hmac
import json
import os
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress

from tapctl.errors import TapctlError
from tapctl.state.files import read_bytes, state_dir, write_atomically

FOLDER = "fingerprints"


Hashed = tuple[bytes, bytes]
"""A salt, and the hash with it."""


def start(values: Mapping[str, str]) -> Future[Hashed] | None:
    """Work out the hash beside what the caller does next; None without values."""
    if not values:
        return None
    pool = ThreadPoolExecutor(1, "hash")
    hashing = pool.submit(_salted, values)
    pool.shutdown(wait=False)
    return hashing


def _salted(values: Mapping[str, str]) -> Hashed:
    salt = os.urandom(16)
    return salt, _hash(values, salt)


def remember(stack_id: str, version: str, values: Mapping[str, str], hashing: Future[Hashed] | None = None) -> None:
    """Save the hash of the values that this version of the stack was deployed with, if there are any.

    A failure is ignored: without the hash the next deploy creates a change set to compare.
    """
    if values:
        with suppress(OSError, TapctlError):
            _save(stack_id, version, hashing.result() if hashing else _salted(values))


def _save(stack_id: str, version: str, hashed: Hashed) -> None:
    salt, digest = hashed
    path = state_dir() / FOLDER / f"{_name(stack_id)}.json"
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.touch(mode=0o600)
    document = {"version": version, "salt": salt.hex(), "hash": digest.hex()}
    write_atomically(path, json.dumps(document) + "\n")


def matches(stack_id: str, version: str, values: Mapping[str, str]) -> bool:
    """Whether this version of the stack was deployed with these values; False where no readable hash is saved."""
    try:
        saved = json.loads(read_bytes(state_dir() / FOLDER / f"{_name(stack_id)}.json"))
        saved_version, salt, digest = saved["version"], bytes.fromhex(saved["salt"]), bytes.fromhex(saved["hash"])
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return bool(saved_version == version) and hmac.compare_digest(digest, _hash(values, salt))


def _hash(values: Mapping[str, str], salt: bytes) -> bytes:
    text = json.dumps(values, sort_keys=True).encode()
    return hashlib.scrypt(text, salt=salt, n=2**14, r=8, p=1)


def _name(stack_id: str) -> str:
    """The last part of a StackId, which is unique without the rest."""
    return stack_id.rpartition("/")[2]
