"""What tapctl asks of an account, named for its own need; `live` and `snapshot` answer it."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from tapctl.account.model import Identity, Quota, Settings, Stack
from tapctl.limits.row import Limit
from tapctl.unknown import Unknown


class Lookups(Protocol):
    """Values that templates refer to."""

    def look_up(self, keys: Sequence[str]) -> Mapping[str, str | Unknown]:
        """What each `ssm:NAME` and `import:NAME` holds; every key is answered."""
        ...


class AccountReader(Lookups, Protocol):
    """Reads one account and Region; a read that was refused is Unknown with the missing permission named."""

    def identity(self) -> Identity | Unknown:
        """Whose credentials these are."""
        ...

    def settings(self) -> Settings:
        """Concurrency, code storage and the number of functions."""
        ...

    def stack(self, name: str) -> Stack | Unknown | None:
        """The stack of this name with what its functions hold; None when there is none."""
        ...

    def quotas(self, limits: Sequence[Limit]) -> Mapping[str, Quota]:
        """Applied value and usage of each limit, by its key."""
        ...

    def exports(self) -> Mapping[str, str] | Unknown:
        """Every export of the Region and the stack that exports it."""
        ...
