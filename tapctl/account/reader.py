"""What tapctl asks of an account, named for its own need; `live` and `snapshot` answer it."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol

from tapctl.account.model import AccountSettings, Identity, Increase, InFlight, PastFailure, Quota, Stack
from tapctl.limits.row import Limit
from tapctl.unknown import Unknown


class Lookups(Protocol):
    """Values that templates refer to."""

    def look_up(self, keys: Sequence[str]) -> Mapping[str, str | Unknown]:
        """What each `ssm:NAME` and `import:NAME` holds; every key is answered."""
        ...


class Stacks(Protocol):
    """The stack that is to be deployed, and those beside it."""

    def stack(self, name: str) -> Stack | Unknown | None:
        """The stack of this name with what its functions hold; None when there is none."""
        ...

    def look_closer(self, stack: Stack, functions: Collection[str]) -> Stack:
        """The stack with what every version and alias of these functions provisions, old ones too.

        Of a stack that publishes versions or aliases `stack` has read that already.
        """
        ...

    def running(self, stack: Stack) -> Mapping[str, Any] | str | Unknown:
        """The template that the stack with this id runs, after its transforms."""
        ...

    def in_flight(self) -> tuple[InFlight, ...] | Unknown:
        """The stacks of the account and Region at which CloudFormation works."""
        ...

    def failures(self, stack: Stack) -> tuple[PastFailure, ...] | Unknown:
        """What failed lately in the stack, the newest first."""
        ...


class AccountReader(Lookups, Stacks, Protocol):
    """Reads one account and Region; a read that was refused is Unknown with the missing permission named."""

    def identity(self) -> Identity | Unknown:
        """Whose credentials these are."""
        ...

    def settings(self) -> AccountSettings:
        """Concurrency, code storage and the number of functions."""
        ...

    def quotas(self, limits: Sequence[Limit]) -> Mapping[str, Quota]:
        """Applied value and usage of each limit, by its key."""
        ...

    def exports(self) -> Mapping[str, str] | Unknown:
        """Every export of the Region and the stack that exports it."""
        ...

    def pending(self, limit: Limit) -> tuple[Increase, ...] | Unknown:
        """The increases of the quota behind this limit that were asked for and are not decided yet."""
        ...
