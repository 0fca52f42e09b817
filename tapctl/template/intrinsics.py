"""The intrinsic functions: one Python function for each, and the table of them.

A function takes the resolver, its unresolved arguments and their place in the template. It evaluates only the arguments
that it needs, and raises `TemplateError` for arguments that CloudFormation refuses.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
"""

import base64
import json
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from tapctl.errors import TemplateError
from tapctl.hints import Hint, advise
from tapctl.hints.judgement import JudgementAdvice
from tapctl.template.model import Path
from tapctl.template.parameters import as_text
from tapctl.template.values import NO_VALUE, MaybeNoValue, ResourceReference, Value
from tapctl.unknown import Unknown

if TYPE_CHECKING:
    from tapctl.template.resolver import Resolver


def _ref(resolver: "Resolver", name: Value, path: Path) -> Value:
    if not isinstance(name, str):
        raise resolver.template.error("Ref: the argument must be the name of a parameter or resource", *path)
    if name == "AWS::NoValue":
        return NO_VALUE
    if name in resolver.parameters:
        return resolver.parameters[name]
    if name.startswith("AWS::"):
        return _pseudo_parameter(resolver, name, path)
    if name in resolver.live:
        return resolver.live[name]
    if name in (resolver.template.body.get("Resources") or {}):
        return ResourceReference(f"the physical id of {name} is known only after the deploy", logical_id=name)
    if unseen := resolver.template.unseen("Parameters") or resolver.template.unseen("Resources", name):
        return unseen
    raise resolver.template.error(f"Ref: {name} is neither a parameter nor a resource", *path)


PSEUDO_PARAMETERS: Mapping[str, Hint | None] = {
    "AWS::Region": advise(JudgementAdvice.PASS_REGION),
    "AWS::Partition": advise(JudgementAdvice.PASS_REGION),
    "AWS::URLSuffix": advise(JudgementAdvice.PASS_REGION),
    "AWS::AccountId": advise(JudgementAdvice.USE_CREDENTIALS_OR_SNAPSHOT),
    "AWS::StackName": advise(JudgementAdvice.GIVE_STACK_NAME),
    "AWS::StackId": None,
    "AWS::NotificationARNs": None,
}
"""What would make each known."""


def _pseudo_parameter(resolver: "Resolver", name: str, path: Path) -> Value:
    if name in resolver.pseudo:
        return resolver.pseudo[name]
    if name not in PSEUDO_PARAMETERS:
        raise resolver.template.error(f"Ref: {name} is not a pseudo parameter", *path)
    return Unknown(f"{name} is not known", PSEUDO_PARAMETERS[name])


def _get_att(resolver: "Resolver", target: Value, path: Path) -> Value:
    parts = target.split(".", 1) if isinstance(target, str) else target
    if not isinstance(parts, list) or len(parts) != 2 or not isinstance(parts[0], str):
        raise resolver.template.error("Fn::GetAtt: the argument must be a logical id and an attribute", *path)
    if parts[0] not in (resolver.template.body.get("Resources") or {}):
        if unseen := resolver.template.unseen("Resources", parts[0]):
            return unseen
        raise resolver.template.error(f"Fn::GetAtt: {parts[0]} is not a resource", *path)
    if (attribute := f"{parts[0]}.{parts[1]}") in resolver.live:
        return resolver.live[attribute]
    return ResourceReference(f"{attribute} is known only after the deploy", logical_id=parts[0])


def _if(resolver: "Resolver", arguments: Value, path: Path) -> Value:
    name, then, otherwise = _arguments(resolver, arguments, path, 3)
    if isinstance(name, str | bool):
        answer = resolver.condition(resolver.template.condition_name(name, *path, 0), path)
    else:
        answer = resolver.truth(name, path)
    if isinstance(answer, Unknown):
        return _if_unknown(resolver, then, otherwise, path, answer)
    return resolver.value(then, (*path, 1)) if answer else resolver.value(otherwise, (*path, 2))


def _if_unknown(resolver: "Resolver", then: Value, otherwise: Value, path: Path, undecided: Unknown) -> Value:
    """The value of both branches where they agree; a branch that is an error may never be taken."""
    try:
        values = resolver.value(then, (*path, 1)), resolver.value(otherwise, (*path, 2))
    except TemplateError:
        return undecided
    if values == (NO_VALUE, NO_VALUE):
        return NO_VALUE
    if any(value is NO_VALUE or isinstance(value, MaybeNoValue) for value in values):
        return MaybeNoValue(undecided.reason, undecided.resolution, undecided.judged, undecided.lookup)
    return values[0] if _comparable(values[0]) == _comparable(values[1]) else undecided


def _equals(resolver: "Resolver", arguments: Value, path: Path) -> Value:
    left, right = (resolver.value(side, path) for side in _arguments(resolver, arguments, path, 2))
    for side in (left, right):
        if unknown := find_unknown(side):
            return unknown
    return _comparable(left) == _comparable(right)


