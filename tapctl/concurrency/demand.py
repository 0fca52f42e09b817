"""What a template demands of the account's concurrency, function by function."""

from collections.abc import Iterable
from dataclasses import dataclass

from tapctl.unknown import Count, Unknown, total


@dataclass(frozen=True, slots=True)
class Provisioned:
    """The provisioned concurrency of one alias or version; `source` says where the value comes from."""

    logical_id: str
    value: Count
    line: int
    source: str = ""


@dataclass(frozen=True, slots=True)
class FunctionDemand:
    """One function as the template wants it; `reserved` None is unset, 0 is throttled completely.

    `name` is its FunctionName: None when CloudFormation makes one up. A function of a nested stack has the
    stack's logical id in front, and the nested template as its `file`.
    """

    logical_id: str
    line: int
    reserved: Count | None = None
    provisioned: tuple[Provisioned, ...] = ()
    name: str | Unknown | None = None
    reserved_line: int = 0
    reserved_source: str = ""
    file: str = ""

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

    @property
    def claim_line(self) -> int:
        """Where the claim is written: the reservation, or the first that provisions something where there is none."""
        if self.reserved is None:
            return next((each.line for each in self.provisioned if each.value != 0), self.line)
        return self.reserved_line or self.line


@dataclass(frozen=True, slots=True)
class Scaling:
    """A scaling range of provisioned concurrency: the minimum is there at once, the maximum is the ceiling."""

    logical_id: str
    file: str
    line: int
    minimum: Count
    maximum: Count


@dataclass(frozen=True, slots=True)
class EventSource:
    """An event source's MaximumConcurrency, which reserves nothing."""

    logical_id: str
    file: str
    line: int
    maximum: Count
    function: str = ""


@dataclass(frozen=True, slots=True)
class OpaqueResource:
    """Something that cannot be seen into, and so might claim what nobody knows."""

    logical_id: str
    type: str
    file: str
    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class Demand:
    """All functions that the deploy would leave in the stack and its nested ones, and what stands beside them."""

    template: str
    functions: tuple[FunctionDemand, ...]
    scaling: tuple[Scaling, ...] = ()
    event_sources: tuple[EventSource, ...] = ()
    opaque_resources: tuple[OpaqueResource, ...] = ()

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


def _known(values: Iterable[Count | None]) -> int:
    return sum(value for value in values if isinstance(value, int))
