"""Intrinsic functions to values, each evaluated at most once and only where it is needed.

A value is plain data, `NO_VALUE`, or `Unknown` with its reason. Conditions are three-valued, so a branch
that does not matter never makes an answer unknown. Combinations of conditions are never enumerated.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
"""

import base64
import json
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from tapctl.errors import TemplateError
from tapctl.hints import Advised
from tapctl.limits.cloudformation import MAX_TEMPLATE
from tapctl.template.model import Template
from tapctl.template.parameters import Bound, as_text, in_store, is_secret
from tapctl.template.source import Path
from tapctl.unknown import Unknown

Value = Any
"""Plain data, `NO_VALUE` or `Unknown`."""

MAX_TEXT = MAX_TEMPLATE
"""Characters; no value is longer than the largest template."""


class _NoValue:
    """What `AWS::NoValue` stands for: the property is left out."""

    def __repr__(self) -> str:
        return "NO_VALUE"


NO_VALUE: Final = _NoValue()


@dataclass(frozen=True, slots=True)
class ResourceReference(Unknown):
    """What a Ref or GetAtt to a resource gives: unknown before the deploy, but known whose it is."""

    logical_id: str = ""


@dataclass(frozen=True, slots=True)
class PerhapsLeftOut(Unknown):
    """Unknown to the point that it may be `NO_VALUE`, so that a list with it has no known length."""


@dataclass(slots=True)
class Resolver:
    """Evaluates values of one template under one set of parameters.

    `pseudo` holds the pseudo parameters that are known, `lookups` what parameter store and exports are
    known to hold, by `ssm:NAME` and `import:NAME`. `live` is what references to the resources of a stack that
    is up give, by `NAME` for Ref and `NAME.ATTRIBUTE` for GetAtt.
    """

    template: Template
    parameters: Mapping[str, Bound]
    pseudo: Mapping[str, str] = field(default_factory=dict)
    lookups: Mapping[str, str | Unknown] = field(default_factory=dict)
    live: Mapping[str, str] = field(default_factory=dict)
    _conditions: dict[str, bool | Unknown | None] = field(default_factory=dict)
    # None marks a condition that is being worked out, which another thread must not take for one that goes in circles.
    _one_at_a_time: threading.RLock = field(default_factory=threading.RLock, repr=False, compare=False)

    def value(self, value: Value, path: Path = ()) -> Value:
        """The value with every intrinsic in it resolved; `path` is where it stands, for messages."""
        if isinstance(value, dict):
            if len(value) == 1:
                (name,) = value
                if function := FUNCTIONS.get(name):
                    return self._bounded(function(self, value[name], (*path, name)), path)
                if name.startswith("Fn::"):
                    return Unknown(f"{name} cannot be evaluated before the deploy")
            items = {key: self.value(item, (*path, key)) for key, item in value.items()}
            return {key: item for key, item in items.items() if item is not NO_VALUE}
        if isinstance(value, list):
            values = [self.value(item, (*path, index)) for index, item in enumerate(value)]
            return [item for item in values if item is not NO_VALUE]
        if isinstance(value, str) and "{{resolve:" in value:
            return self._dynamic(value)
        return value

    def condition(self, name: str, path: Path = ()) -> bool | Unknown:
        """Whether the named condition holds. Raises `TemplateError` for an undefined or a circular one."""
        with self._one_at_a_time:
            return self._condition(name, path)

    def _condition(self, name: str, path: Path) -> bool | Unknown:
        if name in self._conditions:
            known = self._conditions[name]
            if known is None:
                raise self.template.error(f"condition {name} depends on itself", "Conditions", name)
            return known
        if name not in self.template.conditions:
            raise self.template.error(f"condition {name} is not defined", *path)
        self._conditions[name] = None
        try:
            answer = self.truth(self.template.conditions[name], ("Conditions", name))
        except RecursionError:
            raise self.template.error(
                f"condition {name} hangs on too long a chain of conditions", "Conditions", name
            ) from None
        self._conditions[name] = answer
        return answer

    def truth(self, value: Value, path: Path) -> bool | Unknown:
        """A value as a condition."""
        if isinstance(value, dict) and set(value) == {"Condition"}:
            return self.condition(self.template.condition_name(value["Condition"], *path, "Condition"), path)
        resolved = self.value(value, path)
        if isinstance(resolved, Unknown | bool):
            return resolved
        if isinstance(resolved, str) and resolved.lower() in ("true", "false"):
            return resolved.lower() == "true"
        raise self.template.error("a condition must be true or false", *path)

    def exists(self, condition: Value, path: Path) -> bool | Unknown:
        """Whether a resource or output with this `Condition` is there."""
        return True if condition is None else self.condition(self.template.condition_name(condition, *path), path)

    def without_secrets(self, text: str) -> str:
        """A text for a message: the values of NoEcho parameters are not shown."""
        values = [self.parameters.get(name) for name, entry in self.template.parameters.items() if is_secret(entry)]
        secrets = [part for value in values for part in (value if isinstance(value, list) else [value])]
        for secret in secrets:
            if isinstance(secret, str) and secret:
                text = text.replace(secret, "****")
        return text

    def _bounded(self, value: Value, path: Path) -> Value:
        """The value; a text that doubles with every level of nesting is stopped in time."""
        if isinstance(value, str) and len(value) > MAX_TEXT:
            raise self.template.error(f"grows to a text of more than {MAX_TEXT:,} characters", *path)
        return value

    def _dynamic(self, text: str) -> Value:
        """Dynamic references; a part that cannot be known makes the whole text unknown."""
        unknown: list[Unknown] = []

        def replace(match: re.Match[str]) -> str:
            known = self._stored(match["service"], match["name"], match["version"] or "")
            if isinstance(known, Unknown):
                unknown.append(known)
                return ""
            return known

        replaced = _DYNAMIC.sub(replace, text)
        return unknown[0] if unknown else replaced

    def _stored(self, service: str, name: str, version: str) -> str | Unknown:
        """What a dynamic reference stands for; secrets are never asked for."""
        if service != "ssm":
            return Unknown(f"{{{{resolve:{service}:{name}}}}} is read by CloudFormation alone")
        for key in (f"ssm:{name}{version}", f"ssm:{name}"):
            if key in self.lookups:
                return self.lookups[key]
        known = in_store(f"{name}{version}", "the dynamic reference")
        return Unknown(
            self.without_secrets(known.reason),
            known.resolution if isinstance(known.resolution, Advised) else self.without_secrets(known.resolution),
            lookup=known.lookup,
        )


