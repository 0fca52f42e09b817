"""An account as far as a stack needs it that may have nothing to do: what it holds is what its own template says."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tapctl.account.model import UNREAD, Account, Identity, Increase, InFlight, LiveFunction, PastFailure, Quota, Stack
from tapctl.account.model import Settings as AccountSettings
from tapctl.account.ports import AccountReader
from tapctl.config import Settings
from tapctl.gather import look_up
from tapctl.limits.row import Limit
from tapctl.template.model import Template
from tapctl.unknown import Unknown


@dataclass(frozen=True, slots=True)
class AsDeployed:
    """Answers for the stack from the template that it runs, and asks AWS for the account's concurrency alone."""

    reader: AccountReader
    held: Stack
    template: Template
    given: Settings

    def settings(self) -> AccountSettings:
        return self.reader.settings()

    def identity(self) -> Identity | Unknown:
        return self.reader.identity()

    def look_up(self, keys: Sequence[str]) -> Mapping[str, str | Unknown]:
        return self.reader.look_up(keys)

    def stack(self, name: str) -> Stack:
        """The stack with what its own template reserves; old versions are left out, since nothing is changed."""
        account = Account(self.given.region, self.reader.settings(), stack=self.held)
        _, demand, _ = look_up(self.template, self.reader, replace(self.given, parameters={}), account)
        functions = {
            each.logical_id: LiveFunction(each.logical_id, each.reserved, each.provisioned_total, {})
            for each in demand.functions
        }
        return replace(self.held, name=name, functions=functions)

    def look_closer(self, stack: Stack, functions: Collection[str]) -> Stack:  # noqa: ARG002 - the port's
        return stack

    def running(self, stack: Stack) -> Mapping[str, Any] | str | Unknown:  # noqa: ARG002 - the port's
        return self.template.body

    def in_flight(self) -> tuple[InFlight, ...]:
        return ()

    def failures(self, stack: Stack) -> tuple[PastFailure, ...]:  # noqa: ARG002 - the port's
        return ()

    def quotas(self, limits: Sequence[Limit]) -> Mapping[str, Quota]:
        return {limit.key: Quota(UNREAD, UNREAD) for limit in limits}

    def exports(self) -> Unknown:
        return UNREAD

    def pending(self, limit: Limit) -> tuple[Increase, ...]:  # noqa: ARG002 - the port's
        return ()
