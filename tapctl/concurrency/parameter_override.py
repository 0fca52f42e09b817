"""A remedy by a parameter instead of an edit: where a reservation hangs on one that serves nothing else.

The template then goes as it was written, and its own switch (`Fn::If` with `AWS::NoValue`) is used to drop the
reservation.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from tapctl.concurrency.remedy import Remedy, RemedyPlan
from tapctl.concurrency.result import Preflight
from tapctl.errors import UsageError
from tapctl.resource_types import RESERVED_CONCURRENCY, SERVERLESS_FUNCTION, SERVERLESS_PREFIX
from tapctl.template.model import Template
from tapctl.template.parameters import STORED, Parameters, as_text, bind, is_secret
from tapctl.template.properties import whole_number
from tapctl.template.references import References
from tapctl.template.resolver import NO_VALUE, Resolver, Value
from tapctl.template.source import Path
from tapctl.unknown import Unknown

_OFF = ("", "-1", "false", "no", "none", "None", "0")
"""What templates take for "no reservation", beside the parameter's default and the values that it allows."""


@dataclass(frozen=True, slots=True)
class Override:
    """The parameter that brings a remedy about, and the value that it takes in this deploy."""

    parameter: str
    value: str


def overrides(result: Preflight) -> dict[str, Override]:
    """The override of each function whose remedy a parameter can bring about by itself."""
    root = result.tree.resolver
    # As it was written: transforms replace parameters by their values.
    written = replace(root, template=result.template, _conditions={})
    own = {name: remedy for name, remedy in result.plan.changes.items() if "/" not in name}
    references = References.of(result.template.body if own else {})
    found = {name: _override(written, references, name, remedy) for name, remedy in own.items()}
    return {name: each for name, each in found.items() if each}


def edited(plan: RemedyPlan, by_parameter: Mapping[str, Override]) -> RemedyPlan:
    """What of the plan is left to be edited in the template."""
    return replace(plan, remedies={name: each for name, each in plan.remedies.items() if name not in by_parameter})


def _override(resolver: Resolver, references: References, logical_id: str, remedy: Remedy) -> Override | None:
    path, raw = _setting(resolver.template, logical_id)
    if not isinstance(raw, dict):
        return None
    candidates = (
        Override(name, value)
        for name in references.within(path)
        if name in resolver.template.parameters and _serves_only(resolver.template, references, name, path)
        for value in _values(resolver.template.parameters[name], remedy)
    )
    return next((each for each in candidates if _brings_about(resolver, each, raw, path, remedy)), None)


def _setting(template: Template, logical_id: str) -> tuple[Path, Value]:
    """Where a function's reservation is written, in the resource or in SAM's Globals."""
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


def _serves_only(template: Template, references: References, name: str, path: Path) -> bool:
    """Whether the parameter serves this one setting, which no other function inherits."""
    entry = template.parameters[name]
    if is_secret(entry) or str(entry.get("Type")).startswith(STORED):
        return False
    heirs = [
        each
        for each in template.resources()
        if path[0] == "Globals" and each.type == SERVERLESS_FUNCTION and RESERVED_CONCURRENCY not in each.properties
    ]
    return len(heirs) <= 1 and all(use[: len(path)] == path for use in references.users(name))


def _values(entry: Mapping[str, Any], remedy: Remedy) -> Iterator[str]:
    if remedy.value is not None:
        yield str(remedy.value)
        return
    allowed = entry.get("AllowedValues")
    default = [entry["Default"]] if "Default" in entry else []
    yield from dict.fromkeys(map(as_text, [*default, *_OFF, *(allowed if isinstance(allowed, list) else [])]))


def _brings_about(resolver: Resolver, override: Override, raw: Value, path: Path, remedy: Remedy) -> bool:
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
