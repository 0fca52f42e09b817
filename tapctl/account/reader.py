"""The port to an account; `live` reads it from AWS, `snapshot` from a file."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol

from tapctl.account.model import (
    Account,
    AccountSettings,
    Holders,
    Identity,
    Increase,
    InFlight,
    PastFailure,
    Quota,
    Stack,
)
from tapctl.limits.row import Limit
from tapctl.unknown import Count, Unknown


class Lookups(Protocol):
    """Values that templates refer to."""

    def look_up(self, keys: Sequence[str]) -> Mapping[str, str | Unknown]:
        """The value of each `ssm:NAME` and `import:NAME`; the answer has every key."""
        ...


class Stacks(Protocol):
    """The stack to deploy, and the other stacks of the Region."""

    def stack(self, name: str) -> Stack | Unknown | None:
        """The stack with this name or alias, its functions and their reservations; None where it does not exist."""
        ...

    def with_provisioned(self, stack: Stack, functions: Collection[str]) -> Stack:
        """The stack with the provisioned concurrency of every version and alias of these functions.

        `stack` reads it already for a stack that publishes versions or aliases.
        """
        ...

    def deployed_template(self, stack: Stack) -> Mapping[str, Any] | str | Unknown:
        """The processed template of the stack with this id."""
        ...

    def in_flight(self) -> tuple[InFlight, ...] | Unknown:
        """The stacks of the account and Region that CloudFormation is working on."""
        ...

    def past_failures(self, stack: Stack) -> tuple[PastFailure, ...] | Unknown:
        """The failed events of the stack's last operation, newest first."""
        ...


class AccountReader(Lookups, Stacks, Protocol):
    """Reads one account and Region; a refused read is Unknown and names the missing permission."""

    def snapshot(self) -> Account | None:
        """When the snapshot was taken; None for a live account."""
        ...

    def identity(self) -> Identity | Unknown:
        """The account of the credentials."""
        ...

    def settings(self) -> AccountSettings:
        """Concurrency, code storage and the number of functions."""
        ...

    def holders(self) -> Holders | Unknown:
        """Which functions hold the account's reservations; a live account takes up to 200 reads for it."""
        ...

    def claimed_peak(self) -> Count:
        """The most concurrency that the account claimed in the last two weeks."""
        ...

    def quotas(self, limits: Sequence[Limit]) -> Mapping[str, Quota]:
        """Applied value and usage of each limit, by its key."""
        ...

    def exports(self) -> Mapping[str, str] | Unknown:
        """Every export of the Region and the stack that exports it."""
        ...

    def imports(self, names: Sequence[str]) -> Mapping[str, tuple[str, ...] | Unknown]:
        """The stacks that import each of these exports; the answer has every name."""
        ...

    def pending_increases(self, limit: Limit) -> tuple[Increase, ...] | Unknown:
        """The requested increases of the quota behind this limit that AWS has not decided yet."""
        ...
