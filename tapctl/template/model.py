"""A template as data: its sections, checked for their outer shape, and the line of each resource."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tapctl.errors import TemplateError
from tapctl.template.source import Path, Source
from tapctl.unknown import Unknown

SERVERLESS = "AWS::Serverless-2016-10-31"
LANGUAGE_EXTENSIONS = "AWS::LanguageExtensions"
FOR_EACH = "Fn::ForEach::"
"""Begins the key of a loop, which takes the place of an entry of its section."""
FN_TRANSFORM = "Fn::Transform"
"""Also the type of a resource whose definition a macro generates at deploy time, or of resources that it adds."""


@dataclass(frozen=True, slots=True)
class Resource:
    """One entry of `Resources`, unresolved."""

    logical_id: str
    type: str
    properties: Mapping[str, Any]
    condition: str | None
    line: int


@dataclass(frozen=True, slots=True)
class Template:
    """A CloudFormation template: `body` has the long form of every short tag; `source` is the file it was read from."""

    source: Source
    body: Mapping[str, Any]
    origins: Mapping[tuple[str, str], Path] = field(default_factory=dict)
    """By section and name, the place in the file from which a transform generated an entry."""
    opaque: Mapping[str, Unknown] = field(default_factory=dict)
    """The loops that could not be unrolled, and the functions that SAM could not translate, and why."""

    @property
    def file(self) -> str:
        return self.source.file

    @property
    def parameters(self) -> Mapping[str, Mapping[str, Any]]:
        return self._section("Parameters")

    @property
    def mappings(self) -> Mapping[str, Any]:
        return self._section("Mappings")

    @property
    def conditions(self) -> Mapping[str, Any]:
        return self._section("Conditions")

    @property
    def outputs(self) -> Mapping[str, Mapping[str, Any]]:
        return self._section("Outputs")

    @property
    def transforms(self) -> tuple[str, ...]:
        """The names of the macros in the section `Transform`."""
        declared = self.body.get("Transform") or []
        entries = declared if isinstance(declared, list) else [declared]
        return tuple(str(entry.get("Name")) if isinstance(entry, dict) else str(entry) for entry in entries)

    def resources(self) -> Iterator[Resource]:
        """The resources; those of loops are among them after `expand`."""
        for logical_id, definition in self._section("Resources").items():
            if logical_id.startswith(FOR_EACH):
                continue
            is_macro = FN_TRANSFORM in definition or logical_id == FN_TRANSFORM
            type_ = definition.get("Type", FN_TRANSFORM if is_macro else None)
            if not isinstance(type_, str):
                raise self.error(f"resource {logical_id} has no Type", "Resources", logical_id)
            properties = definition.get("Properties") or {}
            if not isinstance(properties, dict):
                raise self.error(f"Properties of {logical_id} is not a map", "Resources", logical_id)
            condition = None
            if "Condition" in definition:
                condition = self.condition_name(definition["Condition"], "Resources", logical_id, "Condition")
            yield Resource(logical_id, type_, properties, condition, self.line("Resources", logical_id))

    def condition_name(self, name: Any, *path: str | int) -> str:
        """The name of a condition at `path`. Raises `TemplateError` for one that YAML reads as another type."""
        if isinstance(name, str):
            return name
        hint = "quote it; YAML reads unquoted words such as On and Yes as booleans"
        raise self.error("a condition name must be a string", *path, hint=hint)

    def line(self, *path: str | int) -> int:
        """The line of the key or value at `path`, or of the entry from which a transform generated it."""
        shared = self.shared(*path)
        return self.source.line(*(self.written(*path) if shared is None else shared))

    def inherits(self, *path: str | int) -> bool:
        """Whether a resource takes a property from SAM's Globals."""
        return self.shared(*path) is not None

    def written(self, *path: str | int) -> Path:
        """The place in the file of the value that is at `path` after the transforms, whether or not it exists."""
        origin = self.origins.get((str(path[0]), str(path[1]))) if len(path) > 1 else None
        return path if origin is None else (*origin, *path[2:])

    def shared(self, *path: str | int) -> Path | None:
        """The place of a property in SAM's Globals; None where the resource sets it, or neither does."""
        shared: Path = ("Globals", "Function", *path[3:])
        is_unset = len(path) > 3 and self.source.written(self.written(*path)) is None
        return shared if is_unset and self.source.written(shared) else None

    def error(self, message: str, *path: str | int, hint: str | None = None) -> TemplateError:
        """An error at the line of `path`."""
        return TemplateError(message, hint, file=self.file, line=self.line(*path))

    def _section(self, name: str) -> Mapping[str, Any]:
        section = self.body.get(name)
        return section if isinstance(section, dict) else {}


def check(template: Template) -> Template:
    """The template itself. Raises `TemplateError` when it is not one at all; cfn-lint checks the rest."""
    body = template.body
    if not isinstance(body, dict) or not body:
        message = "not a CloudFormation template: the top level is not a map"
        raise TemplateError(message, "name a template file", file=template.file)
    if not isinstance(body.get("Resources"), dict) or not body["Resources"]:
        message = "not a CloudFormation template: it has no Resources"
        raise TemplateError(message, "name a template file", file=template.file)
    for name in ("Parameters", "Mappings", "Conditions", "Outputs"):
        section = body.get(name)
        if section is not None and not isinstance(section, dict):
            raise template.error(f"section {name} is not a map", name)
    for name in ("Parameters", "Resources", "Outputs"):
        for key, entry in (body.get(name) or {}).items():
            if not isinstance(entry, dict) and not key.startswith(FOR_EACH):
                raise template.error(f"{name}.{key} is not a map", name, key)
    return template
