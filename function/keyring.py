"""The signing keys: provider name to one or two keys, from an encrypted variable or from Secrets Manager."""

import json
import math
import time
from collections.abc import Callable

from errors import MisconfiguredError, RefusalError
from providers import SCHEMES

MIN_KEY_BYTES = 10
_MAX_AGE_SECONDS = 300.0
_PAUSE_SECONDS = 30.0

Keys = dict[str, list[bytes]]


def parse_secrets(document: str) -> Keys:
    """Read `{"stripe": ["new", "old"], …}`; one fault refuses the whole document, and an empty one is a fault."""
    try:
        found = json.loads(document)
    except (ValueError, RecursionError):
        raise MisconfiguredError("the secrets are not JSON") from None
    if not isinstance(found, dict) or not found:
        raise MisconfiguredError("there are no secrets")
    if not found.keys() <= SCHEMES.keys():  # not quoted: it could be a secret in the wrong place
        raise MisconfiguredError(f"the secrets name a provider other than {', '.join(SCHEMES)}")
    return {provider: _decoded(provider, secrets) for provider, secrets in found.items()}


def _decoded(provider: str, secrets: object) -> list[bytes]:
    if not (
        isinstance(secrets, list) and len(secrets) in {1, 2} and all(isinstance(secret, str) for secret in secrets)
    ):
        raise MisconfiguredError(f"{provider} needs a list of one or two secrets")
    try:
        keys = [SCHEMES[provider].key_of(secret) for secret in secrets]
    except ValueError:
        raise MisconfiguredError(f"a secret of {provider} is not in its notation") from None
    if any(len(key) < MIN_KEY_BYTES for key in keys):  # a short key can be guessed, an empty one lets anyone sign
        raise MisconfiguredError(f"a secret of {provider} is shorter than {MIN_KEY_BYTES} bytes")
    return keys


class Keyring:
    """Keys that are read once, or again after some minutes when they can change under a running function.

    Good keys stay in use when a later attempt to read them fails. An attempt is followed by a pause, whether it
    succeeded or not, so that forged deliveries cannot cause more than one call in that time.
    """

    def __init__(
        self, fetch: Callable[[], str], *, changes: bool = False, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self.failure: RefusalError | None = None
        """Why the last attempt failed; the keys of an earlier one stay in use."""
        self._fetch = fetch
        self._changes = changes
        self._monotonic = monotonic
        self._keys: Keys = {}
        self._read_at = -math.inf
        self._wait = 0.0

    def check(self) -> None:
        """Read the keys if that is due. Raises `RefusalError` when there are none."""
        if self._age() > self._wait:
            self._read()
        if self.failure is not None and not self._keys:
            raise self.failure.with_traceback(None)

    def keys(self, provider: str) -> list[bytes]:
        """Return the provider's keys; none when the provider is not configured."""
        self.check()
        return self._keys.get(provider, [])

    def refetched(self) -> bool:
        """Read the keys again after none has matched, unless that was tried just now; returns whether it succeeded."""
        if not self._changes or self._age() < _PAUSE_SECONDS:
            return False
        self._read()
        return self.failure is None

    def _age(self) -> float:
        return self._monotonic() - self._read_at

    def _read(self) -> None:
        try:
            self._keys = parse_secrets(self._fetch())
            self.failure = None
        except RefusalError as error:
            self.failure = error
        self._read_at = self._monotonic()
        wait = _MAX_AGE_SECONDS if self.failure is None else _PAUSE_SECONDS
        self._wait = wait if self._changes else math.inf