_DYNAMIC = re.compile(r"\{\{resolve:(?P<service>[a-z-]+):(?P<name>[^}:]*)(?P<version>:[^}]*)?\}\}")


def _ref(resolver: Resolver, name: Value, path: Path) -> Value:
    if not isinstance(name, str):
        raise resolver.template.error("Ref takes a name", *path)
    if name == "AWS::NoValue":
        return NO_VALUE
    if name in resolver.parameters:
        return resolver.parameters[name]
    if name.startswith("AWS::"):
        return _pseudo(resolver, name, path)
    if name in resolver.live:
        return resolver.live[name]
    if name in (resolver.template.body.get("Resources") or {}):
        return ResourceReference(f"the physical id of {name} is known only after the deploy", logical_id=name)
    if looped := _perhaps_looped(resolver):
        return looped
    raise resolver.template.error(f"Ref to {name}, which is neither a parameter nor a resource", *path)


def _perhaps_looped(resolver: Resolver) -> Unknown | None:
    """Why a name that stands nowhere may still be a resource: a loop over the unknown may make it."""
    return next(iter(resolver.template.opaque.values()), None)


_PSEUDO = {
    "AWS::Region": "--region REGION",
    "AWS::Partition": "--region REGION",
    "AWS::URLSuffix": "--region REGION",
    "AWS::AccountId": "credentials, or a snapshot with `account_id`",
    "AWS::StackName": "--stack-name NAME",
    "AWS::StackId": "",
    "AWS::NotificationARNs": "",
}


