"""The values of template expressions: plain data, `NO_VALUE`, or `Unknown` with its reason."""

from dataclasses import dataclass
from typing import Any, Final

from tapctl.unknown import Unknown

Value = Any
"""Plain data, `NO_VALUE` or `Unknown`."""


class _NoValue:
    """The value of `AWS::NoValue`: the property is left out."""

    def __repr__(self) -> str:
        return "NO_VALUE"


NO_VALUE: Final = _NoValue()


@dataclass(frozen=True, slots=True)
class ResourceReference(Unknown):
    """The value of a Ref or Fn::GetAtt to a resource: unknown before the deploy, but the resource is known."""

    logical_id: str = ""


@dataclass(frozen=True, slots=True)
class MaybeNoValue(Unknown):
    """Unknown, and possibly `NO_VALUE`, so that a list that contains it has no known length."""
