"""Template parameters: what was given, what the stack had, what the template defaults to."""

import difflib
import math
import re
import warnings
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from tapctl.errors import UsageError
from tapctl.template.model import Template
from tapctl.unknown import Unknown

Bound = str | list[str] | Unknown


@dataclass(frozen=True, slots=True)
class Parameters:
    """The values in force: `given` by the user, `previous` in the live stack; a default fills the rest.

    `lookups` is what parameter store and exports are known to hold, by `ssm:NAME` and `import:NAME`.
    """

    given: Mapping[str, str | Unknown] = field(default_factory=dict)
    previous: Mapping[str, str | Unknown] = field(default_factory=dict)
    lookups: Mapping[str, str | Unknown] = field(default_factory=dict)
    configured: Mapping[str, str] = field(default_factory=dict)
    """Where those are set that were not given with the command, in words."""


def bind(template: Template, parameters: Parameters) -> dict[str, Bound]:
    """The value of every declared parameter; one without any is Unknown and names itself.

    The value of an SSM-typed one is a name in the parameter store; `lookups` says what that holds.

    Raises `UsageError` for a given name that the template does not declare and for a value that its
    declaration forbids (AllowedValues, AllowedPattern, lengths, bounds, Number).
    """
    refuse_undeclared(template, parameters.given, parameters.configured)
    return {name: _bind_one(name, entry, parameters) for name, entry in template.parameters.items()}


def refuse_undeclared(
    template: Template, given: Mapping[str, object], configured: Mapping[str, str] | None = None
) -> None:
    for name in given:
        if name not in template.parameters:
            place = f"; {configured[name]} sets it" if configured and name in configured else ""
            raise UsageError(
                f"{template.file} has no parameter `{name}`", f"{_instead(name, template.parameters)}{place}"
            )


def _instead(name: str, declared: Collection[str]) -> str:
    near = difflib.get_close_matches(name, declared, n=1)
    if near:
        return f"did you mean `{near[0]}`?"
    return f"it has: {', '.join(declared)}" if declared else "it declares none"


def missing_values(template: Template, parameters: Parameters) -> list[str]:
    """The parameters that a deploy could not fill."""
    return [
        name
        for name, entry in template.parameters.items()
        if name not in parameters.given and name not in parameters.previous and "Default" not in entry
    ]


def is_secret(entry: Mapping[str, Any]) -> bool:
    return str(entry.get("NoEcho", "")).lower() == "true"


def _bind_one(name: str, entry: Mapping[str, Any], parameters: Parameters) -> Bound:
    kind = str(entry.get("Type", "String"))
    if name in parameters.given:
        text: str | Unknown = parameters.given[name]
        if isinstance(text, str):
            _check(name, text, entry, kind)
    elif name in parameters.previous:
        text = parameters.previous[name]
    elif "Default" in entry:
        text = as_text(entry["Default"])
    else:
        text = Unknown(f"parameter {name} has neither a value nor a default", f"--parameter {name}=VALUE")
    if isinstance(text, Unknown):
        return text
    if kind.startswith(STORED):
        stored = parameters.lookups.get(f"ssm:{text}", in_store(text, f"parameter {name}"))
        if isinstance(stored, Unknown):
            return stored
        text, kind = stored, kind.removeprefix(STORED)
    if kind == "CommaDelimitedList" or kind.startswith("List<"):
        return [part.strip() for part in text.split(",")] if text else []
    return text


STORED = "AWS::SSM::Parameter::Value<"


def in_store(name: str, what: str) -> Unknown:
    """What the parameter store holds, which only the account knows."""
    return Unknown(
        f"{what} is what the parameter store holds under {name}", f"--resolve ssm:{name}=VALUE", lookup=f"ssm:{name}"
    )


def as_text(value: object) -> str:
    """A scalar as CloudFormation compares it: everything is text, `true` is "true"."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return ""
    return str(value)


def _check(name: str, text: str, entry: Mapping[str, Any], kind: str) -> None:
    shown = "the value" if is_secret(entry) else f"`{text}`"
    values = entry.get("AllowedValues")
    allowed = [as_text(value) for value in values] if isinstance(values, list) else []
    explained = entry.get("ConstraintDescription")
    is_list = kind == "CommaDelimitedList" or kind.startswith("List<")
    parts = [part.strip() for part in text.split(",")] if is_list else [text]
    for part in parts:
        if allowed and part not in allowed:
            raise UsageError(f"parameter {name}: {shown} is not allowed", f"it takes one of: {', '.join(allowed)}")
        if problem := _breach(part, entry, kind):
            raise UsageError(f"parameter {name}: {shown} {problem}", str(explained) if explained else None)


def _breach(text: str, entry: Mapping[str, Any], kind: str) -> str | None:
    """What the declaration forbids about this value, or None."""
    if kind in ("Number", "List<Number>"):
        return _breach_of_number(text, entry)
    if len(text) < _bound(entry, "MinLength", -math.inf):
        return f"is shorter than MinLength {entry['MinLength']}"
    if len(text) > _bound(entry, "MaxLength", math.inf):
        return f"is longer than MaxLength {entry['MaxLength']}"
    pattern = entry.get("AllowedPattern")
    return f"does not match AllowedPattern {pattern}" if pattern and not _matches(str(pattern), text) else None


def _breach_of_number(text: str, entry: Mapping[str, Any]) -> str | None:
    if not _NUMBER.fullmatch(text.strip()):
        return "is not a number"
    number = float(text)
    if number < _bound(entry, "MinValue", -math.inf):
        return f"is below MinValue {entry['MinValue']}"
    return f"is above MaxValue {entry['MaxValue']}" if number > _bound(entry, "MaxValue", math.inf) else None


_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")


def _bound(entry: Mapping[str, Any], name: str, otherwise: float) -> float:
    """A bound that the declaration sets; one that is no number is left to cfn-lint and CloudFormation."""
    try:
        return float(entry.get(name, otherwise))
    except (TypeError, ValueError):
        return otherwise


def _matches(pattern: str, text: str) -> bool:
    """Whether the whole text matches; a pattern that only Java understands is left to CloudFormation."""
    try:
        with warnings.catch_warnings():
            # Python warns of what it reads in another way than Java does, such as sets within sets.
            warnings.simplefilter("error", FutureWarning)
            return re.fullmatch(pattern, text) is not None
    except (re.error, FutureWarning):
        return True
