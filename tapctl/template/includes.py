"""`AWS::Include` and macros, which CloudFormation runs before every other transform.

A local file is inserted in place of its `Fn::Transform`. An include of S3, a macro and a module cannot be read: each is
recorded with its place, and values that it may add are unknown.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/transform-aws-include.html
"""

import copy
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path as FilePath
from typing import Any

from tapctl.errors import TemplateError
from tapctl.hints import advise
from tapctl.hints.judgement import JudgementAdvice
from tapctl.resource_types import SERVERLESS_FUNCTION, SERVERLESS_PREFIX
from tapctl.template.load import read_source
from tapctl.template.local_paths import is_remote, is_there
from tapctl.template.model import (
    FN_TRANSFORM,
    INCLUDE,
    KNOWN_TRANSFORMS,
    MODULE,
    Path,
    Source,
    Template,
    check,
    not_here,
)
from tapctl.unknown import Unknown


def put_in(template: Template) -> Template:
    """The template before SAM, with local includes inserted and other includes, macros and modules recorded.

    Raises `TemplateError` for an included file that cannot be parsed, and for one that includes itself.
    """
    included = dict(template.included)
    inserter = _Inserter((FilePath(template.file).resolve(),), included)
    body = inserter.fill_root(template.body, template.source)
    body = {**body, "Resources": _pushed_down(body.get("Resources"))} if "Resources" in body else body
    completed = replace(template, body=body, included=included)
    return check(replace(completed, opaque={**template.opaque, **dict(_opaque(completed))}))


@dataclass(frozen=True, slots=True)
class _Inserter:
    """Inserts local files; `files` are those that it is inside of, `included` collects what comes from where."""

    files: tuple[FilePath, ...]
    included: dict[Path, tuple[Source, Path]]

    def fill_root(self, body: Mapping[str, Any], source: Source) -> Any:
        """The whole template; an include at its top level brings sections, or entries of those that are there."""
        filled = {
            key: self.fill(value, (key,), source)
            for key, value in body.items()
            if key not in ("Transform", FN_TRANSFORM)
        }
        for key in ("Transform", FN_TRANSFORM):
            if key not in body:
                continue
            left = []
            for entry in _entries(body[key]):
                snippet = self._snippet(entry, source)
                if snippet is None:
                    left.append(entry)
                else:
                    self._merge_sections(filled, snippet)
            if left:
                filled[key] = left if isinstance(body[key], list) else left[0]
        return filled

    def _merge_sections(self, filled: dict[str, Any], snippet: Source) -> None:
        value = self._inside(snippet).fill(snippet.value, (), snippet)
        for section, entries in value.items() if isinstance(value, dict) else ():
            if isinstance(filled.get(section), dict) and isinstance(entries, dict):
                self._merge(filled[section], entries, (section,), snippet, (section,))
            else:
                self._merge(filled, {section: entries}, (), snippet, ())

    def fill(self, value: Any, path: Path, source: Source) -> Any:
        """The value with every local include in it in place; `path` is its place in the template."""
        if isinstance(value, list):
            return [self.fill(item, (*path, index), source) for index, item in enumerate(value)]
        if not isinstance(value, dict):
            return value
        filled = {key: self.fill(item, (*path, key), source) for key, item in value.items() if key != FN_TRANSFORM}
        if FN_TRANSFORM not in value:
            return filled
        snippet = self._snippet(value[FN_TRANSFORM], source)
        if snippet is None:
            return {**filled, FN_TRANSFORM: value[FN_TRANSFORM]}
        content = self._inside(snippet).fill(snippet.value, path, snippet)
        if not filled:
            self.included.setdefault(path, (snippet, ()))
            return content
        if isinstance(content, dict):
            self._merge(filled, content, path, snippet, ())
        return filled

    def _merge(
        self, filled: dict[str, Any], content: Mapping[str, Any], path: Path, snippet: Source, inner: Path
    ) -> None:
        """Add the content's entries; which one counts of two that differ is not documented, so it is unknown."""
        for key, item in content.items():
            if key in filled and filled[key] != item:
                filled[key] = {FN_TRANSFORM: {"Name": INCLUDE, "Parameters": {"Location": snippet.file}}}
            elif key not in filled:
                filled[key] = item
                self.included.setdefault((*path, key), (snippet, (*inner, key)))

    def _snippet(self, entry: Any, source: Source) -> Source | None:
        """The file that an entry includes; None where it is not a local file that is there."""
        location = _location(entry)
        if not isinstance(location, str) or not location or is_remote(location):
            return None
        file = FilePath(source.file).parent / location
        if not is_there(file):
            return None
        if file.resolve() in self.files:
            raise TemplateError(
                f"{location} includes itself", advise(JudgementAdvice.REMOVE_CIRCULAR_INCLUDE), file=source.file
            )
        return read_source(file)

    def _inside(self, snippet: Source) -> "_Inserter":
        return replace(self, files=(*self.files, FilePath(snippet.file).resolve()))


