"""The demand of a template: the reserved and provisioned concurrency of every function, and what may hide functions.

Custom resources, stack sets, modules and macros may create functions that the template does not show. AWS does not
document what a function on managed instances claims.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tapctl.hints import advise
from tapctl.hints.judgement import JudgementAdvice
from tapctl.resource_types import CAPACITY_PROVIDER, CUSTOM_RESOURCES, FUNCTION, STACK_SET
from tapctl.template.includes import includes_only, transforms
from tapctl.template.model import FN_TRANSFORM, INCLUDE, KNOWN_TRANSFORMS, MODULE, Resource, not_here
from tapctl.template.nested import StackTree
from tapctl.template.resolver import Resolver, existence
from tapctl.template.values import NO_VALUE, ResourceReference
from tapctl.unknown import Count, Unknown, total


@dataclass(frozen=True, slots=True)
class Provisioned:
    """The provisioned concurrency of one alias or version; `source` is where its value comes from.

    `version` is the FunctionVersion of an alias: a number, `$LATEST`, or the reference to a version. A version's is a
    reference to itself.
    """

    logical_id: str
    value: Count
    line: int
    source: str = ""
    file: str = ""
    version: str | Unknown = ""


def named_version(version: str | Unknown) -> str:
    """The number or the logical id of a version; empty where it is unknown."""
    match version:
        case ResourceReference(logical_id=logical_id):
            return logical_id
        case Unknown():
            return ""
        case _:
            return version


@dataclass(frozen=True, slots=True)
class FunctionDemand:
    """One function as the template asks for it; `reserved` None is unset, 0 stops the function.

    `name` is its FunctionName, None where CloudFormation generates one. A function of a nested stack has the
    stack's logical id in front of its own. `file` is the template or the included file that it is written in, and
    `reserved_file` that of its reservation.
    """

    logical_id: str
    line: int
    reserved: Count | None = None
    provisioned: tuple[Provisioned, ...] = ()
    name: str | Unknown | None = None
    reserved_line: int = 0
    reserved_source: str = ""
    file: str = ""
    reserved_file: str = ""

    @property
    def provisioned_total(self) -> Count:
        return total([version.value for version in self.provisioned])

    @property
    def claim(self) -> Count:
        """Its part of the unreserved concurrency: its reservation if set, else its provisioned concurrency.

        Provisioned concurrency counts toward a reservation, so the two are never added:
        https://docs.aws.amazon.com/lambda/latest/dg/provisioned-concurrency.html
        """
        return self.provisioned_total if self.reserved is None else self.reserved

    @property
    def claim_place(self) -> tuple[str, int]:
        """File and line of the reservation, or of the first provisioned concurrency where there is none."""
        if self.reserved is None:
            places = ((version.file or self.file, version.line) for version in self.provisioned if version.value != 0)
            return next(places, (self.file, self.line))
        return self.reserved_file or self.file, self.reserved_line or self.line


@dataclass(frozen=True, slots=True)
class Scaling:
    """The capacity range of a scalable target for provisioned concurrency.

    `most_minimum` is the largest known minimum, with those of scheduled actions. `function` is the logical id of the
    function, empty where the target is about no function of the template.
    """

    logical_id: str
    file: str
    line: int
    minimum: Count
    maximum: Count
    most_minimum: int = 0
    function: str = ""


@dataclass(frozen=True, slots=True)
class EventSource:
    """An event source mapping with a MaximumConcurrency, which reserves nothing."""

    logical_id: str
    file: str
    line: int
    maximum: Count
    function: str = ""


@dataclass(frozen=True, slots=True)
class OpaqueResource:
    """A resource that may create functions that the template does not show."""

    logical_id: str
    type: str
    file: str
    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class Demand:
    """All functions of a stack and its nested stacks after the deploy, and what else affects concurrency."""

    template: str
    functions: tuple[FunctionDemand, ...]
    scaling: tuple[Scaling, ...] = ()
    event_sources: tuple[EventSource, ...] = ()
    opaque_resources: tuple[OpaqueResource, ...] = ()
    construct: str = ""
    """The path of the stack's construct, in a template that the CDK synthesised."""

    @property
    def reserved(self) -> int:
        """The sum of all known reservations."""
        return _sum_of_known(function.reserved for function in self.functions)

    @property
    def provisioned(self) -> int:
        """The sum of all known provisioned concurrency."""
        return _sum_of_known(version.value for function in self.functions for version in function.provisioned)

    @property
    def claim(self) -> int:
        """The sum of all known claims."""
        return _sum_of_known(function.claim for function in self.functions)

    @property
    def unknowns(self) -> list[Unknown]:
        values = [function.reserved for function in self.functions]
        values += [version.value for function in self.functions for version in function.provisioned]
        return [value for value in values if isinstance(value, Unknown)]

    @property
    def lookups(self) -> set[str]:
        """The `ssm:NAME` and `import:NAME` of the account on which a verdict on concurrency depends."""
        values: list[object] = [*self.unknowns, *(source.maximum for source in self.event_sources)]
        values += [version.version for function in self.functions for version in function.provisioned]
        return {value.lookup for value in values if isinstance(value, Unknown) and value.lookup}