def _pseudo(resolver: Resolver, name: str, path: Path) -> Value:
    if name in resolver.pseudo:
        return resolver.pseudo[name]
    if name not in _PSEUDO:
        raise resolver.template.error(f"there is no pseudo parameter {name}", *path)
    return Unknown(f"{name} is not known here", _PSEUDO[name])


def _get_att(resolver: Resolver, target: Value, path: Path) -> Value:
    parts = target.split(".", 1) if isinstance(target, str) else target
    if not isinstance(parts, list) or len(parts) != 2 or not isinstance(parts[0], str):
        raise resolver.template.error("Fn::GetAtt takes a logical id and an attribute", *path)
    if parts[0] not in (resolver.template.body.get("Resources") or {}):
        if looped := _perhaps_looped(resolver):
            return looped
        raise resolver.template.error(f"Fn::GetAtt of {parts[0]}, which is no resource", *path)
    if (attribute := f"{parts[0]}.{parts[1]}") in resolver.live:
        return resolver.live[attribute]
    return ResourceReference(f"{attribute} is known only after the deploy", logical_id=parts[0])


def _if(resolver: Resolver, arguments: Value, path: Path) -> Value:
    name, then, otherwise = _arguments(resolver, arguments, path, 3)
    if isinstance(name, str | bool):
        answer = resolver.condition(resolver.template.condition_name(name, *path, 0), path)
    else:
        answer = resolver.truth(name, path)
    if isinstance(answer, Unknown):
        return _either(resolver, then, otherwise, path, answer)
    return resolver.value(then, (*path, 1)) if answer else resolver.value(otherwise, (*path, 2))


def _either(resolver: Resolver, then: Value, otherwise: Value, path: Path, undecided: Unknown) -> Value:
    """What both branches agree on; one that only makes sense when it is taken settles nothing."""
    try:
        first, second = resolver.value(then, (*path, 1)), resolver.value(otherwise, (*path, 2))
    except TemplateError:
        return undecided
    if first is NO_VALUE and second is NO_VALUE:
        return NO_VALUE
    if any(each is NO_VALUE or isinstance(each, PerhapsLeftOut) for each in (first, second)):
        return PerhapsLeftOut(undecided.reason, undecided.resolution, undecided.judged, undecided.lookup)
    return first if _comparable(first) == _comparable(second) else undecided


def _equals(resolver: Resolver, arguments: Value, path: Path) -> Value:
    left, right = (resolver.value(side, path) for side in _arguments(resolver, arguments, path, 2))
    for side in (left, right):
        if unknown := find_unknown(side):
            return unknown
    return _comparable(left) == _comparable(right)


def _comparable(value: Value) -> object:
    if isinstance(value, list):
        return [_comparable(item) for item in value]
    if isinstance(value, dict):
        return {key: _comparable(item) for key, item in value.items()}
    return as_text(value)


def _and(resolver: Resolver, arguments: Value, path: Path) -> Value:
    return _combine(resolver, arguments, path, decisive=False)


def _or(resolver: Resolver, arguments: Value, path: Path) -> Value:
    return _combine(resolver, arguments, path, decisive=True)


def _combine(resolver: Resolver, arguments: Value, path: Path, *, decisive: bool) -> bool | Unknown:
    """And is decided by one false, Or by one true; otherwise one unknown leaves it open."""
    if not isinstance(arguments, list):
        raise resolver.template.error(f"{path[-1]} takes a list", *path)
    unknown: Unknown | None = None
    for index, argument in enumerate(arguments):
        answer = resolver.truth(argument, (*path, index))
        if isinstance(answer, Unknown):
            unknown = unknown or answer
        elif answer is decisive:
            return decisive
    return unknown if unknown is not None else not decisive


def _not(resolver: Resolver, arguments: Value, path: Path) -> Value:
    (argument,) = _arguments(resolver, arguments, path, 1)
    answer = resolver.truth(argument, (*path, 0))
    return answer if isinstance(answer, Unknown) else not answer


def _condition(resolver: Resolver, name: Value, path: Path) -> Value:
    return resolver.condition(name, path) if isinstance(name, str) else {"Condition": resolver.value(name, path)}