def _entries(macros: Any) -> list[Any]:
    """The macros of a `Transform` or `Fn::Transform`, which is one or a list."""
    return macros if isinstance(macros, list) else [] if macros is None else [macros]


def _name(entry: Any) -> str:
    return str(entry.get("Name")) if isinstance(entry, dict) else str(entry)


def _location(entry: Any) -> Any:
    """The Location of an `AWS::Include`, None for any other macro."""
    match entry:
        case {"Name": "AWS::Include", "Parameters": {"Location": location}}:
            return location
        case _:
            return None


def _pushed_down(resources: Any) -> Any:
    """The resources, with an include beside the Type of one among its properties, which it may set."""
    if not isinstance(resources, dict):
        return resources
    pushed = dict(resources)
    for logical_id, definition in resources.items():
        if isinstance(definition, dict) and "Type" in definition and includes_only(definition.get(FN_TRANSFORM)):
            rest = {key: item for key, item in definition.items() if key != FN_TRANSFORM}
            written = rest.get("Properties")
            properties = {**written} if isinstance(written, dict) else {}
            pushed[logical_id] = {**rest, "Properties": {**properties, FN_TRANSFORM: definition[FN_TRANSFORM]}}
    return pushed


def includes_only(macros: Any) -> bool:
    """Whether a `Fn::Transform` is no other macro than `AWS::Include`."""
    return bool(_entries(macros)) and all(_name(entry) == INCLUDE for entry in _entries(macros))


def _unknown(subject: str, what: str) -> Unknown:
    return Unknown(f"{subject} may {what}", advise(JudgementAdvice.PREFLIGHT_PROCESSED_TEMPLATE))


def _opaque(template: Template) -> Iterator[tuple[Path, Unknown]]:
    """The places where a remote include or a macro may add entries to a section."""
    for key in ("Transform", FN_TRANSFORM):
        for entry in _entries(template.body.get(key)):
            if key == FN_TRANSFORM or _name(entry) not in KNOWN_TRANSFORMS:
                yield (key,), _unknown(not_here(entry), "rewrite the template")
    for section in ("Parameters", "Mappings", "Conditions", "Outputs"):
        for path, entry in transforms(template.body.get(section), (section,)):
            yield path, _unknown(not_here(entry), f"add entries to {section}")
    for logical_id, definition in (template.body.get("Resources") or {}).items():
        if unknown := _opaque_resource(logical_id, definition):
            yield ("Resources", logical_id), unknown


def _opaque_resource(logical_id: str, definition: Any) -> Unknown | None:
    """Why an entry of `Resources` may add functions that it does not show."""
    if logical_id == FN_TRANSFORM:
        return _unknown(not_here(definition), "add resources")
    if not isinstance(definition, dict):
        return None
    if FN_TRANSFORM in definition:
        return _unknown(not_here(definition[FN_TRANSFORM]), "add a function")
    if str(definition.get("Type")).endswith(MODULE):
        return _unknown(f"the module {definition['Type']}", "add functions")
    return None