def _sum_of_known(values: Iterable[Count | None]) -> int:
    return sum(value for value in values if isinstance(value, int))


def hides_resources(tree: StackTree) -> bool:
    """Whether the stack may have resources, such as functions, that the template does not show."""
    return any(tree.remotes()) or any(
        member.resolver.template.opaque or any(opaque_resources(member)) for member in tree.members()
    )


def opaque_resources(member: StackTree) -> Iterator[OpaqueResource]:
    """Custom resources, stack sets, modules, macros, and functions on managed instances."""
    resolver = member.resolver
    template = resolver.template
    for resource in template.resources():
        reason = _why_opaque(resolver, resource)
        if reason and existence(resolver, resource) is not False:
            name = f"{member.prefix}{resource.logical_id}"
            yield OpaqueResource(name, resource.type, resource.file, resource.line, reason)
    for name in template.transforms:
        if name not in KNOWN_TRANSFORMS:
            file, line = template.place("Transform")
            yield OpaqueResource(f"{member.prefix}Transform", name, file, line, "a macro may rewrite the template")


def parts_not_here(member: StackTree) -> Iterator[OpaqueResource]:
    """Parts other than resources that `AWS::Include` and macros may add; unknown where they are used."""
    template = member.resolver.template
    shown = () if template.shows_all else transforms(template.body)
    for path, macros in (*shown, *template.lost.items()):
        if path[0] == "Resources" and (path[:2] in template.opaque or len(path) == 2):
            continue
        file, line = template.place(*path)
        name = path[1] if len(path) > 1 and path[1] != FN_TRANSFORM else path[0]
        unknown = template.opaque.get(path)
        reason = unknown.reason if unknown else f"{not_here(macros)} may set {'.'.join(map(str, path[2:-1]))}"
        yield OpaqueResource(
            f"{member.prefix}{name}", INCLUDE if includes_only(macros) else FN_TRANSFORM, file, line, reason
        )


def _why_opaque(resolver: Resolver, resource: Resource) -> str:
    if resource.type.startswith(CUSTOM_RESOURCES):
        return "a custom resource may create functions"
    if resource.type.endswith(MODULE):
        return "a module is expanded by CloudFormation"
    if resource.type == STACK_SET:
        return "a stack set may create functions in this account"
    if resource.type == FN_TRANSFORM:
        return "a macro expands it at deploy time"
    if on_instances(resolver, resource):
        return "it runs on managed instances; AWS does not document how they count toward the concurrency limit"
    return ""


_ON_INSTANCES = Unknown(
    "it runs on managed instances, and AWS does not document what reserved or provisioned concurrency does there",
    advise(JudgementAdvice.LIMIT_BY_CAPACITY_PROVIDER),
)


def on_instances(resolver: Resolver, resource: Resource) -> Unknown | None:
    """Why a function's claim is unknown, where it runs on managed instances or may; None for an ordinary function.

    Their quotas are apart from the concurrency limit, and what a reservation or provisioned concurrency does there is
    not documented: https://docs.aws.amazon.com/lambda/latest/dg/lambda-managed-instances.html
    """
    if resource.type != FUNCTION:
        return None
    path = ("Resources", resource.logical_id, "Properties", CAPACITY_PROVIDER)
    config = resolver.value(resource.properties.get(CAPACITY_PROVIDER, NO_VALUE), path)
    if config is NO_VALUE:
        return None
    if isinstance(config, Unknown):
        reason = f"it may run on managed instances, where AWS does not document it: {config.reason}"
        return Unknown(reason, config.resolution, lookup=config.lookup)
    return _ON_INSTANCES
