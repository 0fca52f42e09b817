"""One limit as a row of data."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import Any

Units = int | Callable[[Mapping[str, Any]], int]
"""How much one resource adds to the usage: a number, or a function of its unresolved properties."""


Measure = Callable[[str, Mapping[str, Any]], int]
"""How much of a limit a template takes, from its text and from its body after the transforms."""


class LimitKind(Enum):
    """How a limit is judged; `tapctl.concurrency.limits_check` has a function for each."""

    CONCURRENCY = "concurrency"
    """Lambda's concurrency limit, with the floor, final and peak."""
    COUNT = "count"
    """The account's usage plus the template's addition, against the applied quota."""
    EXPORTS = "exports"
    """Names that may exist only once in the Region."""
    SETTINGS = "settings"
    """Settings that the service refuses together, whatever the account has left."""
    TEMPLATE = "template"
    """A measure of the template alone, against a fixed number."""


@dataclass(frozen=True, slots=True)
class Call:
    """One read: an operation by its API name, and a JMESPath into the answer.

    A list at that path is counted over all pages, a number is taken as it is.
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
    """One limit: the resources that count toward it, and how its applied value and usage are read.

    `spends` maps a resource type to what one more of it adds to the usage. `quota` None means that the applied value
    comes from Service Quotas. `at_most` marks a usage or units that are known only as an upper bound, so that
    going over is uncertain instead of exceeded. `fixed` is the value of a limit that is the same in every account,
    and `measure` the template's usage of it.
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
    measure: Measure | None = None
    at_most: bool = False

    @property
    def key(self) -> str:
        """Its key in a snapshot's `quotas`."""
        return f"{self.service}/{self.code}"

    @property
    def permissions(self) -> tuple[str, ...]:
        """The IAM actions that allow reading it."""
        calls = [call.permission for call in (self.usage, self.quota) if call]
        if self.kind is LimitKind.COUNT and self.quota is None:
            calls += ["servicequotas:GetServiceQuota", "servicequotas:GetAWSDefaultServiceQuota"]
        return tuple(dict.fromkeys(calls))


def bytes_of_text(text: str, _: Mapping[str, Any]) -> int:
    return len(text.encode())


def number_of_resources(_: str, body: Mapping[str, Any]) -> int:
    # A macro at the top level may bring all of them.
    return len(body.get("Resources") or {})


def bytes_of_code(properties: Mapping[str, Any], *, inline: int, zipped: int) -> int:
    """The most bytes that a function's code takes, by the bounds of its kinds; a container image takes none."""
    code = properties.get("Code")
    if properties.get("PackageType") == "Image":
        return 0
    return inline if isinstance(code, dict) and "ZipFile" in code else zipped
