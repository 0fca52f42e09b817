"""An account and Region as far as a template's verdict needs it: limits, usage, what the stack holds already."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tapctl.unknown import Count, Unknown

UNREAD = Unknown("it was not read", judged=False)


@dataclass(frozen=True, slots=True)
class Concurrency:
    """Lambda's AccountLimit, and the floor where a real error or the user named it.

    Source: https://docs.aws.amazon.com/lambda/latest/api/API_GetAccountSettings.html
    """

    limit: Count
    unreserved: Count


@dataclass(frozen=True, slots=True)
class LiveFunction:
    """A function that the stack holds; `reserved` None is unset, `provisioned` sums all versions and aliases.

    `holders` says who provisions how much: an alias or version of the stack by its logical id, any other one,
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

    `id` is its StackId, `nested` has those of its nested stacks by their prefix, such as `Stack/`; `published` maps
    the ARNs of its aliases and versions to their logical ids. `outside` are those of functions that it does not hold,
    and `stored` what the parameter store gave its parameters, by `ssm:NAME`.
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


@dataclass(frozen=True, slots=True)
class InFlight:
    """Another stack of the account and Region at which CloudFormation works."""

    stack: str
    status: str


@dataclass(frozen=True, slots=True)
class Increase:
    """A higher quota that was asked for and is not decided yet."""

    value: int
    asked: str


@dataclass(frozen=True, slots=True)
class PastFailure:
    """Why something of a stack's last operation failed, in CloudFormation's words, and the day."""

    reason: str
    day: str


@dataclass(frozen=True, slots=True)
class Quota:
    """An applied quota and how much of it is used."""

    value: Count
    usage: Count


@dataclass(frozen=True, slots=True)
class AccountSettings:
    """What one GetAccountSettings answers; sizes in bytes."""

    concurrency: Concurrency
    code_size: Quota = Quota(UNREAD, UNREAD)
    function_count: Count = UNREAD


@dataclass(frozen=True, slots=True)
class Identity:
    """Whose credentials these are."""

    account_id: str
    region: str


@dataclass(frozen=True, slots=True)
class LearnedFloor:
    """The number in the brackets of a refusal: where and when it was seen, and the account's limit then."""

    minimum: int
    limit: int
    seen: str
    where: str

    @property
    def source(self) -> str:
        return f"AWS named it on {self.seen}, in {self.where}" if self.seen else f"AWS named it in {self.where}"


@dataclass(frozen=True, slots=True)
class Account:
    """Everything that was read; what was not asked for is left out.

    `stack` None says that there is no such stack. `exports` maps export names to the stack that exports
    them, `quotas` the keys of catalogue rows to what they hold, `lookups` `ssm:NAME` and `import:NAME` to the
    values that templates refer to.
    """

    region: str | None
    settings: AccountSettings
    account_id: str | None = None
    taken_at: str | None = None
    stack: Stack | Unknown | None = None
    quotas: Mapping[str, Quota] = field(default_factory=dict)
    exports: Mapping[str, str] | Unknown = UNREAD
    in_flight: tuple[InFlight, ...] | Unknown = ()
    learned: LearnedFloor | None = None
    lookups: Mapping[str, str | Unknown] = field(default_factory=dict)
