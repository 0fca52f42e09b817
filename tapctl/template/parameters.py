"""Template parameters: the values in force, and the constraints of their declarations."""

import difflib
import math
import re
import signal
import threading
import warnings
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tapctl.errors import UsageError
from tapctl.hints import Hint, advise, with_step
from tapctl.hints.judgement import JudgementAdvice
from tapctl.hints.usage import UsageAdvice
from tapctl.template.model import Path, Template
from tapctl.unknown import Unknown

Bound = str | list[str] | Unknown


@dataclass(frozen=True, slots=True)
class Parameters:
    """The values in force: `given` by the user, else `previous` of the deployed stack, else the default.

    `lookups` holds the known SSM parameters and exports, by `ssm:NAME` and `import:NAME`.
    """

    given: Mapping[str, str | Unknown] = field(default_factory=dict)
    previous: Mapping[str, str | Unknown] = field(default_factory=dict)
    lookups: Mapping[str, str | Unknown] = field(default_factory=dict)
    configured: Mapping[str, str] = field(default_factory=dict)
    """By name, where a value comes from that is not from the command line, such as a key of tapctl.toml."""
    hidden: frozenset[str] = frozenset()
    """The parameters whose values come from the environment and are not shown."""


def bind(template: Template, parameters: Parameters) -> dict[str, Bound]:
    """The value of every declared parameter, Unknown where it has none.

    The text of a parameter of an SSM type is the name of an SSM parameter, whose value comes from `lookups`.

    Raises `UsageError` for a given name that the template does not declare and for a given value that the declaration
    forbids (AllowedValues, AllowedPattern, MinLength, MaxLength, MinValue, MaxValue, Number).
    """
    refuse_undeclared(template, parameters.given, parameters.configured)
    return {name: _value(name, entry, parameters) for name, entry in template.parameters.items()}


def refuse_undeclared(
    template: Template, given: Mapping[str, object], configured: Mapping[str, str] | None = None
) -> None:
    """Raises `UsageError` for a given name that the template does not declare."""
    for name in given:
        if not template.may_declare(name):
            hint = _alternatives(name, template.parameters)
            if configured and name in configured:
                hint = with_step(hint, advise(UsageAdvice.SET_BY, configured[name]))
            raise UsageError(f"{template.file} has no parameter `{name}`", hint)


def _alternatives(name: str, declared: Collection[str]) -> Hint:
    close = difflib.get_close_matches(name, declared, n=1)
    if close:
        return advise(UsageAdvice.DID_YOU_MEAN, close[0])
    return advise(UsageAdvice.IT_DECLARES, ", ".join(declared)) if declared else advise(UsageAdvice.DECLARES_NONE)


def missing_values(template: Template, parameters: Parameters) -> list[str]:
    """The parameters without a given value, a previous value and a default, which a deploy needs."""
    return [
        name
        for name, entry in template.parameters.items()
        if name not in parameters.given and name not in parameters.previous and "Default" not in entry
    ]


@dataclass(frozen=True, slots=True)
class KeptParameter:
    """A parameter with the value that it keeps from the stack, and the default that the template has now."""

    name: str
    value: str
    default: str


def kept_parameters(template: Template, parameters: Parameters) -> tuple[KeptParameter, ...]:
    """The parameters that keep a value of the stack other than the default; secret and unknown ones aside."""
    kept = (
        KeptParameter(name, value, as_text(entry["Default"]))
        for name, entry in template.parameters.items()
        if name not in parameters.given and "Default" in entry and not is_secret(entry)
        if isinstance(value := parameters.previous.get(name), str)
    )
    return tuple(parameter for parameter in kept if _items(parameter.value) != _items(parameter.default))


def _items(text: str) -> list[str]:
    """The items of a list, which differ by nothing but spaces if they are the same; of any other text the whole."""
    return [item.strip() for item in text.split(",")]


