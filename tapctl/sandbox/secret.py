"""The secret of a state folder, with which its owner signs requests to the sandbox, and what is derived from it.

The file's mode is 600 and its folder must be writable by its owner alone: to read the secret is to own the sandbox.
"""

import hashlib
import hmac
import os
import re
import secrets
import stat
from dataclasses import dataclass, field
from pathlib import Path

from tapctl.errors import UsageError
from tapctl.hints import Hint, advise
from tapctl.hints.usage import UsageAdvice
from tapctl.state.files import state_dir

FILE = "secret"
_LENGTH = 40
"""Characters of the secret, as many as of AWS's secret access keys."""
_TOKEN = re.compile(r"tapctl\.[0-9]{12}\.[0-9a-f]{32}")
_WRITABLE_BY_OTHERS = stat.S_IWGRP | stat.S_IWOTH


@dataclass(frozen=True, slots=True)
class Session:
    """Temporary credentials of an account, as Lambda gives them to a function."""

    access_key: str
    secret_key: str = field(repr=False)
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Secret:
    """The secret access key of every account of one sandbox."""

    key: str = field(default="", repr=False)

    @property
    def path(self) -> str:
        """The first segment of the URLs at which the sandbox serves the functions and APIs of its stacks unsigned."""
        return self._derived("path")

    def is_path(self, segment: str) -> bool:
        """Whether this is `path`, compared in constant time."""
        return bool(self.key) and hmac.compare_digest(segment.encode(errors="replace"), self.path.encode())

    def control(self, method: str, path: str) -> str:
        """The Authorization header of a request by tapctl itself, outside of AWS's APIs."""
        return f"tapctl {self._derived(f'control {method} {path}')}"

    def session(self, account: str) -> Session:
        """Credentials of this account, the same at each call: a token, and a secret key that is only valid with it."""
        token = f"tapctl.{account}.{self._derived(f'token {account}')}"
        return Session(account, self._derived(f"session {token}"), token)

    def of_session(self, account: str, token: str) -> str | None:
        """The secret key that belongs to a token of this account; None if `session` did not issue the token."""
        issued = self.session(account)
        if not _TOKEN.fullmatch(token) or not hmac.compare_digest(token, issued.token):
            return None
        return issued.secret_key

    def _derived(self, purpose: str) -> str:
        return hmac.new(self.key.encode(), purpose.encode(), hashlib.sha256).hexdigest()[:32]


def load(folder: Path) -> Secret | None:
    """The secret of the sandbox in `folder`, if it has one. Raises `UsageError` if others can read or write it."""
    path = folder / FILE
    try:
        key, found = path.read_text(encoding="ascii").strip(), path.stat()
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        raise UsageError(f"cannot read the sandbox's secret {path}: {reason}", _replace(path)) from None
    if os.name == "posix" and (stat.S_IMODE(found.st_mode) & 0o077 or found.st_uid != os.geteuid()):
        raise UsageError(f"other users can read the sandbox's secret {path}", _replace(path))
    if not re.fullmatch(f"[0-9a-f]{{{_LENGTH}}}", key):
        raise UsageError(f"the sandbox's secret {path} is damaged", _replace(path))
    return Secret(key)


def load_or_create(folder: Path) -> Secret:
    """The secret of the sandbox in `folder`, which the caller has locked; a new one if there is none."""
    if found := load(folder):
        return found
    new = Secret(secrets.token_hex(_LENGTH // 2))
    descriptor = os.open(folder / FILE, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(new.key)
    return new


def refuse_shared(folder: Path) -> None:
    """Raise `UsageError` if another user can write the sandbox's folder or the state folder around it.

    Such a user could replace the secret, or the code of functions that run as the owner.
    """
    if os.name != "posix":
        return
    for place in (state_dir(), folder):
        try:
            found = place.stat()
        except OSError:  # it is created, or its use fails
            continue
        if found.st_uid not in (os.geteuid(), 0) or stat.S_IMODE(found.st_mode) & _WRITABLE_BY_OTHERS:
            raise UsageError(
                f"another user can write the state folder {place}",
                advise(UsageAdvice.OWN_STATE_FOLDER, str(place)),
            )


def _replace(path: Path) -> Hint:
    return advise(UsageAdvice.REPLACE_SECRET, str(path))
