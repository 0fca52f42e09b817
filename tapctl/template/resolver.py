"""Three-valued resolution of a template's expressions, each evaluated at most once and only where it is needed.

Conditions are true, false or unknown, so a branch that makes no difference never makes a result unknown.
Combinations of conditions are never enumerated.
"""

import json
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

from tapctl.errors import TemplateError
from tapctl.hints import advise
from tapctl.hints.judgement import JudgementAdvice
from tapctl.limits.cloudformation import MAX_TEMPLATE
from tapctl.resource_types import PROVISIONED_CONCURRENCY, RESERVED_CONCURRENCY
from tapctl.state.redaction import REDACTED
from tapctl.template.intrinsics import FUNCTIONS, find_unknown
from tapctl.template.model import FN_TRANSFORM, Path, Resource, Template, not_here
from tapctl.template.parameters import Bound, References, as_text, is_secret, unknown_in_ssm
from tapctl.template.values import NO_VALUE, MaybeNoValue, Value
from tapctl.unknown import Unknown

MAX_TEXT = MAX_TEMPLATE
"""Characters; CloudFormation accepts no larger template, so no value in one is longer."""


@dataclass(slots=True)
class Resolver:
    """Evaluates expressions of one template under one set of parameters.

    `pseudo` holds the known pseudo parameters, `lookups` the known SSM parameters and exports by `ssm:NAME` and
    `import:NAME`, and `live` the values of references to the resources of a deployed stack, by `NAME` for Ref and
    `NAME.ATTRIBUTE` for Fn::GetAtt. `hidden` parameters are not shown, like those with NoEcho.
    """

    template: Template
    parameters: Mapping[str, Bound]
    pseudo: Mapping[str, str] = field(default_factory=dict)
    lookups: Mapping[str, str | Unknown] = field(default_factory=dict)
    live: Mapping[str, str] = field(default_factory=dict)
    hidden: frozenset[str] = frozenset()
    _conditions: dict[str, bool | Unknown | None] = field(default_factory=dict)
    # None marks a condition under evaluation; without the lock another thread would take it for a circular one.
    _lock: threading.RLock = field(default_factory=threading.RLock, repr=False, compare=False)

    def value(self, value: Value, path: Path = ()) -> Value:
        """The value with every intrinsic function in it evaluated; `path` is its place, for messages."""
        if isinstance(value, dict):
            return self._map(value, path)
        if isinstance(value, list):
            values = [self.value(item, (*path, index)) for index, item in enumerate(value)]
            return [item for item in values if item is not NO_VALUE]
        if isinstance(value, str) and "{{resolve:" in value:
            return self._dynamic_references(value)
        return value

    def _map(self, value: Value, path: Path) -> Value:
        if FN_TRANSFORM in value:
            return Unknown(
                f"{not_here(value[FN_TRANSFORM])} may set it", advise(JudgementAdvice.PREFLIGHT_PROCESSED_TEMPLATE)
            )
        if len(value) == 1:
            (name,) = value
            if function := FUNCTIONS.get(name):
                return self._bounded(function(self, value[name], (*path, name)), path)
            if name.startswith("Fn::"):
                return Unknown(f"{name} cannot be evaluated before the deploy")
        items = {key: self.value(item, (*path, key)) for key, item in value.items()}
        return {key: item for key, item in items.items() if item is not NO_VALUE}

    def condition(self, name: str, path: Path = ()) -> bool | Unknown:
        """The value of the named condition. Raises `TemplateError` for an undefined or circular one."""
        with self._lock:
            return self._condition(name, path)

    def _condition(self, name: str, path: Path) -> bool | Unknown:
        if name in self._conditions:
            known = self._conditions[name]
            if known is None:
                raise self.template.error(f"condition {name} depends on itself", "Conditions", name)
            return known
        if name not in self.template.conditions:
            if unseen := self.template.unseen("Conditions"):
                return unseen
            raise self.template.error(f"condition {name} is not defined", *path)
        self._conditions[name] = None
        try:
            answer = self.truth(self.template.conditions[name], ("Conditions", name))
        except RecursionError:
            message = f"condition {name}: conditions are nested too deeply"
            raise self.template.error(message, "Conditions", name) from None
        self._conditions[name] = answer
        return answer

    def truth(self, value: Value, path: Path) -> bool | Unknown:
        """The value of a condition expression. Raises `TemplateError` for any other value."""
        if isinstance(value, dict) and set(value) == {"Condition"}:
            if isinstance(value["Condition"], dict):
                return self.truth(value["Condition"], (*path, "Condition"))  # SAM nests them
            return self.condition(self.template.condition_name(value["Condition"], *path, "Condition"), path)
        resolved = self.value(value, path)
        if isinstance(resolved, Unknown | bool):
            return resolved
        if isinstance(resolved, str) and resolved.lower() in ("true", "false"):
            return resolved.lower() == "true"
        raise self.template.error("a condition must be true or false", *path)

    def exists(self, condition: Value, path: Path) -> bool | Unknown:
        """Whether a resource or output with this `Condition` is created."""
        return True if condition is None else self.condition(self.template.condition_name(condition, *path), path)

    def without_secrets(self, text: str) -> str:
        """A text for a message, with the values of NoEcho and hidden parameters redacted."""
        declared = self.template.parameters.items()
        values = [self.parameters.get(name) for name, entry in declared if is_secret(entry) or name in self.hidden]
        secrets = [part for value in values for part in (value if isinstance(value, list) else [value])]
        for secret in secrets:
            if isinstance(secret, str) and secret:
                text = text.replace(secret, REDACTED)
        return text

    def _bounded(self, value: Value, path: Path) -> Value:
        """The value itself. Raises `TemplateError` for a text that doubles with every level of nesting."""
        if isinstance(value, str) and len(value) > MAX_TEXT:
            raise self.template.error(f"the value exceeds {MAX_TEXT:,} characters", *path)
        return value

    def _dynamic_references(self, text: str) -> Value:
        """The text with its dynamic references replaced; an unknown one makes the whole text unknown."""
        unknown: list[Unknown] = []

        def replace(match: re.Match[str]) -> str:
            value = self._dynamic_reference(match["service"], match["name"], match["version"] or "")
            if isinstance(value, Unknown):
                unknown.append(value)
                return ""
            return value

        replaced = _DYNAMIC_REFERENCE.sub(replace, text)
        return unknown[0] if unknown else replaced

    def _dynamic_reference(self, service: str, name: str, version: str) -> str | Unknown:
        """The value of a dynamic reference; secrets are never looked up."""
        if service != "ssm":
            return Unknown(self.without_secrets(f"only CloudFormation reads {{{{resolve:{service}:{name}}}}}"))
        for key in (f"ssm:{name}{version}", f"ssm:{name}"):
            if key in self.lookups:
                return self.lookups[key]
        return unknown_in_ssm(f"{name}{version}", self.without_secrets(f"{name}{version}"))


