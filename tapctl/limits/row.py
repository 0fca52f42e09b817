"""One limit as a row of data: what counts toward it, and how its applied value and its usage are read."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from types import MappingProxyType

Number = int | float
"""Units of a limit; shares of a TiB and of a vCPU are no whole numbers."""


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


class DefaultGrade(Enum):
    """How sure a documented default is; only a verified one can make a verdict *exceeds*."""

    VERIFIED = "verified"
    LIKELY = "likely"
    OPEN = "open"


# ---------------------------------------------------------------------------------------------------------------------
# What counts toward a limit
# ---------------------------------------------------------------------------------------------------------------------

ITSELF = "."
"""The parent of what a resource has inside itself, such as the inline policies of a role."""

ABSENT = None
"""In `where`: the property is not set."""

PRESENT = "*"
"""In `where`: the property is set, whatever its value is."""

Where = Mapping[str, tuple[str | None, ...]]
"""By the path of a property, the values under which a resource counts; `A>B` is the property B of what A refers to.

A resource outside of the template sets no property.
"""

_ALWAYS: Where = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Named:
    """A resource whose name at `path` is a prefix plus the name of another resource, which has that name at `own`."""

    type: str
    path: str
    prefix: str
    own: str


class Of(Enum):
    """Which quantity of a resource is counted."""

    RESOURCE = "the resource"
    SUM = "the number at the path"
    LENGTH = "the items of the list at the path"
    SIZE = "the characters of the value at the path"
    VALUE = "the number at the path, compared and not added up"
    COUNTER = "what a function counts"


@dataclass(frozen=True, slots=True)
class Count:
    """How the resources of one type count toward a limit.

    `path` is the property, its steps joined by dots; a list on the way is gone through. `times` are the paths of
    numbers that multiply it, and `missing` is the value of the property where a resource does not set it. `per` is the
    path of the property that names the parent or parents, `ITSELF` where the resource is the parent, and "" where the
    limit is the account's; `otherwise` is the parent of a resource that does not set it. `maybe` marks units that may
    or may not be taken, and `unless` the resource of the same stack beside which this one adds nothing. `counter` is
    `module.function`, which gets the `path` as its argument. `reference` is the most characters that a value is taken
    to have which only the deploy knows.
    """

    type: str
    of: Of = Of.RESOURCE
    path: str = ""
    times: tuple[str, ...] = ()
    per: str = ""
    where: Where = field(default_factory=lambda: _ALWAYS)
    units: Number = 1
    missing: Number = 0
    maybe: bool = False
    counter: str = ""
    otherwise: str = ""
    unless: Named | None = None
    reference: int = 200
    """As many as a long ARN has."""


def each(
    type_: str,
    *,
    per: str = "",
    otherwise: str = "",
    where: Where = _ALWAYS,
    units: Number = 1,
    maybe: bool = False,
    unless: Named | None = None,
) -> Count:
    """Every resource of a type; a new VPC counts toward what AWS creates along with it."""
    return Count(type_, per=per, where=where, units=units, maybe=maybe, otherwise=otherwise, unless=unless)


def total(
    type_: str,
    path: str,
    *,
    times: tuple[str, ...] = (),
    per: str = "",
    where: Where = _ALWAYS,
    units: Number = 1,
    missing: Number = 0,
) -> Count:
    """The sum of a numeric property, multiplied by others and by `units`."""
    return Count(type_, Of.SUM, path, times, per, where, units, missing)


def length(type_: str, path: str, *, per: str = ITSELF, where: Where = _ALWAYS) -> Count:
    """The length of a list; where the path goes through a list, that of the longest below it."""
    return Count(type_, Of.LENGTH, path, per=per, where=where)


def size(type_: str, path: str, *, per: str = ITSELF, where: Where = _ALWAYS, reference: int = 200) -> Count:
    """The characters of a value; those of a map or list are counted without spaces, as IAM counts a policy."""
    return Count(type_, Of.SIZE, path, per=per, where=where, reference=reference)


def value(type_: str, path: str, *, where: Where = _ALWAYS, units: Number = 1) -> Count:
    """The value of a numeric property, against the bound of a single resource."""
    return Count(type_, Of.VALUE, path, per=ITSELF, where=where, units=units)


def counted(counter: str, *types: str, argument: str = "", where: Where = _ALWAYS) -> tuple[Count, ...]:
    """What the function `module.function` of `tapctl.concurrency.counters` counts, from resources of these types.

    It runs where one of them has the values of `where`.
    """
    return tuple(Count(type_, Of.COUNTER, argument, where=where, counter=counter) for type_ in types)


# ---------------------------------------------------------------------------------------------------------------------
# How a value is read
# ---------------------------------------------------------------------------------------------------------------------


class ValueKind(Enum):
    """How the values at the path of a call are read."""

    NUMBER = "a number as it is, a list by its length"
    SUM = "numbers that are added up"
    TALLY = "names of parents, each as often as it is used"
    PAIRS = "names of parents, each with its number"
    GROUPS = "names, each with the group that it belongs to"


ACCOUNT_ID = "${AWS::AccountId}"
"""Stands for the id of the account in the parameters of a call."""


@dataclass(frozen=True, slots=True)
class Call:
    """One read: an operation by its API name, and a JMESPath into each page of the answer.

    `region` is set for a service that answers in one Region only, `action` where the IAM action has another name than
    the operation, `token` for an operation without a paginator: the JMESPath of the next page's token in the answer,
    and the member of the request that takes it.
    `groups` is a call with `ValueKind.GROUPS`, by which a tally is added up. `parent` is the member of the request that
    takes the id of a parent, for a listing of one parent; `parents` are the ids that a template names.
    """

    service: str
    operation: str
    path: str
    parameters: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))
    reading: ValueKind = ValueKind.NUMBER
    units: Number = 1
    region: str = ""
    action: str = ""
    token: tuple[str, str] | None = None
    groups: "Call | None" = None
    parent: str = ""
    parents: tuple[str, ...] = ()

    @property
    def by_parent(self) -> Mapping[str, "Call"]:
        """The call for each parent, by its id; one that takes no ARN gets the name in it."""
        takes_arn = self.parent.lower().endswith("arn")
        given = {name: name if takes_arn else plain_id(name) for name in self.parents}
        own = {name: dict(self.parameters) | {self.parent: id_} for name, id_ in given.items()}
        return {name: replace(self, parameters=parameters, parent="") for name, parameters in own.items()}

    @property
    def permission(self) -> str:
        return self.action or f"{self.service}:{self.operation}"


def plain_id(id_: str) -> str:
    """The name in an ARN, or in a path such as `/hostedzone/Z1`; anything else as it is."""
    if id_.startswith("arn:") and id_.count(":") >= 5:  # arn:PARTITION:SERVICE:REGION:ACCOUNT:TYPE/NAME or TYPE:NAME
        resource = id_.split(":", 5)[5]
        return re.split("[:/]", resource, maxsplit=1)[-1]
    return id_.removeprefix("/hostedzone/")


def tally(service: str, operation: str, path: str, *, groups: Call | None = None) -> Call:
    """How often each parent is named at the path."""
    return Call(service, operation, path, reading=ValueKind.TALLY, groups=groups)


SERVICE_QUOTAS = (
    "servicequotas:GetServiceQuota",
    "servicequotas:GetAWSDefaultServiceQuota",
    "servicequotas:ListServiceQuotas",
    "servicequotas:ListAWSDefaultServiceQuotas",
)
"""The actions for a value of Service Quotas; several values of a service are listed where that is allowed."""

METRIC_ACTION = "cloudwatch:GetMetricData"


@dataclass(frozen=True, slots=True)
class Metric:
    """A usage that CloudWatch publishes as AWS/Usage ResourceCount; the values are up to five minutes old.

    A `percentage` is a metric of the service's own namespace: how much of the quota is used.
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-Service-Quota-Integration.html
    """

    service: str
    resource: str = ""
    class_: str = "None"
    percentage: str = ""

    @property
    def permission(self) -> str:
        return METRIC_ACTION


class Measure(Enum):
    """Which size of a template is limited."""

    TEXT = "the bytes of the text"
    ENTRIES = "the entries of a section, the characters of the description"
    LARGEST_ENTRY = "the entries of the largest entry of a section"
    PARAMETER = "the characters of the longest value of a parameter"
    DYNAMIC_REFERENCES = "the dynamic references"
    TREE = "the resources of a stack with those of its nested stacks"


# ---------------------------------------------------------------------------------------------------------------------
# The row
# ---------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit: the resources that count toward it, and how its applied value and usage are read.

    `key` is Service Quotas' service and quota code, or `service/name` where it has none. `default` is the documented
    value, `grade` how sure it is, `adjustable` whether AWS raises it on request. `quota` None means that the applied
    value comes from Service Quotas, `usage` None that nothing of the account is used before the template.
    `is_global` is a limit that is one for all Regions. `at_most` marks a usage or units that are known only as an
    upper bound, so that going over is uncertain instead of exceeded. `own_stack` is what the stack itself takes.
    `later` is what the resources may come to take when they scale after the deploy; going over that is a warning.

    Of a limit of one template, `fixed` is the value in every account, and `measure` says what counts, of a `section`
    where it is of one.
    """

    id: str
    key: str
    title: str
    docs: str
    counts: tuple[Count, ...] = ()
    default: Number | None = None
    grade: DefaultGrade = DefaultGrade.VERIFIED
    adjustable: bool = True
    kind: LimitKind = LimitKind.COUNT
    unit: str = ""
    usage: Call | Metric | None = None
    quota: Call | None = None
    is_global: bool = False
    fixed: int | None = None
    measure: Measure = Measure.ENTRIES
    section: str = ""
    at_most: bool = False
    own_stack: int = 0
    later: tuple[Count, ...] = ()

    @property
    def service(self) -> str:
        """Its service code in Service Quotas."""
        return self.key.partition("/")[0]

    @property
    def code(self) -> str:
        """Its quota code, or its name where it has none."""
        return self.key.partition("/")[2]

    @property
    def has_code(self) -> bool:
        """Whether Service Quotas knows it."""
        return self.code.startswith("L-")

    @property
    def types(self) -> tuple[str, ...]:
        """The resource types that count toward it."""
        return tuple(dict.fromkeys(count.type for count in self.counts))

    @property
    def names_parents(self) -> bool:
        """Whether it may be a limit of something outside of the template."""
        return any(count.of is Of.COUNTER or count.per not in ("", ITSELF) for count in self.counts)

    @property
    def permissions(self) -> tuple[str, ...]:
        """The IAM actions that allow reading it."""
        reads: list[Call | Metric | None] = [self.usage, self.quota]
        reads += [read.groups for read in reads if isinstance(read, Call)]
        calls = [read.permission for read in reads if read]
        if self.kind is LimitKind.COUNT and self.quota is None and self.has_code:
            calls += SERVICE_QUOTAS
        return tuple(dict.fromkeys(calls))


@dataclass(frozen=True, slots=True)
class NoLimit:
    """Resource types that take nothing of any limit, with the reason and the page of the service's quotas."""

    reason: str
    docs: str
    types: tuple[str, ...]
