"""A template as data: its sections, checked for their outer shape, and where each resource stands."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tapctl.errors import TemplateError
from tapctl.template.source import Path, Source
from tapctl.unknown import Unknown

SERVERLESS = "AWS::Serverless-2016-10-31"
LANGUAGE_EXTENSIONS = "AWS::LanguageExtensions"
FOR_EACH = "Fn::ForEach::"
"""Begins the name of a loop, which stands where a resource would."""
INCLUDED = "Fn::Transform"
"""Stands for the type of a resource that a macro fills in at deploy time, or of several that it adds."""


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
    """A CloudFormation template: `body` is long-form (no short tags); `source` is the file that it came from."""

    source: Source
    body: Mapping[str, Any]
    origins: Mapping[tuple[str, str], Path] = field(default_factory=dict)
    """Where an entry that a transform made is written, by section and name."""
    opaque: Mapping[str, Unknown] = field(default_factory=dict)
    """Loops that could not be unrolled, and why."""

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
        """The macros that the template names at its top; a macro given with parameters counts by its name."""
        declared = self.body.get("Transform") or []
        entries = declared if isinstance(declared, list) else [declared]
        return tuple(str(entry.get("Name")) if isinstance(entry, dict) else str(entry) for entry in entries)

    def resources(self) -> Iterator[Resource]:
        """The resources that are written out; what loops make is there after `expand`."""
        for logical_id, definition in self._section("Resources").items():
            if logical_id.startswith(FOR_EACH):
                continue
            is_macro = INCLUDED in definition or logical_id == INCLUDED
            kind = definition.get("Type", INCLUDED if is_macro else None)
            if not isinstance(kind, str):
                raise self.error(f"resource {logical_id} has no Type", "Resources", logical_id)
            properties = definition.get("Properties") or {}
            if not isinstance(properties, dict):
                raise self.error(f"the Properties of {logical_id} are not a map", "Resources", logical_id)
            has_one, place = "Condition" in definition, ("Resources", logical_id, "Condition")
            condition = self.condition_name(definition["Condition"], *place) if has_one else None
            yield Resource(logical_id, kind, properties, condition, self.line("Resources", logical_id))

    def condition_name(self, name: Any, *path: str | int) -> str:
        """The name of a condition, at `path`. Raises `TemplateError` for one that YAML reads as true or a number."""
        if isinstance(name, str):
            return name
        hint = "put it in quotes; without them YAML reads words such as On and Yes as true or false"
        raise self.error("the name of a condition must be text", *path, hint=hint)

    def line(self, *path: str | int) -> int:
        """The line of the key or value at `path`; of what a transform made it from, where it stands nowhere."""
        shared = self.shared(*path)
        return self.source.line(*(self.written(*path) if shared is None else shared))

    def inherits(self, *path: str | int) -> bool:
        """Whether a property stands in SAM's Globals rather than in the resource."""
        return self.shared(*path) is not None

    def written(self, *path: str | int) -> Path:
        """Where the author wrote, or would write, what stands at `path` after the transforms."""
        origin = self.origins.get((str(path[0]), str(path[1]))) if len(path) > 1 else None
        return path if origin is None else (*origin, *path[2:])

    def shared(self, *path: str | int) -> Path | None:
        """Where in SAM's Globals a property stands; None where the resource has its own, or nobody has one."""
        everywhere: Path = ("Globals", "Function", *path[3:])
        inherited = len(path) > 3 and self.source.written(self.written(*path)) is None
        return everywhere if inherited and self.source.written(everywhere) else None

    def error(self, message: str, *path: str | int, hint: str | None = None) -> TemplateError:
        return TemplateError(message, hint, file=self.file, line=self.line(*path))

    def _section(self, name: str) -> Mapping[str, Any]:
        section = self.body.get(name)
        return section if isinstance(section, dict) else {}


def check(template: Template) -> Template:
    """Refuse what is not a template at all; everything finer is cfn-lint's work."""
    body = template.body
    if not isinstance(body, dict) or not body:
        raise TemplateError(
            "not a CloudFormation template: it is no map of sections", "name a template file", file=template.file
        )
    if not isinstance(body.get("Resources"), dict) or not body["Resources"]:
        raise TemplateError(
            "not a CloudFormation template: it has no Resources", "name a template file", file=template.file
        )
    for name in ("Parameters", "Mappings", "Conditions", "Outputs"):
        section = body.get(name)
        if section is not None and not isinstance(section, dict):
            raise template.error(f"the section {name} is not a map", name)
    for name in ("Parameters", "Resources", "Outputs"):
        for key, entry in (body.get(name) or {}).items():
            if not isinstance(entry, dict) and not key.startswith("Fn::ForEach::"):
                raise template.error(f"{name}.{key} is not a map", name, key)
    return template