_DYNAMIC_REFERENCE = re.compile(r"\{\{resolve:(?P<service>[a-z-]+):(?P<name>[^}:]*)(?P<version>:[^}]*)?\}\}")


def whole_number(value: object) -> int:
    """`5` and `"5"` are 5, as in CloudFormation. Raises `ValueError` with the predicate of a message."""
    text = as_text(int(value)) if isinstance(value, float) and value.is_integer() else as_text(value).strip()
    if isinstance(value, bool | list | dict) or not re.fullmatch(r"[+-]?[0-9]{1,18}", text):
        shown = "a list" if isinstance(value, list) else "a map" if isinstance(value, dict) else f"`{text}`"
        raise ValueError(f"is {shown}, not a whole number")
    if int(text) < 0:
        raise ValueError(f"is {text}, below 0")
    return int(text)


def count(resolver: Resolver, resource: Resource, raw: Value, path: Path) -> int | Unknown | None:
    """A property as a whole number; None where it is absent, unknown where the resource may not be created.

    Raises `TemplateError` for a value that is not a whole number of 0 or more.
    """
    value = resolver.value(raw, path)
    if value is NO_VALUE:
        return None
    if isinstance(value, Unknown):
        return plain(value)
    exists = existence(resolver, resource)
    if isinstance(exists, Unknown):
        return plain(exists)
    try:
        return whole_number(value)
    except ValueError as error:
        message = f"{path[-1]} of {resource.logical_id} {resolver.without_secrets(str(error))}"
        raise resolver.template.error(message, *path, hint=advise(JudgementAdvice.SET_WHOLE_NUMBER)) from None