def _comparable(value: Value) -> object:
    """The value with every scalar in it as text."""
    if isinstance(value, list):
        return [_comparable(item) for item in value]
    if isinstance(value, dict):
        return {key: _comparable(item) for key, item in value.items()}
    return as_text(value)


def _and(resolver: "Resolver", arguments: Value, path: Path) -> Value:
    return _combine(resolver, arguments, path, decisive=False)


def _or(resolver: "Resolver", arguments: Value, path: Path) -> Value:
    return _combine(resolver, arguments, path, decisive=True)


def _combine(resolver: "Resolver", arguments: Value, path: Path, *, decisive: bool) -> bool | Unknown:
    """One false decides Fn::And, one true decides Fn::Or; without it one unknown makes the result unknown."""
    if not isinstance(arguments, list):
        raise resolver.template.error(f"{path[-1]}: the argument must be a list of conditions", *path)
    unknown: Unknown | None = None
    for index, argument in enumerate(arguments):
        answer = resolver.truth(argument, (*path, index))
        if isinstance(answer, Unknown):
            unknown = unknown or answer
        elif answer is decisive:
            return decisive
    return unknown if unknown is not None else not decisive


def _not(resolver: "Resolver", arguments: Value, path: Path) -> Value:
    (argument,) = _arguments(resolver, arguments, path, 1)
    answer = resolver.truth(argument, (*path, 0))
    return answer if isinstance(answer, Unknown) else not answer


def _condition(resolver: "Resolver", name: Value, path: Path) -> Value:
    return resolver.condition(name, path) if isinstance(name, str) else {"Condition": resolver.value(name, path)}


def _find_in_map(resolver: "Resolver", arguments: Value, path: Path) -> Value:
    if not isinstance(arguments, list) or len(arguments) not in (3, 4):
        message = "Fn::FindInMap: the arguments must be a map name, a top-level key and a second-level key"
        raise resolver.template.error(message, *path)
    options = arguments[3] if len(arguments) == 4 else {"DefaultValue": NO_VALUE}
    if not isinstance(options, dict) or set(options) != {"DefaultValue"}:
        raise resolver.template.error('Fn::FindInMap: the 4th argument must be {"DefaultValue": …}', *path)
    default = options["DefaultValue"]
    keys = [resolver.value(key, (*path, index)) for index, key in enumerate(arguments[:3])]
    for key in keys:
        if isinstance(key, Unknown):
            shared = _shared_by_all_keys(resolver, keys)
            return key if shared is NO_VALUE else resolver.value(shared, path)
    entry: Value = resolver.template.mappings
    for key in keys:
        if not isinstance(entry, dict) or as_text(key) not in entry:
            if unseen := resolver.template.unseen("Mappings"):
                return unseen
            if default is not NO_VALUE:
                return resolver.value(default, (*path, 3, "DefaultValue"))
            missing = resolver.without_secrets(".".join(as_text(key) for key in keys))
            raise resolver.template.error(f"Fn::FindInMap: Mappings has no {missing}", *path)
        entry = entry[as_text(key)]
    return resolver.value(entry, path)


def _shared_by_all_keys(resolver: "Resolver", keys: list[Value]) -> Value:
    """The value for an unknown top-level key where every key of the map gives the same one; `NO_VALUE` otherwise."""
    name, top_level, second_level = keys
    entries = resolver.template.mappings.get(name) if isinstance(name, str) else None
    if not isinstance(entries, dict) or not isinstance(top_level, Unknown) or isinstance(second_level, Unknown):
        return NO_VALUE
    if resolver.template.unseen("Mappings"):
        return NO_VALUE
    values = [entry.get(as_text(second_level), NO_VALUE) for entry in entries.values() if isinstance(entry, dict)]
    return values[0] if values and all(value == values[0] for value in values) else NO_VALUE


_PLACEHOLDER = re.compile(r"\$\{(!?)([^}]*)\}")


def _sub(resolver: "Resolver", arguments: Value, path: Path) -> Value:
    text, variables = (arguments, {}) if isinstance(arguments, str) else _arguments(resolver, arguments, path, 2)
    if not isinstance(text, str) or not isinstance(variables, dict):
        raise resolver.template.error("Fn::Sub: the arguments must be a string and a map of variables", *path)
    unknown: list[Unknown] = []
    values: dict[str, Value] = {}

    def replace(match: re.Match[str]) -> str:
        literal, name = match[1], match[2].strip()
        if literal:
            return f"${{{match[2]}}}"
        if name not in values:
            values[name] = _placeholder(resolver, name, variables, path)
        value = values[name]
        if isinstance(value, Unknown):
            unknown.append(value)
            return ""
        if isinstance(value, list):
            return ",".join(as_text(item) for item in value)
        return "" if value is NO_VALUE else as_text(value)

    replaced = _PLACEHOLDER.sub(replace, text)
    # A reference to a resource comes first: an ARN that is written out with one still belongs to that resource.
    reference = next((value for value in unknown if isinstance(value, ResourceReference)), None)
    return reference or (unknown[0] if unknown else resolver.value(replaced, path))


