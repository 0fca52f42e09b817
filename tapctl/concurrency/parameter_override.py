"""A remedy through a parameter instead of an edit, where a reservation depends on one that nothing else uses.

The template is deployed as it is written, and its own switch (`Fn::If` with `AWS::NoValue`) drops the reservation.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from tapctl.concurrency.remedy import ParameterOverride, Remedy, RemedyPlan
from tapctl.errors import UsageError
from tapctl.resource_types import RESERVED_CONCURRENCY, SERVERLESS_FUNCTION, SERVERLESS_PREFIX
from tapctl.template.model import Path, Template
from tapctl.template.nested import StackTree
from tapctl.template.parameters import SSM_TYPE, Parameters, References, as_text, bind, is_secret
from tapctl.template.resolver import Resolver, whole_number
from tapctl.template.values import NO_VALUE, Value
from tapctl.unknown import Unknown

_OFF = ("", "-1", "false", "no", "none", "None", "0")
"""Values that templates use for "no reservation", tried beside the parameter's Default and AllowedValues."""


def with_overrides(plan: RemedyPlan, template: Template, tree: StackTree) -> RemedyPlan:
    """The plan with a parameter override for every function whose remedy one parameter achieves."""
    own = {name: remedy for name, remedy in plan.changes.items() if "/" not in name}
    if not own:
        return plan
    # As it was written: transforms replace parameters by their values.
    resolver = replace(tree.resolver, template=template, _conditions={})
    references = References.of(template.body)
    overrides = {name: _override(resolver, references, name, remedy) for name, remedy in own.items()}
    return replace(plan, overrides={name: override for name, override in overrides.items() if override})


def _override(resolver: Resolver, references: References, logical_id: str, remedy: Remedy) -> ParameterOverride | None:
    path, raw = _setting(resolver.template, logical_id)
    if not isinstance(raw, dict):
        return None
    candidates = (
        ParameterOverride(name, value)
        for name in references.within(path)
        if name in resolver.template.parameters and _is_only_use(resolver.template, references, name, path)
        for value in _values(resolver.template.parameters[name], remedy)
    )
    return next((override for override in candidates if _brings_about(resolver, override, raw, path, remedy)), None)


def _setting(template: Template, logical_id: str) -> tuple[Path, Value]:
    """Where a function's reservation is written: in the resource or in SAM's Globals."""
    resource = template.body["Resources"].get(logical_id) or {}
    own: Path = ("Resources", logical_id, "Properties", RESERVED_CONCURRENCY)
    shared: Path = ("Globals", "Function", RESERVED_CONCURRENCY)
    for path in (own, *([shared] if str(resource.get("Type")).startswith(SERVERLESS_PREFIX) else [])):
        value = _at(template.body, path)
        if value is not NO_VALUE:
            return path, value
    return own, NO_VALUE


def _at(value: Any, path: Path) -> Any:
    for key in path:
        if not isinstance(value, dict) or key not in value:
            return NO_VALUE
        value = value[key]
    return value


def _is_only_use(template: Template, references: References, name: str, path: Path) -> bool:
    """Whether only this setting uses the parameter, and at most one function inherits it from Globals."""
    entry = template.parameters[name]
    if is_secret(entry) or str(entry.get("Type")).startswith(SSM_TYPE):
        return False
    heirs = [
        resource
        for resource in template.resources()
        if path[0] == "Globals"
        and resource.type == SERVERLESS_FUNCTION
        and RESERVED_CONCURRENCY not in resource.properties
    ]
    return len(heirs) <= 1 and all(use[: len(path)] == path for use in references.users(name))


def _values(entry: Mapping[str, Any], remedy: Remedy) -> Iterator[str]:
    if remedy.value is not None:
        yield str(remedy.value)
        return
    allowed = entry.get("AllowedValues")
    default = [entry["Default"]] if "Default" in entry else []
    yield from dict.fromkeys(map(as_text, [*default, *_OFF, *(allowed if isinstance(allowed, list) else [])]))


def _brings_about(resolver: Resolver, override: ParameterOverride, raw: Value, path: Path, remedy: Remedy) -> bool:
    try:
        bound = bind(resolver.template, Parameters({override.parameter: override.value}))[override.parameter]
        changed = replace(resolver, parameters={**resolver.parameters, override.parameter: bound}, _conditions={})
        value = changed.value(raw, path)
    except UsageError:
        return False  # its declaration forbids the value, or a mapping has no such key
    if value is NO_VALUE or isinstance(value, Unknown):
        return value is NO_VALUE and remedy.value is None
    try:
        return whole_number(value) == remedy.value
    except ValueError:
        return False
