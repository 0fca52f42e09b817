"""`AWS::Serverless`, translated to CloudFormation by AWS's own SAM translator.

The translator runs as AWS runs it, after AWS::LanguageExtensions and with a value for every parameter. Here some values
are unknown: a text stands in for each, and becomes a reference again in what SAM generates. AWS is never asked.
"""

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from tapctl.errors import TemplateError
from tapctl.hints import Advice, advise
from tapctl.resource_types import (
    PROVISIONED_CONCURRENCY,
    PUBLISHED,
    RESERVED_CONCURRENCY,
    SERVERLESS_APPLICATION,
    SERVERLESS_FUNCTION,
    SERVERLESS_PREFIX,
    STACK,
)
from tapctl.template.intrinsics import FUNCTIONS, PSEUDO_PARAMETERS, find_unknown
from tapctl.template.local_paths import SLOTS, URI, put
from tapctl.template.model import LANGUAGE_EXTENSIONS, SERVERLESS, Template
from tapctl.template.references import References
from tapctl.template.resolver import Resolver
from tapctl.template.sam_build import BUILT, CODE, is_computed
from tapctl.template.sam_translator import Refused, run
from tapctl.template.source import Path
from tapctl.template.values import NO_VALUE, Value
from tapctl.unknown import Unknown

_UPLOADED = {
    "bucket": "tapctl-not-uploaded-yet",
    "key": "artifact",
    "url": "https://tapctl-not-uploaded-yet.s3.amazonaws.com/artifact",
}
"""The address of everything local until it is packaged, since the translator accepts no local path."""

_PUSHED = "123456789012.dkr.ecr.us-east-1.amazonaws.com/tapctl-not-pushed-yet:latest"


def is_serverless(template: Template) -> bool:
    """Whether SAM has anything to translate, also in a template that does not declare the transform."""
    if SERVERLESS in template.transforms:
        return True
    entries = (template.body.get("Resources") or {}).values()
    return any(isinstance(entry, dict) and str(entry.get("Type")).startswith(SERVERLESS_PREFIX) for entry in entries)


def translate(template: Template, resolver: Resolver) -> Template:
    """The translated template; `resolver` has the values of its parameters and the known pseudo parameters.

    A function that SAM refuses for want of an unknown value becomes opaque. Raises `TemplateError` with SAM's message
    for any other refusal.
    """
    stand_ins = _StandIns.of(template, resolver)
    values = {
        **{name: value for name, value in resolver.parameters.items() if not isinstance(value, Unknown)},
        **{name: value for name, value in resolver.pseudo.items() if name in _READ_BY_SAM},
        **stand_ins.values,
    }
    left_out: dict[str, Unknown] = {}
    while True:
        body = _translatable(template, resolver, stand_ins, values)
        for name in left_out:
            del body["Resources"][name]
        try:
            translated = run(body, values, resolver.pseudo.get("AWS::Region"))
            break
        except Refused as refusal:
            if refusal.crashed:
                raise TemplateError(str(refusal), advise(Advice.VALIDATE_SAM), file=template.file) from None
            left_out |= _undecided(template, resolver, refusal.messages, left_out)
    translated = stand_ins.referred_to(translated)
    _put_back(template, translated, left_out)
    origins = dict(template.origins) | _origins(template, translated)
    opaque = {name: why for name, why in left_out.items() if name not in translated["Resources"]}
    return Template(template.source, translated, origins, {**template.opaque, **opaque})


def _put_back(template: Template, translated: dict[str, Any], left_out: Iterable[str]) -> None:
    """Put what SAM must not see back into its result: defaults, locations of nested templates, refused resources."""
    written = template.body["Resources"]
    if "Parameters" in template.body:
        translated["Parameters"] = template.body["Parameters"]
    for name, entry in written.items():
        if entry.get("Type") == SERVERLESS_APPLICATION and name in translated["Resources"]:
            translated["Resources"][name]["Properties"]["TemplateURL"] = entry["Properties"]["Location"]
    for name in left_out:
        if written[name].get("Type") == SERVERLESS_APPLICATION:
            location = written[name].get("Properties", {}).get("Location")
            translated["Resources"][name] = {"Type": STACK, "Properties": {"TemplateURL": location}}
        elif written[name].get("Type") != SERVERLESS_FUNCTION:
            translated["Resources"][name] = written[name]