def _placeholder(resolver: "Resolver", name: str, variables: Mapping[str, Value], path: Path) -> Value:
    if name in variables:
        return resolver.value(variables[name], (*path, 1, name))
    return _get_att(resolver, name, path) if "." in name else _ref(resolver, name, path)


def _join(resolver: "Resolver", arguments: Value, path: Path) -> Value:
    delimiter, items = _arguments(resolver, arguments, path, 2)
    values = resolver.value(items, (*path, 1))
    if isinstance(values, Unknown):
        return values
    if not isinstance(values, list):
        raise resolver.template.error("Fn::Join: the arguments must be a delimiter and a list", *path)
    for value in values:
        if isinstance(value, Unknown):
            return value
    return as_text(delimiter).join(as_text(value) for value in values)


def _split(resolver: "Resolver", arguments: Value, path: Path) -> Value:
    delimiter, text = _arguments(resolver, arguments, path, 2)
    value = resolver.value(text, (*path, 1))
    if isinstance(value, Unknown):
        return value
    if not as_text(delimiter):
        raise resolver.template.error("Fn::Split: the delimiter must not be empty", *path)
    return as_text(value).split(as_text(delimiter))


def _select(resolver: "Resolver", arguments: Value, path: Path) -> Value:
    index, items = _arguments(resolver, arguments, path, 2)
    position = resolver.value(index, (*path, 0))
    # Of a literal list only the selected item is evaluated, and the optional ones, which shift the index.
    values = _present(resolver, items, (*path, 1)) if isinstance(items, list) else resolver.value(items, (*path, 1))
    for value in (position, values):
        if isinstance(value, Unknown):
            return value
    if not isinstance(values, list) or not re.fullmatch(r"[0-9]{1,9}", as_text(position)):
        raise resolver.template.error("Fn::Select: the arguments must be an index and a list", *path)
    for value in values[: int(position)]:
        if isinstance(value, MaybeNoValue):
            return value
    if int(position) >= len(values):
        shown = resolver.without_secrets(as_text(position))
        message = f"Fn::Select: index {shown} is out of range for a list of length {len(values)}"
        raise resolver.template.error(message, *path)
    return resolver.value(values[int(position)], (*path, 1, int(position)))


def _present(resolver: "Resolver", items: list[Value], path: Path) -> list[Value]:
    """The items without those that are `AWS::NoValue`; only the optional ones are evaluated."""
    values = [resolver.value(item, (*path, index)) if _is_optional(item) else item for index, item in enumerate(items)]
    return [value for value in values if value is not NO_VALUE]


def _is_optional(item: Value) -> bool:
    """Whether an expression can evaluate to `AWS::NoValue`."""
    match item:
        case {"Ref": "AWS::NoValue"}:
            return True
        case {"Fn::If": [_, then, otherwise]}:
            return _is_optional(then) or _is_optional(otherwise)
        case _:
            return False


def _length(resolver: "Resolver", items: Value, path: Path) -> Value:
    values = resolver.value(items, path)
    if isinstance(values, Unknown):
        return values
    if not isinstance(values, list):
        raise resolver.template.error("Fn::Length: the argument must be a list", *path)
    return next((value for value in values if isinstance(value, MaybeNoValue)), len(values))


def _to_json_string(resolver: "Resolver", value: Value, path: Path) -> Value:
    resolved = resolver.value(value, path)
    return find_unknown(resolved) or json.dumps(resolved, separators=(",", ":"))


def _base64(resolver: "Resolver", value: Value, path: Path) -> Value:
    resolved = resolver.value(value, path)
    return find_unknown(resolved) or base64.b64encode(as_text(resolved).encode(errors="surrogatepass")).decode()


def _import_value(resolver: "Resolver", name: Value, path: Path) -> Value:
    export = resolver.value(name, path)
    if isinstance(export, Unknown):
        return export
    key = f"import:{export}"
    shown = resolver.without_secrets(str(export))
    reason = f"the value of export {shown} is not known"
    return resolver.lookups.get(
        key, Unknown(reason, advise(JudgementAdvice.PASS_LOOKUP, f"import:{shown}"), lookup=key)
    )


def _arguments(resolver: "Resolver", arguments: Value, path: Path, count: int) -> list[Value]:
    if not isinstance(arguments, list) or len(arguments) != count:
        raise resolver.template.error(f"{path[-1]} takes {count} argument{'s' if count > 1 else ''}", *path)
    return arguments


FUNCTIONS: Mapping[str, Callable[["Resolver", Value, Path], Value]] = {
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


def find_unknown(value: Value) -> Unknown | None:
    """The first Unknown anywhere inside a resolved value."""
    if isinstance(value, Unknown):
        return value
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return next((unknown for part in parts if (unknown := find_unknown(part))), None)