def transforms(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every `Fn::Transform` in a value, with its place."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from transforms(item, (*path, index))
    elif isinstance(value, dict):
        for key, item in value.items():
            if key == FN_TRANSFORM:
                yield (*path, key), item
            else:
                yield from transforms(item, (*path, key))


@dataclass(slots=True)
class Hidden:
    """Parts to hide from SAM, by logical id: whole resources, and the `Fn::Transform` among a resource's properties."""

    resources: dict[str, Any] = field(default_factory=dict)
    properties: dict[str, Any] = field(default_factory=dict)


_STAND_INS: Mapping[str, Mapping[str, Any]] = {
    SERVERLESS_FUNCTION: {"Handler": "not.here", "Runtime": "provided.al2023"},
    "AWS::Serverless::Api": {"StageName": "not-here"},
    "AWS::Serverless::StateMachine": {"Definition": {"StartAt": "NotHere"}},
    "AWS::Serverless::LayerVersion": {"ContentUri": "s3://not-here/layer"},
}
"""The properties that SAM requires, for a resource whose include may set them."""

_API = {"info": {"title": "not here", "version": "1"}, "paths": {}}
"""The definition of an API whose include is not here."""


def translate_around(template: Template, translate: Callable[[Template], Template]) -> Template:
    """Translate the template by SAM without its includes and macros, and put them back afterwards.

    A macro that precedes SAM may make the template valid: then what SAM refuses is left as it is.
    """
    seen, hidden = _hide(template)
    try:
        translated = translate(seen) if seen.body.get("Resources") else seen
    except TemplateError:
        if template.incomplete:
            return template
        raise
    resources = {**(translated.body.get("Resources") or {}), **hidden.resources}
    for logical_id, entry in hidden.properties.items():
        if definition := resources.get(logical_id):
            properties = {**(definition.get("Properties") or {}), FN_TRANSFORM: entry}
            resources[logical_id] = {**definition, "Properties": properties}
    body = {**translated.body, "Resources": resources}
    kept = [(path[:2], macros) for path, macros in transforms(body)]
    written = transforms(template.body.get("Resources") or {}, ("Resources",))
    lost = {path: macros for path, macros in written if (path[:2], macros) not in kept}
    opaque = {**template.opaque, **translated.opaque}
    return replace(translated, body=body, opaque=opaque, included=template.included, lost=lost)


def _hide(template: Template) -> tuple[Template, Hidden]:
    hidden = Hidden()
    if not (template.incomplete or template.opaque or "Transform" in template.source.text):
        return template, hidden
    body = copy.deepcopy(dict(template.body))
    shared = _pop_shared(body)
    for logical_id, definition in list((body.get("Resources") or {}).items()):
        if logical_id == FN_TRANSFORM or not isinstance(definition, dict):
            hidden.resources[logical_id] = body["Resources"].pop(logical_id)
        elif str(definition.get("Type")).startswith(SERVERLESS_PREFIX):
            kind = definition["Type"].removeprefix(SERVERLESS_PREFIX)
            _hide_properties(hidden, logical_id, definition, shared.get(kind))
    return replace(template, body=body), hidden


def _pop_shared(body: dict[str, Any]) -> dict[str, Any]:
    """Remove the includes among SAM's Globals; returns them by kind of resource."""
    sections = body.get("Globals")
    kinds = sections.items() if isinstance(sections, dict) else ()
    return {
        kind: shared.pop(FN_TRANSFORM) for kind, shared in kinds if isinstance(shared, dict) and FN_TRANSFORM in shared
    }


def _hide_properties(hidden: Hidden, logical_id: str, definition: dict[str, Any], shared: Any) -> None:
    """Remove properties that SAM refuses from one of its resources."""
    properties = definition.setdefault("Properties", {})
    if not isinstance(properties, dict):
        return
    if FN_TRANSFORM in properties or shared is not None:
        hidden.properties[logical_id] = properties.pop(FN_TRANSFORM, shared)
        if properties.get("PackageType") != "Image":
            for name, value in _STAND_INS.get(definition["Type"], {}).items():
                properties.setdefault(name, value)
    for name, value in properties.items():
        if name == "DefinitionBody" and any(transforms(value)):
            is_swagger = isinstance(value, dict) and "swagger" in value
            properties[name] = {**({"swagger": "2.0"} if is_swagger else {"openapi": "3.0.1"}), **_API}
        elif name == "Events" and isinstance(value, dict):
            properties[name] = {key: event for key, event in value.items() if not any(transforms({key: event}))}
