"""What Lambda accepts and refuses on concurrency, with AWS's own words; pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tapctl.sandbox.limits import AccountLimits


@dataclass(frozen=True, slots=True)
class Refusal:
    """One refusal as the Lambda API words it."""

    text: str
    code: str = "InvalidParameterValueException"
    status: int = 400


@dataclass(frozen=True, slots=True)
class Holding:
    """What one function has set: its reservation, its provisioned concurrency per qualifier, its aliases' versions."""

    reserved: int | None = None
    provisioned: Mapping[str, int] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)


Table = Mapping[str, Holding]

NOTHING = Holding()
UNPUBLISHED = Refusal("Provisioned Concurrency Configs cannot be applied to unpublished function versions.")
ALIAS_OF_PROVISIONED = Refusal(
    "Alias can't be used for Provisioned Concurrency configuration on an already Provisioned version",
    "ResourceConflictException",
    409,
)
VERSION_OF_PROVISIONED = Refusal(
    "Version is pointed by a Provisioned Concurrency alias", "ResourceConflictException", 409
)
OVER_RESERVATION = Refusal(
    "Requested Provisioned Concurrency should not be greater than the reservedConcurrentExecution for function"
)


def claim(holding: Holding, limits: AccountLimits) -> int:
    """Count what a function takes from the pool; provisioned concurrency lies inside a reservation, never on top."""
    if holding.reserved is not None:
        return holding.reserved
    return sum(holding.provisioned.values()) if limits.provisioned_counts else 0


def unreserved(limits: AccountLimits, table: Table) -> int:
    """Count what is left of the limit; below zero when the limit was lowered under what is held already."""
    return limits.concurrent_executions - limits.held - sum(claim(holding, limits) for holding in table.values())


def refuse_reserved(limits: AccountLimits, table: Table, function: str, value: int) -> Refusal | None:
    """Judge PutFunctionConcurrency; the function's own claim is credited back first.

    A value that takes no more than the function holds is never refused for the pool: that covers the kill
    switch 0, and a limit that was lowered under live functions (which AWS never does).
    """
    own = table.get(function, NOTHING)
    pool = unreserved(limits, table) + claim(own, limits)
    if value > claim(own, limits) and pool - value < limits.minimum_unreserved:
        return _below_floor("ReservedConcurrentExecutions", limits)
    provisioned = sum(own.provisioned.values())
    if value < provisioned:
        # The leading space and the double spaces are AWS's.
        return Refusal(
            f" ReservedConcurrentExecutions  {value} should not be lower than function's"
            f" total provisioned concurrency [{provisioned}]."
        )
    return None


def refuse_provisioned(
    limits: AccountLimits, table: Table, function: str, qualifier: str, value: int
) -> Refusal | None:
    """Judge PutProvisionedConcurrencyConfig on one version or alias of a function."""
    own = table.get(function, NOTHING)
    if refused := _wrong_qualifier(own, qualifier):
        return refused
    others = sum(count for name, count in own.provisioned.items() if name != qualifier)
    if own.reserved is not None:
        return OVER_RESERVATION if others + value > own.reserved else None
    if value <= own.provisioned.get(qualifier, 0):
        return None
    pool = unreserved(limits, table) + claim(own, limits) - (others if limits.provisioned_counts else 0)
    if value > pool:
        return Refusal(
            "Specified ConcurrentExecutions for function is greater than account's"
            f" unreserved concurrency [{max(pool, 0)}]."
        )
    if pool - value < limits.minimum_unreserved:
        return _below_floor("ConcurrentExecutions", limits)
    return None


def whole_number(value: object, *, least: int) -> int | None:
    """Read a number of a request or a template, where parameters arrive as text; None if it is none, or too small."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    try:
        number = int(value)
    except ValueError:
        return None
    return number if number >= least else None


def invalid_number(name: str, value: object, *, least: int) -> Refusal:
    """Word the validation error for what `whole_number` does not take."""
    return Refusal(
        f"1 validation error detected: Value '{value}' at '{name}' failed to satisfy constraint:"
        f" Member must have value greater than or equal to {least}",
        "ValidationException",
    )


def _below_floor(what: str, limits: AccountLimits) -> Refusal:
    return Refusal(
        f"Specified {what} for function decreases account's UnreservedConcurrentExecution"
        f" below its minimum value of [{limits.minimum_unreserved}]."
    )


def _wrong_qualifier(own: Holding, qualifier: str) -> Refusal | None:
    version = own.aliases.get(qualifier, qualifier)
    if version == "$LATEST":
        return UNPUBLISHED
    if qualifier in own.aliases and version in own.provisioned:
        return ALIAS_OF_PROVISIONED
    if any(target == qualifier and alias in own.provisioned for alias, target in own.aliases.items()):
        return VERSION_OF_PROVISIONED
    return None
