"""The shape of one row of the catalogue."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import Any

Units = int | Callable[[Mapping[str, Any]], int]
"""How much one resource spends: a number, or what its unresolved properties say."""


class LimitKind(Enum):
    """How a limit is judged; `tapctl.concurrency.limits_check` has one judge for each."""

    CONCURRENCY = "concurrency"
    """Lambda's pool of concurrent executions, with its floor, final and peak."""
    COUNT = "count"
    """What the account uses and what the template adds, against the applied quota."""
    EXPORTS = "exports"
    """Names that may exist once in the Region."""
    TEMPLATE = "template"
    """A property of the template alone, against a fixed number."""


@dataclass(frozen=True, slots=True)
class Call:
    """One read: an operation by its API name, and the JMESPath of what is wanted in the answer.

    A list is counted (over all pages), a number is taken as it is.
    """

    service: str
    operation: str
    path: str
    parameters: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def permission(self) -> str:
        return f"{self.service}:{self.operation}"


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit: what spends it and how its applied value and usage are read.

    `spends` maps a resource type to what one more of it takes. `quota` None means that the
    applied value comes from Service Quotas. `at_most` says that `usage` or the units can only be bounded
    from above, so that too much is uncertain rather than exceeded. `fixed` is the value of a limit that
    is the same in every account.
    """

    id: str
    title: str
    service: str
    code: str
    kind: LimitKind
    docs: str
    spends: Mapping[str, Units] = field(default_factory=lambda: MappingProxyType({}))
    unit: str = ""
    usage: Call | None = None
    quota: Call | None = None
    fixed: int | None = None
    at_most: bool = False

    @property
    def key(self) -> str:
        """Its name in a snapshot's `quotas`."""
        return f"{self.service}/{self.code}"

    @property
    def permissions(self) -> tuple[str, ...]:
        """The IAM actions that reading it takes."""
        calls = [call.permission for call in (self.usage, self.quota) if call]
        if self.kind is LimitKind.COUNT and self.quota is None:
            calls += ["servicequotas:GetServiceQuota", "servicequotas:GetAWSDefaultServiceQuota"]
        return tuple(dict.fromkeys(calls))