def is_secret(entry: Mapping[str, Any]) -> bool:
    """Whether a parameter is declared NoEcho."""
    return str(entry.get("NoEcho", "")).lower() == "true"


def _value(name: str, entry: Mapping[str, Any], parameters: Parameters) -> Bound:
    type_ = str(entry.get("Type", "String"))
    if name in parameters.given:
        text: str | Unknown = parameters.given[name]
        if isinstance(text, str):
            shown = "the value" if is_secret(entry) or name in parameters.hidden else f"`{text}`"
            _check(name, text, entry, type_, shown)
    elif name in parameters.previous:
        text = parameters.previous[name]
    elif "Default" in entry:
        text = as_text(entry["Default"])
    else:
        text = Unknown(
            f"parameter {name} has neither a value nor a default", advise(JudgementAdvice.PASS_PARAMETER, name)
        )
    if isinstance(text, Unknown):
        return text
    if type_.startswith(SSM_TYPE):
        stored = parameters.lookups.get(f"ssm:{text}", unknown_in_ssm(text, text, f"parameter {name}"))
        if isinstance(stored, Unknown):
            return stored
        text, type_ = stored, type_.removeprefix(SSM_TYPE)
    if _is_list(type_):
        # An empty CommaDelimitedList has one empty text:
        # https://github.com/aws-cloudformation/cfn-language-discussion/issues/102
        return [part.strip() for part in text.split(",")] if text or type_ == "CommaDelimitedList" else []
    return text


SSM_TYPE = "AWS::SSM::Parameter::Value<"
"""Begins the type of a parameter whose text is the name of an SSM parameter."""


def unknown_in_ssm(name: str, shown: str, user: str = "") -> Unknown:
    """The unknown value of the SSM parameter `name`, which a message has as `shown`; `user` takes its value from it."""
    subject = f"{user} is the value of SSM parameter {shown}, which" if user else f"the value of SSM parameter {shown}"
    return Unknown(f"{subject} is not known", advise(JudgementAdvice.PASS_LOOKUP, f"ssm:{shown}"), lookup=f"ssm:{name}")


