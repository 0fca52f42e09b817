"""An account and Region as far as a verdict needs it: limits, usage, and the live stack."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import Enum

from tapctl.unknown import Count, Unknown

PEAK_DAYS = 14
"""How far back the peak of an account's concurrency is read."""

UNREAD = Unknown("it was not read", judged=False)

SANDBOX_HAS_NONE = Unknown("the sandbox has no such limit", judged=False)

NOT_LISTED = Unknown("the usage of each parent is not listed")
"""The usage of a limit per parent that is read for the parents that a template names, or for none."""


@dataclass(frozen=True, slots=True)
class Concurrency:
    """The concurrency limit and the unreserved concurrency of Lambda's AccountLimit.

    Source: https://docs.aws.amazon.com/lambda/latest/api/API_GetAccountSettings.html
    """

    limit: Count
    unreserved: Count


@dataclass(frozen=True, slots=True)
class LiveFunction:
    """A function of the live stack; `reserved` None is unset, `provisioned` sums all versions and aliases.

    `holders` has the provisioned concurrency by version or alias: one of the stack by its logical id, any other,
    such as a version of an earlier deploy, by `:` and its qualifier; None where only the sum is known.
    """

    physical_id: str
    reserved: Count | None
    provisioned: Count
    holders: Mapping[str, int] | None = None

    @property
    def claim(self) -> Count:
        return self.provisioned if self.reserved is None else self.reserved


@dataclass(frozen=True, slots=True)
class Stack:
    """A live stack: `resources` maps logical ids to resource types, None where that is not known.

    `id` is its StackId, `ids` has the physical ids of its resources, as far as they are known. `nested` maps prefixes
    such as `Stack/` to the ids of nested stacks; `published` maps the ARNs of its aliases and versions to their logical
    ids. `outside` has the functions of other stacks of which this one has an alias or version, by its logical id,
    `stored` the values of its parameters that come from the parameter store, by `ssm:NAME`, and `exports` the values of
    its own exports by their names.
    """

    name: str
    status: str
    functions: Mapping[str, LiveFunction] = field(default_factory=dict)
    parameters: Mapping[str, str | Unknown] = field(default_factory=dict)
    resources: Mapping[str, str] | None = None
    id: str = field(default="", compare=False)
    nested: Mapping[str, str] = field(default_factory=dict, compare=False)
    published: Mapping[str, str] = field(default_factory=dict, compare=False)
    outside: Mapping[str, LiveFunction] = field(default_factory=dict, compare=False)
    stored: Mapping[str, str | Unknown] = field(default_factory=dict, compare=False)
    exports: Mapping[str, str] = field(default_factory=dict, compare=False)
    ids: Mapping[str, str] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class InFlight:
    """Another stack of the account and Region that CloudFormation is working on."""

    stack: str
    status: str


@dataclass(frozen=True, slots=True)
class Increase:
    """A requested quota that AWS has not decided yet, and the day of the request."""

    value: int
    requested_on: str


@dataclass(frozen=True, slots=True)
class PastFailure:
    """A failed event of the stack's last operation: CloudFormation's reason, and the day."""

    reason: str
    day: str


class QuotaSource(Enum):
    """Where the value of a quota comes from, as a message names it; empty for the applied value."""

    APPLIED = ""
    AWS_DEFAULT = "AWS default"
    DOCUMENTED = "documented default"
    CONFIGURED = "tapctl.toml"


Usage = int | float | Mapping[str, int | float] | Unknown
"""What is used of a quota; of one per parent by the physical id of the parent, or by the fullest parent alone."""


@dataclass(frozen=True, slots=True)
class Quota:
    """An applied quota and its usage."""

    value: int | float | Unknown
    usage: Usage
    source: QuotaSource = QuotaSource.APPLIED
    maybe: int | float = 0
    """What may be used beside the usage, by stacks that are judged together with this one."""


@dataclass(frozen=True, slots=True)
class AccountSettings:
    """The answer of GetAccountSettings; sizes in bytes."""

    concurrency: Concurrency
    code_size: Quota = Quota(UNREAD, UNREAD)
    function_count: Count = UNREAD


@dataclass(frozen=True, slots=True)
class Identity:
    """The account of the credentials, and the Region in force."""

    account_id: str
    region: str


@dataclass(frozen=True, slots=True)
class LearnedFloor:
    """The minimum that a refusal named: the concurrency limit at that time, the day, and the source."""

    minimum: int
    limit: int
    seen: str
    where: str

    @property
    def source(self) -> str:
        return f"AWS named it on {self.seen}, in {self.where}" if self.seen else f"AWS named it in {self.where}"


@dataclass(frozen=True, slots=True)
class Holders:
    """The reservations of the account's functions by their names, without functions that reserve nothing.

    `not_read` functions may hold more; `reason` says why a read was refused, and is empty where none was.
    """

    functions: Mapping[str, int]
    not_read: int = 0
    reason: str = ""

    def largest(self, own: Collection[str] = ()) -> list[tuple[str, int]]:
        """Name and reservation of every holder except the `own` functions, the largest first."""
        others = [(name, value) for name, value in self.functions.items() if name not in own]
        return sorted(others, key=lambda holder: (-holder[1], holder[0]))


@dataclass(frozen=True, slots=True)
class Account:
    """All values that were read; a part that nothing asked for is UNREAD or empty.

    `stack` None says that the stack does not exist. `exports` maps export names to the stack that exports them,
    `imports` those that an update removes or changes to the stacks that import them, `quotas` the keys of limits to
    their values, `lookups` `ssm:NAME` and `import:NAME` to the values that templates refer to.
    """

    region: str | None
    settings: AccountSettings
    account_id: str | None = None
    taken_at: str | None = None
    stack: Stack | Unknown | None = None
    quotas: Mapping[str, Quota] = field(default_factory=dict)
    exports: Mapping[str, str] | Unknown = UNREAD
    imports: Mapping[str, tuple[str, ...] | Unknown] = field(default_factory=dict)
    in_flight: tuple[InFlight, ...] | Unknown = ()
    learned: LearnedFloor | None = None
    lookups: Mapping[str, str | Unknown] = field(default_factory=dict)
    holders: Holders | Unknown = UNREAD
    claimed_peak: Count = UNREAD
    """The most concurrency that the account claimed in `PEAK_DAYS`: reservations, and what ran beside them."""
    is_snapshot: bool = False
    """Whether it was read from a file, at `taken_at`."""
    stale: Unknown | None = None
    """Why no verdict may rest on it, where it is older than allowed."""