def existence(resolver: Resolver, resource: Resource) -> bool | Unknown:
    """Whether a resource is created under its `Condition`."""
    return resolver.exists(resource.condition, ("Resources", resource.logical_id, "Condition"))


def lengths(value: Value) -> tuple[int, int]:
    """The least and most items of a list, of which some may not be there; of several lists the longest counts."""
    items = value if isinstance(value, list) else [] if value is NO_VALUE else [value]
    if lists := [lengths(item) for item in items if isinstance(item, list)]:
        return max(least for least, _ in lists), max(most for _, most in lists)
    return sum(not isinstance(item, MaybeNoValue) for item in items), len(items)


def plain(unknown: Unknown) -> Unknown:
    """Any subclass of Unknown as a plain Unknown."""
    return Unknown(unknown.reason, unknown.resolution, unknown.judged, unknown.lookup)


def template_text(resolver: Resolver, raw: Value) -> str:
    """An expression as text, with `${Name}` where it refers to what only the deploy knows."""
    try:
        value = resolver.value(raw)
    except TemplateError:
        value = None  # the linter and CloudFormation say more
    if isinstance(value, str):
        return value
    match raw:
        case {"Ref": str(name)}:
            return f"${{{name}}}"
        case {"Fn::Join": [str(separator), [*items]]}:
            return separator.join(template_text(resolver, item) for item in items)
        case {"Fn::Sub": str(text)} | {"Fn::Sub": [str(text), _]}:
            own = raw["Fn::Sub"][1] if isinstance(raw["Fn::Sub"], list) else {}
            references = re.compile(r"\$\{([^!}]+)\}")
            return references.sub(lambda name: template_text(resolver, own.get(name[1], {"Ref": name[1]})), text)
    return json.dumps(raw, default=str, sort_keys=True)


def sizes(value: Value, reference: int) -> tuple[int, int]:
    """The least and most characters of a value, without spaces; a list of values takes what they take together.

    `reference` is the most that each value in it has which only the deploy knows.
    """
    if value is NO_VALUE:
        return 0, 0
    if isinstance(value, list):
        pairs = [sizes(item, reference) for item in value]
        return sum(least for least, _ in pairs), sum(most for _, most in pairs)
    unknowns = 0

    def blank(_: object) -> str:
        nonlocal unknowns
        unknowns += 1
        return ""

    text = value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), default=blank)
    return len(text), len(text) + unknowns * reference


@dataclass(frozen=True, slots=True)
class LanguageExtensions:
    """Does what AWS::LanguageExtensions does before SAM runs: fill in every known value."""

    resolver: Resolver
    supposing: Resolver
    """With a text for each unknown value; only for texts, since a condition or a lookup would be a guess."""

    def resolved(self, value: Value, path: Path) -> Value:
        if isinstance(value, list):
            items = [self.resolved(item, (*path, index)) for index, item in enumerate(value)]
            return [item for item in items if item is not NO_VALUE]
        if not isinstance(value, dict):
            return value
        if len(value) == 1 and next(iter(value)) in FUNCTIONS:
            return self._function(value, path)
        entries = {
            # Reports name the parameter or mapping of these, and SAM passes them on.
            key: item if key in (RESERVED_CONCURRENCY, PROVISIONED_CONCURRENCY) else self.resolved(item, (*path, key))
            for key, item in value.items()
        }
        return {key: item for key, item in entries.items() if item is not NO_VALUE}

    def _function(self, call: dict[str, Value], path: Path) -> Value:
        """The value of an intrinsic function; the call itself where it is unknown."""
        try:
            value = self.resolver.value(call, path)
            is_text = {*call} <= {"Fn::Sub", "Fn::Join"}
            decides = any(kind == "condition" for _, (kind, _) in References.of(call).uses)
            if find_unknown(value) and is_text and not decides:
                value = self.supposing.value(call, path)
        except TemplateError:
            return call  # SAM or CloudFormation refuses it
        return call if find_unknown(value) else value