def as_text(value: object) -> str:
    """A scalar as CloudFormation compares it, as text: `true` is "true"."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return ""
    return str(value)


def _is_list(type_: str) -> bool:
    return type_ == "CommaDelimitedList" or type_.startswith("List<")


def _check(name: str, text: str, entry: Mapping[str, Any], type_: str, shown: str) -> None:
    """Raises `UsageError` for a value, `shown` so, that the declaration forbids."""
    values = entry.get("AllowedValues")
    allowed = [as_text(value) for value in values] if isinstance(values, list) else []
    description = entry.get("ConstraintDescription")
    stated = advise(JudgementAdvice.AS_WRITTEN, str(description)) if description else None
    for part in [part.strip() for part in text.split(",")] if _is_list(type_) else [text]:
        if allowed and part not in allowed:
            hint = advise(UsageAdvice.MUST_BE_ONE_OF, ", ".join(allowed))
            raise UsageError(f"parameter {name}: {shown} is not in AllowedValues", hint)
        if violation := _violation(part, entry, type_):
            raise UsageError(f"parameter {name}: {shown} {violation}", stated)


def _violation(text: str, entry: Mapping[str, Any], type_: str) -> str | None:
    """The constraint that a value violates, as the predicate of a message, or None."""
    if type_ in ("Number", "List<Number>"):
        return _number_violation(text, entry)
    if len(text) < _bound(entry, "MinLength", -math.inf):
        return f"is shorter than MinLength {entry['MinLength']}"
    if len(text) > _bound(entry, "MaxLength", math.inf):
        return f"is longer than MaxLength {entry['MaxLength']}"
    pattern = entry.get("AllowedPattern")
    return f"does not match AllowedPattern {pattern}" if pattern and not _matches(str(pattern), text) else None


def _number_violation(text: str, entry: Mapping[str, Any]) -> str | None:
    if not _NUMBER.fullmatch(text.strip()):
        return "is not a number"
    number = float(text)
    if number < _bound(entry, "MinValue", -math.inf):
        return f"is below MinValue {entry['MinValue']}"
    return f"is above MaxValue {entry['MaxValue']}" if number > _bound(entry, "MaxValue", math.inf) else None


_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")


def _bound(entry: Mapping[str, Any], name: str, otherwise: float) -> float:
    """A bound of the declaration; one that is not a number is left to cfn-lint and CloudFormation."""
    try:
        return float(entry.get(name, otherwise))
    except (TypeError, ValueError, OverflowError):
        return otherwise


def _matches(pattern: str, text: str) -> bool:
    """Whether the whole text matches.

    A pattern that only Java accepts, or that Python does not decide in time, is left to CloudFormation.
    """
    try:
        with warnings.catch_warnings(), _at_most(_PATTERN_SECONDS):
            # Python warns about syntax that Java reads differently, such as a set within a set.
            warnings.simplefilter("error", FutureWarning)
            return re.fullmatch(pattern, text) is not None
    except (re.error, FutureWarning, OverflowError, RecursionError, TimeoutError):
        return True


_PATTERN_SECONDS = 1
"""The longest that a pattern may take; one such as `(a+)+` takes twice as long for each character."""


@contextmanager
def _at_most(seconds: float) -> Iterator[None]:
    """Raise `TimeoutError` in the block after this time, where the system has signals and this is the main thread."""
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(*_: object) -> None:
        raise TimeoutError

    handler, (left, _) = signal.signal(signal.SIGALRM, stop), signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, left)
        signal.signal(signal.SIGALRM, handler)


_PLACEHOLDER = re.compile(r"\$\{([^!.}\s]+)\}")


Use = tuple[Path, tuple[str, str]]
"""A place, and its reference: `("parameter", NAME)` or `("condition", NAME)`."""


@dataclass(frozen=True, slots=True)
class References:
    """All uses of parameters and conditions in a template, collected once."""

    uses: tuple[Use, ...]

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> "References":
        """The references of a template's body."""
        return cls(tuple(_uses(body)))

    def users(self, name: str) -> set[Path]:
        """Every place that uses a parameter, or a condition that depends on it; the conditions are not among them."""
        waiting = [path for path, use in self.uses if use == ("parameter", name)]
        users: set[Path] = set()
        conditions: set[str] = set()
        while waiting:
            path = waiting.pop()
            if path[0] != "Conditions":
                users.add(path)
            elif (condition := str(path[1])) not in conditions:
                conditions.add(condition)
                waiting += [other for other, use in self.uses if use == ("condition", condition)]
        return users

    def within(self, path: Path) -> list[str]:
        """The parameters that a place uses, then those of the conditions that it uses, in order of appearance."""
        names: dict[str, None] = {}
        conditions = [""]
        for condition in conditions:
            holder = ("Conditions", condition) if condition else path
            for place, (kind, name) in self.uses:
                if place[: len(holder)] != holder:
                    continue
                if kind == "parameter":
                    names[name] = None
                elif name not in conditions:
                    conditions.append(name)
        return [*names]


def _uses(value: Any, path: Path = ()) -> Iterator[Use]:
    """Each place that names a parameter or a condition."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _reference(key, item, path)
            yield from _uses(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _uses(item, (*path, index))
    elif isinstance(value, str) and "${" in value:
        # Any text counts, also outside of Fn::Sub: one use too many does less harm than one too few.
        yield from ((path, ("parameter", name)) for name in _PLACEHOLDER.findall(value))


def _reference(key: str, item: Any, path: Path) -> Iterator[Use]:
    match key, item:
        case "Ref", str(name):
            yield path, ("parameter", name)
        case "Condition", str(name):
            yield path, ("condition", name)
        case "Fn::If", [str(name), *_]:
            yield path, ("condition", name)
