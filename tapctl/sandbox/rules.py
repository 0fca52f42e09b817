"""Lambda's rules for reserved and provisioned concurrency, with AWS's own messages; pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tapctl.sandbox.limits import AccountLimits


@dataclass(frozen=True, slots=True)
class LambdaRefusal:
    """An error of the Lambda API, with its message."""

    text: str
    code: str = "InvalidParameterValueException"
    status: int = 400


@dataclass(frozen=True, slots=True)
class FunctionConcurrency:
    """One function: its reservation, its provisioned concurrency by qualifier, and the version of each alias."""

    reserved: int | None = None
    provisioned: Mapping[str, int] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)


Functions = Mapping[str, FunctionConcurrency]
"""The functions of one account and Region by name."""

NO_CONCURRENCY = FunctionConcurrency()
UNPUBLISHED = LambdaRefusal("Provisioned Concurrency Configs cannot be applied to unpublished function versions.")
ALIAS_OF_PROVISIONED = LambdaRefusal(
    "Alias can't be used for Provisioned Concurrency configuration on an already Provisioned version",
    "ResourceConflictException",
    409,
)
VERSION_OF_PROVISIONED = LambdaRefusal(
    "Version is pointed by a Provisioned Concurrency alias", "ResourceConflictException", 409
)
OVER_RESERVATION = LambdaRefusal(
    "Requested Provisioned Concurrency should not be greater than the reservedConcurrentExecution for function"
)


def claim(function: FunctionConcurrency, limits: AccountLimits) -> int:
    """A function's part of the unreserved concurrency; a reservation contains its provisioned concurrency."""
    if function.reserved is not None:
        return function.reserved
    return sum(function.provisioned.values()) if limits.provisioned_counts else 0


def unreserved(limits: AccountLimits, functions: Functions) -> int:
    """The unreserved concurrency; negative if the limit was lowered below the reservations."""
    return limits.concurrent_executions - limits.held - sum(claim(function, limits) for function in functions.values())


def refuse_reserved(limits: AccountLimits, functions: Functions, name: str, value: int) -> LambdaRefusal | None:
    """Check PutFunctionConcurrency; the function's own claim is credited back first.

    A value up to the function's own claim is never refused for the unreserved minimum: that covers the kill
    switch 0, and a limit that was lowered below live reservations (which AWS never does).
    """
    own = functions.get(name, NO_CONCURRENCY)
    credited = claim(own, limits) if limits.own_credited else 0
    available = unreserved(limits, functions) + credited
    if value > credited and available - value < limits.minimum_unreserved:
        return _below_minimum("ReservedConcurrentExecutions", limits)
    provisioned = sum(own.provisioned.values())
    if value < provisioned:
        # The leading space and the double spaces are AWS's.
        return LambdaRefusal(
            f" ReservedConcurrentExecutions  {value} should not be lower than function's"
            f" total provisioned concurrency [{provisioned}]."
        )
    return None


def refuse_provisioned(
    limits: AccountLimits, functions: Functions, name: str, qualifier: str, value: int
) -> LambdaRefusal | None:
    """Check PutProvisionedConcurrencyConfig on one version or alias of a function."""
    own = functions.get(name, NO_CONCURRENCY)
    if refused := _wrong_qualifier(own, qualifier):
        return refused
    others = sum(count for other, count in own.provisioned.items() if other != qualifier)
    if own.reserved is not None:
        return OVER_RESERVATION if others + value > own.reserved else None
    if value <= own.provisioned.get(qualifier, 0):
        return None
    available = unreserved(limits, functions) + claim(own, limits) - (others if limits.provisioned_counts else 0)
    if value > available:
        return LambdaRefusal(
            "Specified ConcurrentExecutions for function is greater than account's"
            f" unreserved concurrency [{max(available, 0)}]."
        )
    if available - value < limits.minimum_unreserved:
        return _below_minimum("ConcurrentExecutions", limits)
    return None


def whole_number(value: object, *, least: int) -> int | None:
    """A number of a request or a template, where parameters are text; None if it is no integer or below `least`."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    try:
        number = int(value)
    except ValueError:
        return None
    return number if number >= least else None


def invalid_number(name: str, value: object, *, least: int) -> LambdaRefusal:
    """The validation error for a value that `whole_number` rejects."""
    return LambdaRefusal(
        f"1 validation error detected: Value '{value}' at '{name}' failed to satisfy constraint:"
        f" Member must have value greater than or equal to {least}",
        "ValidationException",
    )


def _below_minimum(name: str, limits: AccountLimits) -> LambdaRefusal:
    return LambdaRefusal(
        f"Specified {name} for function decreases account's UnreservedConcurrentExecution"
        f" below its minimum value of [{limits.minimum_unreserved}]."
    )


def _wrong_qualifier(own: FunctionConcurrency, qualifier: str) -> LambdaRefusal | None:
    version = own.aliases.get(qualifier, qualifier)
    if version == "$LATEST":
        return UNPUBLISHED
    others = {alias for alias, target in own.aliases.items() if target == version and alias != qualifier}
    if qualifier in own.aliases and not {version, *others}.isdisjoint(own.provisioned):
        return ALIAS_OF_PROVISIONED
    if not others.isdisjoint(own.provisioned):
        return VERSION_OF_PROVISIONED
    return None