def _undecided(
    template: Template, resolver: Resolver, messages: list[str], left_out: Mapping[str, Unknown]
) -> dict[str, Unknown]:
    """The resources that SAM refuses, and the unknown value that each uses.

    Raises `TemplateError` with SAM's messages where one of them uses none.
    """
    references = References.of(template.body)
    undecided: dict[str, Unknown] = {}
    for message in messages:
        name = _refused(template, [message])
        used = references.within(("Resources", name)) if name else []
        unknown = (left_out.get(each) or _unknown_value(template, resolver, each) for each in used)
        if name is None or name in left_out or (why := next(filter(None, unknown), None)) is None:
            name = _refused(template, messages)
            line = template.line("Resources", name) if name else None
            raise TemplateError("; ".join(messages), "fix the error that SAM reports", file=template.file, line=line)
        undecided[name] = why
    return undecided


def _refused(template: Template, messages: list[str]) -> str | None:
    """The resource that SAM's messages name."""
    message = "; ".join(messages)
    return next((name for name in template.body["Resources"] if f"[{name}]" in message), None)


def _unknown_value(template: Template, resolver: Resolver, name: str) -> Unknown | None:
    """Why the parameter has no value; a pseudo parameter has one in SAM's eyes only where AWS extends the language."""
    if LANGUAGE_EXTENSIONS not in template.transforms and name.startswith("AWS::"):
        return None
    value = resolver.value({"Ref": name}) if name in resolver.parameters or name in PSEUDO_PARAMETERS else None
    return value if isinstance(value, Unknown) else None


_READ_BY_SAM = ("AWS::Region", "AWS::Partition")
"""The pseudo parameters that SAM replaces by their values."""


@dataclass(frozen=True, slots=True)
class _StandIns:
    """By unknown parameter or pseudo parameter, the text that stands in for its value while SAM runs.

    It has letters and digits only, since SAM makes logical ids of values.
    """

    texts: Mapping[str, str]

    @classmethod
    def of(cls, template: Template, resolver: Resolver) -> "_StandIns":
        unknown = [
            name
            for name, value in resolver.parameters.items()
            # SAM takes a Ref to a list as it is, and a text for a list as an error.
            if isinstance(value, Unknown) and "List" not in str(template.parameters[name].get("Type"))
        ]
        unknown += [name for name in PSEUDO_PARAMETERS if name not in resolver.pseudo]
        return cls({name: f"tapctlUnknown{index}x" for index, name in enumerate(unknown)})

    @property
    def values(self) -> dict[str, str]:
        """Those that SAM is given as values."""
        return {name: text for name, text in self.texts.items() if name in _READ_BY_SAM or not name.startswith("AWS::")}

    def referred_to(self, translated: dict[str, Any]) -> dict[str, Any]:
        """What SAM generates, with references to the unknown values in the place of their texts."""
        body: dict[str, Any] = self._reference(translated)
        for logical_id, resource in body["Resources"].items():
            named = next((name for name in self.texts if f"${{{name}}}" in logical_id), None)
            if named and resource["Type"] in PUBLISHED:
                self._make_conditional(body, logical_id, named)
        return body

    def _make_conditional(self, body: dict[str, Any], logical_id: str, name: str) -> None:
        """Make it unknown whether a version or alias of this logical id exists: the value is a part of the id."""
        resource = body["Resources"][logical_id]
        known = {"Fn::Equals": [{"Ref": name}, {"Ref": name}]}
        own = [{"Condition": resource["Condition"]}] if "Condition" in resource else []
        resource["Condition"] = f"{logical_id} is known"
        body["Conditions"] = (body.get("Conditions") or {}) | {resource["Condition"]: {"Fn::And": [*own, known]}}

    def _reference(self, value: Any, key: str = "") -> Any:
        if isinstance(value, dict):
            return {self._named(name): self._reference(item, name) for name, item in value.items()}
        if isinstance(value, list):
            return [self._reference(item, key) for item in value]
        if not isinstance(value, str) or "tapctlUnknown" not in value:
            return value
        if key in ("Ref", "Fn::GetAtt", "Fn::Sub", "DependsOn", "Condition"):
            return self._named(value)
        name = next((name for name, text in self.texts.items() if text == value), None)
        return {"Ref": name} if name else {"Fn::Sub": self._named(value.replace("${", "${!"))}

    def _named(self, text: str) -> str:
        for name, stand_in in self.texts.items() if "tapctlUnknown" in text else ():
            text = text.replace(stand_in, f"${{{name}}}")
        return text