def _find_in_map(resolver: Resolver, arguments: Value, path: Path) -> Value:
    if not isinstance(arguments, list) or len(arguments) not in (3, 4):
        raise resolver.template.error("Fn::FindInMap takes a map, a first and a second key", *path)
    extra = arguments[3] if len(arguments) == 4 else {"DefaultValue": NO_VALUE}
    if not isinstance(extra, dict) or set(extra) != {"DefaultValue"}:
        raise resolver.template.error("the DefaultValue of Fn::FindInMap is not one", *path)
    default = extra["DefaultValue"]
    keys = [resolver.value(key, (*path, index)) for index, key in enumerate(arguments[:3])]
    for key in keys:
        if isinstance(key, Unknown):
            same = _same_everywhere(resolver, keys)
            return key if same is NO_VALUE else resolver.value(same, path)
    found: Value = resolver.template.mappings
    for key in keys:
        if not isinstance(found, dict) or as_text(key) not in found:
            if default is not NO_VALUE:
                return resolver.value(default, (*path, 3, "DefaultValue"))
            missing = resolver.without_secrets(".".join(as_text(key) for key in keys))
            raise resolver.template.error(f"the mapping has no {missing}", *path)
        found = found[as_text(key)]
    return resolver.value(found, path)


def _same_everywhere(resolver: Resolver, keys: list[Value]) -> Value:
    """What an unknown first key gives when it makes no difference, such as a map with one value throughout."""
    name, first, second = keys
    entries = resolver.template.mappings.get(name) if isinstance(name, str) else None
    if not isinstance(entries, dict) or not isinstance(first, Unknown) or isinstance(second, Unknown):
        return NO_VALUE
    values = [entry.get(as_text(second), NO_VALUE) for entry in entries.values() if isinstance(entry, dict)]
    return values[0] if values and all(value == values[0] for value in values) else NO_VALUE


_PLACEHOLDER = re.compile(r"\$\{(!?)([^}]*)\}")


def _sub(resolver: Resolver, arguments: Value, path: Path) -> Value:
    text, local = (arguments, {}) if isinstance(arguments, str) else _arguments(resolver, arguments, path, 2)
    if not isinstance(text, str) or not isinstance(local, dict):
        raise resolver.template.error("Fn::Sub takes a text and, beside it, a map", *path)
    unknown: list[Unknown] = []
    seen: dict[str, Value] = {}

    def replace(match: re.Match[str]) -> str:
        literal, name = match[1], match[2].strip()
        if literal:
            return f"${{{match[2]}}}"
        if name not in seen:
            seen[name] = _placeholder(resolver, name, local, path)
        value = seen[name]
        if isinstance(value, Unknown):
            unknown.append(value)
            return ""
        if isinstance(value, list):
            return ",".join(as_text(item) for item in value)
        return "" if value is NO_VALUE else as_text(value)

    replaced = _PLACEHOLDER.sub(replace, text)
    # The one that names a resource says most: an ARN written out is still that resource's.
    named = next((each for each in unknown if isinstance(each, ResourceReference)), None)
    return named or (unknown[0] if unknown else resolver.value(replaced, path))


def _placeholder(resolver: Resolver, name: str, local: Mapping[str, Value], path: Path) -> Value:
    if name in local:
        return resolver.value(local[name], (*path, 1, name))
    return _get_att(resolver, name, path) if "." in name else _ref(resolver, name, path)


def _join(resolver: Resolver, arguments: Value, path: Path) -> Value:
    delimiter, items = _arguments(resolver, arguments, path, 2)
    values = resolver.value(items, (*path, 1))
    if isinstance(values, Unknown):
        return values
    if not isinstance(values, list):
        raise resolver.template.error("Fn::Join takes a delimiter and a list", *path)
    for value in values:
        if isinstance(value, Unknown):
            return value
    return as_text(delimiter).join(as_text(value) for value in values)


def _split(resolver: Resolver, arguments: Value, path: Path) -> Value:
    delimiter, text = _arguments(resolver, arguments, path, 2)
    value = resolver.value(text, (*path, 1))
    if isinstance(value, Unknown):
        return value
    if not as_text(delimiter):
        raise resolver.template.error("Fn::Split takes a delimiter that is not empty", *path)
    return as_text(value).split(as_text(delimiter))


