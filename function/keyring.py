"""The signing secrets: provider name to one or two secrets, from an encrypted variable or from Secrets Manager."""

import json
import time
from collections.abc import Callable

from errors import MisconfiguredError

_MAX_AGE = 300.0
_REFETCH_EVERY = 30.0

Secrets = dict[str, tuple[str, ...]]


def parse_secrets(document: str) -> Secrets:
    """Read `{"stripe": ["new", "old"], …}`; an empty set is an error, never a reason to accept."""
    try:
        found = json.loads(document)
    except ValueError:
        raise MisconfiguredError("the secrets are not JSON") from None
    if not isinstance(found, dict) or not found:
        raise MisconfiguredError("there are no secrets")
    return {name: _one_or_two(values) for name, values in found.items()}


def _one_or_two(values: object) -> tuple[str, ...]:
    if isinstance(values, list) and len(values) in {1, 2} and all(isinstance(v, str) and v for v in values):
        return tuple(values)
    raise MisconfiguredError("a provider needs a list of one or two secrets")


def _decoded(provider: str, secrets: tuple[str, ...], key_of: Callable[[str], bytes]) -> list[bytes]:
    try:
        keys = [key_of(secret) for secret in secrets]
    except ValueError:
        keys = [b""]
    if not all(keys):  # an empty key would let anyone sign
        raise MisconfiguredError(f"a secret of {provider} is not in its notation")
    return keys


class Keyring:
    """Secrets that are read once, or again after some minutes when they can change under a running function."""

    def __init__(
        self, fetch: Callable[[], str], *, changes: bool = False, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._fetch = fetch
        self._changes = changes
        self._monotonic = monotonic
        self._secrets: Secrets = {}
        self._keys: dict[str, list[bytes]] = {}
        self._read_at = 0.0

    def check(self) -> None:
        """Read the secrets if that is due; raise when there are none."""
        if not self._secrets or (self._changes and self._age() > _MAX_AGE):
            self._read()

    def keys(self, provider: str, key_of: Callable[[str], bytes]) -> list[bytes]:
        """Return the provider's keys; none when the provider is not configured."""
        self.check()
        if provider not in self._keys:
            self._keys[provider] = _decoded(provider, self._secrets.get(provider, ()), key_of)
        return self._keys[provider]

    def refetched(self) -> bool:
        """Read the secrets again after none has matched, at most twice a minute; returns whether it did."""
        if not self._changes or self._age() < _REFETCH_EVERY:
            return False
        self._read()
        return True

    def _age(self) -> float:
        return self._monotonic() - self._read_at

    def _read(self) -> None:
        self._secrets = parse_secrets(self._fetch())
        self._keys = {}
        self._read_at = self._monotonic()