def _translatable(
    template: Template, resolver: Resolver, stand_ins: _StandIns, values: Mapping[str, Any]
) -> dict[str, Any]:
    """A copy of the body for the translator: with known values where they are extended, and as packaging leaves it.

    Given values replace the defaults, which the translator would prefer.
    """
    body = copy.deepcopy(dict(template.body))
    for name, entry in (body.get("Parameters") or {}).items():
        if "Default" in entry and isinstance(values.get(name), str):
            entry["Default"] = values[name]
    if LANGUAGE_EXTENSIONS in template.transforms:
        pseudo = {**resolver.pseudo, **stand_ins.texts}
        supposing = replace(resolver, parameters=values, pseudo=pseudo, _conditions={})
        extended = _LanguageExtensions(resolver, supposing)
        body["Globals"] = extended.resolved(body.get("Globals") or {}, ("Globals",))
        body["Resources"] = {
            name: extended.resolved(entry, ("Resources", name)) if _is_sam(entry) else entry
            for name, entry in body["Resources"].items()
        }
    return _packaged(body)


def _is_sam(entry: Mapping[str, Any]) -> bool:
    return str(entry.get("Type")).startswith(SERVERLESS_PREFIX)


@dataclass(frozen=True, slots=True)
class _LanguageExtensions:
    """What AWS::LanguageExtensions does before SAM runs: it fills in every value that is known."""

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


def _packaged(body: dict[str, Any]) -> dict[str, Any]:
    """The body with the addresses of uploaded files in SAM's resources, since the translator refuses local paths.

    Only SAM's own: nested stacks keep their local templates, which are followed.
    """
    sections = body.get("Globals")
    section = sections.get("Function") if isinstance(sections, dict) else None
    shared = section if isinstance(section, dict) else {}
    _upload(shared, SERVERLESS_FUNCTION)
    for resource in body["Resources"].values():
        properties = resource.get("Properties") if _is_sam(resource) else None
        if isinstance(properties, dict):
            _upload(properties, str(resource["Type"]))
            if "CodeUri" in BUILT.get(resource["Type"], ()) and not {*properties, *shared} & {*CODE}:
                is_image = "Image" in (properties.get("PackageType"), shared.get("PackageType"))
                properties |= {"ImageUri": _PUSHED} if is_image else {"CodeUri": URI.format(**_UPLOADED)}
    return body


def _upload(properties: dict[str, Any], type_: str) -> None:
    for slot in SLOTS.get(type_, ()):
        for place in slot.places(properties):
            put(properties, place, slot.refer(**_UPLOADED))
    for name in BUILT.get(type_, ()):
        value = properties.get(name)
        if value == "" and name != "ContentUri":
            del properties[name]
        elif name != "ImageUri" and (value == "" or is_computed(value)):
            properties[name] = URI.format(**_UPLOADED)
    if type_ == SERVERLESS_APPLICATION and _is_location(properties.get("Location")):
        properties["Location"] = _UPLOADED["url"]


def _is_location(location: Any) -> bool:
    """Whether it names an application of the Serverless Application Repository, or will: SAM would create a copy."""
    if not isinstance(location, dict):
        return False
    named = [location.get(key) for key in ("ApplicationId", "SemanticVersion")]
    return all(value and isinstance(value, str | dict) for value in named) or len({*location} & {*FUNCTIONS}) == 1


def _origins(template: Template, translated: Mapping[str, Any]) -> dict[tuple[str, str], Path]:
    """The resource from which SAM generated each other one, whose name begins with that of its origin."""
    written = sorted(template.body["Resources"], key=len, reverse=True)
    origins: dict[tuple[str, str], Path] = {}
    for name in translated.get("Resources") or {}:
        if name not in template.body["Resources"]:
            origin = next((logical_id for logical_id in written if name.startswith(logical_id)), None)
            if origin:
                origins["Resources", name] = template.origins.get(("Resources", origin), ("Resources", origin))
    return origins
