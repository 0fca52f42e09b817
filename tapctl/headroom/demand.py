"""What a template demands of the account's concurrency, function by function."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from tapctl.errors import TemplateError
from tapctl.template.model import Resource
from tapctl.template.parameters import as_text
from tapctl.template.resolve import NO_VALUE, Resolver, ResourceReference, Value
from tapctl.template.source import Path
from tapctl.unknown import Unknown, total

FUNCTION = "AWS::Lambda::Function"
PUBLISHED = ("AWS::Lambda::Alias", "AWS::Lambda::Version")
"""The resource types that carry a ProvisionedConcurrencyConfig."""

Count = int | Unknown


@dataclass(frozen=True, slots=True)
class Provisioned:
    """The provisioned concurrency of one alias or version."""

    logical_id: str
    value: Count
    line: int


@dataclass(frozen=True, slots=True)
class FunctionDemand:
    """One function as the template wants it; `reserved` None is unset, 0 is throttled completely.

    `name` is its FunctionName: None when CloudFormation makes one up.
    """

    logical_id: str
    line: int
    reserved: Count | None = None
    provisioned: tuple[Provisioned, ...] = ()
    name: str | Unknown | None = None
    reserved_line: int = 0

    @property
    def provisioned_total(self) -> Count:
        return total([each.value for each in self.provisioned])

    @property
    def claim(self) -> Count:
        """What it takes from the account's pool: the reservation if set, else the provisioned concurrency.

        Provisioned concurrency counts towards a reservation, so both are never added:
        https://docs.aws.amazon.com/lambda/latest/dg/provisioned-concurrency.html
        """
        return self.provisioned_total if self.reserved is None else self.reserved


@dataclass(frozen=True, slots=True)
class Demand:
    """All functions that the deploy would leave in the stack."""

    template: str
    functions: tuple[FunctionDemand, ...]

    @property
    def reserved(self) -> int:
        """The sum of the reservations that are known."""
        return _known(function.reserved for function in self.functions)

    @property
    def provisioned(self) -> int:
        """The sum of the provisioned concurrency that is known."""
        return _known(each.value for function in self.functions for each in function.provisioned)

    @property
    def claim(self) -> int:
        """The sum of the claims that are known."""
        return _known(function.claim for function in self.functions)

    @property
    def unknowns(self) -> list[Unknown]:
        values = [function.reserved for function in self.functions]
        values += [each.value for function in self.functions for each in function.provisioned]
        return [value for value in values if isinstance(value, Unknown)]


def read_demand(resolver: Resolver) -> Demand:
    """Work the demand out.

    Raises `TemplateError` for a value that is no whole number above or at 0, with its line.
    """
    resources = [resource for resource in resolver.template.resources() if _exists(resolver, resource) is not False]
    functions = {each.logical_id: _function(resolver, each) for each in resources if each.type == FUNCTION}
    provisioned: dict[str, list[Provisioned]] = {logical_id: [] for logical_id in functions}
    for resource in resources:
        if resource.type in PUBLISHED and (found := _provisioned(resolver, resource)):
            owner = _owner(resolver, resource, functions)
            provisioned.setdefault(owner, []).append(found)
            functions.setdefault(owner, FunctionDemand(owner, resource.line))
    unseen = tuple(
        FunctionDemand(name, resolver.template.line("Resources", name), Unknown(unknown.reason, unknown.settle))
        for name, unknown in resolver.template.opaque.items()
    )
    return Demand(
        resolver.template.file,
        (*(_with_provisioned(each, provisioned.get(name, [])) for name, each in functions.items()), *unseen),
    )


def _with_provisioned(function: FunctionDemand, provisioned: list[Provisioned]) -> FunctionDemand:
    return FunctionDemand(
        function.logical_id, function.line, function.reserved, tuple(provisioned), function.name, function.reserved_line
    )


def _exists(resolver: Resolver, resource: Resource) -> bool | Unknown:
    return resolver.exists(resource.condition, ("Resources", resource.logical_id, "Condition"))


def _function(resolver: Resolver, resource: Resource) -> FunctionDemand:
    path = ("Resources", resource.logical_id, "Properties", "ReservedConcurrentExecutions")
    name = resolver.value(resource.properties.get("FunctionName", NO_VALUE), (*path[:3], "FunctionName"))
    return FunctionDemand(
        resource.logical_id,
        resource.line,
        _count(resolver, resource, resource.properties.get("ReservedConcurrentExecutions", NO_VALUE), path),
        name=None if name is NO_VALUE else name if isinstance(name, Unknown) else as_text(name),
        reserved_line=resolver.template.line(*path),
    )


def _provisioned(resolver: Resolver, resource: Resource) -> Provisioned | None:
    path: Path = ("Resources", resource.logical_id, "Properties", "ProvisionedConcurrencyConfig")
    config = resolver.value(resource.properties.get("ProvisionedConcurrencyConfig", NO_VALUE), path)
    if config is NO_VALUE:
        return None
    inner = (*path, "ProvisionedConcurrentExecutions")
    value = config.get("ProvisionedConcurrentExecutions", NO_VALUE) if isinstance(config, dict) else config
    count = _count(resolver, resource, value, inner)
    return None if count is None else Provisioned(resource.logical_id, count, resolver.template.line(*inner))


def _count(resolver: Resolver, resource: Resource, raw: Value, path: Path) -> Count | None:
    """A property as a whole number; a resource that may not exist makes it unknown."""
    value = resolver.value(raw, path)
    if value is NO_VALUE:
        return None
    if isinstance(value, Unknown):
        return _plain(value)
    exists = _exists(resolver, resource)
    if isinstance(exists, Unknown):
        return _plain(exists)
    try:
        return whole_number(value)
    except ValueError as error:
        raise _bad_number(resolver, resource, str(error), path) from None


def _bad_number(resolver: Resolver, resource: Resource, problem: str, path: Path) -> TemplateError:
    return resolver.template.error(f"{path[-1]} of {resource.logical_id} {problem}", *path, hint="give a whole number")


def whole_number(value: object) -> int:
    """`5` and `"5"` are 5, as in CloudFormation. Raises `ValueError` saying what it is instead."""
    text = as_text(int(value)) if isinstance(value, float) and value.is_integer() else as_text(value).strip()
    if isinstance(value, bool | list | dict) or not re.fullmatch(r"[+-]?\d{1,18}", text):
        shown = "a list" if isinstance(value, list) else "a map" if isinstance(value, dict) else f"`{text}`"
        raise ValueError(f"is {shown}, not a whole number")
    if int(text) < 0:
        raise ValueError(f"is {text}, below 0")
    return int(text)


def _owner(resolver: Resolver, resource: Resource, functions: dict[str, FunctionDemand]) -> str:
    """The logical id of the function that an alias or version belongs to; its own where that is elsewhere."""
    raw = resource.properties.get("FunctionName", "")
    target = resolver.value(raw, ("Resources", resource.logical_id, "Properties", "FunctionName"))
    if isinstance(target, ResourceReference):
        return target.logical_id if target.logical_id in functions else resource.logical_id
    named = (each.logical_id for each in functions.values() if each.name is not None and each.name == target)
    return next(named, resource.logical_id)


def _plain(unknown: Unknown) -> Unknown:
    return Unknown(unknown.reason, unknown.settle)


def _known(values: Iterable[Count | None]) -> int:
    return sum(value for value in values if isinstance(value, int))