def _select(resolver: Resolver, arguments: Value, path: Path) -> Value:
    index, items = _arguments(resolver, arguments, path, 2)
    position = resolver.value(index, (*path, 0))
    # Where the list is written out only the chosen item is evaluated, and what may be left out before it.
    values = _present(resolver, items, (*path, 1)) if isinstance(items, list) else resolver.value(items, (*path, 1))
    for value in (position, values):
        if isinstance(value, Unknown):
            return value
    if not isinstance(values, list) or not re.fullmatch(r"\d+", as_text(position)):
        raise resolver.template.error("Fn::Select takes an index and a list", *path)
    for value in values[: int(position)]:
        if isinstance(value, PerhapsLeftOut):
            return value
    if int(position) >= len(values):
        chosen = resolver.without_secrets(as_text(position))
        raise resolver.template.error(f"Fn::Select: there is no item {chosen} among {len(values)}", *path)
    return resolver.value(values[int(position)], (*path, 1, int(position)))


def _present(resolver: Resolver, items: list[Value], path: Path) -> list[Value]:
    """The items of a list that are there; those that cannot be left out are not evaluated."""
    found = [resolver.value(item, (*path, index)) if _is_optional(item) else item for index, item in enumerate(items)]
    return [item for item in found if item is not NO_VALUE]


def _is_optional(item: Value) -> bool:
    """Whether it can turn out to be `AWS::NoValue`."""
    match item:
        case {"Ref": "AWS::NoValue"}:
            return True
        case {"Fn::If": [_, then, otherwise]}:
            return _is_optional(then) or _is_optional(otherwise)
        case _:
            return False


def _length(resolver: Resolver, items: Value, path: Path) -> Value:
    values = resolver.value(items, path)
    if isinstance(values, Unknown):
        return values
    if not isinstance(values, list):
        raise resolver.template.error("Fn::Length takes a list", *path)
    return next((value for value in values if isinstance(value, PerhapsLeftOut)), len(values))


def _to_json_string(resolver: Resolver, value: Value, path: Path) -> Value:
    resolved = resolver.value(value, path)
    return find_unknown(resolved) or json.dumps(resolved, separators=(",", ":"))


def _base64(resolver: Resolver, value: Value, path: Path) -> Value:
    resolved = resolver.value(value, path)
    return find_unknown(resolved) or base64.b64encode(as_text(resolved).encode()).decode()


def _import_value(resolver: Resolver, name: Value, path: Path) -> Value:
    export = resolver.value(name, path)
    if isinstance(export, Unknown):
        return export
    key = f"import:{export}"
    shown = resolver.without_secrets(str(export))
    unknown = Unknown(f"the export {shown} is another stack's", f"--resolve import:{shown}=VALUE", lookup=key)
    return resolver.lookups.get(key, unknown)


def find_unknown(value: Value) -> Unknown | None:
    """The first Unknown anywhere inside a resolved value."""
    if isinstance(value, Unknown):
        return value
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return next((found for part in parts if (found := find_unknown(part))), None)


def _arguments(resolver: Resolver, arguments: Value, path: Path, count: int) -> list[Value]:
    if not isinstance(arguments, list) or len(arguments) != count:
        raise resolver.template.error(f"{path[-1]} takes {count} argument{'s' if count > 1 else ''}", *path)
    return arguments


FUNCTIONS: Mapping[str, Callable[[Resolver, Value, Path], Value]] = {
    "Ref": _ref,
    "Condition": _condition,
    "Fn::And": _and,
    "Fn::Base64": _base64,
    "Fn::Equals": _equals,
    "Fn::FindInMap": _find_in_map,
    "Fn::GetAtt": _get_att,
    "Fn::If": _if,
    "Fn::ImportValue": _import_value,
    "Fn::Join": _join,
    "Fn::Length": _length,
    "Fn::Not": _not,
    "Fn::Or": _or,
    "Fn::Select": _select,
    "Fn::Split": _split,
    "Fn::Sub": _sub,
    "Fn::ToJsonString": _to_json_string,
}
