"""A template as data: its text, the place of every value in it, and its sections, checked for their outer shape."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count, takewhile
from typing import Any

from tapctl.errors import TemplateError
from tapctl.hints import Hint, advise
from tapctl.hints.judgement import JudgementAdvice
from tapctl.resource_types import SERVERLESS_PREFIX
from tapctl.unknown import Unknown

SERVERLESS = "AWS::Serverless-2016-10-31"
LANGUAGE_EXTENSIONS = "AWS::LanguageExtensions"
FOR_EACH = "Fn::ForEach::"
"""Begins the key of a loop, which takes the place of an entry of its section."""
LOOP_SECTIONS = ("Conditions", "Resources", "Outputs")
"""The sections that may contain loops."""
FN_TRANSFORM = "Fn::Transform"
"""Also the type of a resource whose definition a macro generates at deploy time, or of resources that it adds."""
INCLUDE = "AWS::Include"
MODULE = "::MODULE"
"""Ends the type of a module, whose resources are named by its logical id and theirs."""
KNOWN_TRANSFORMS = (SERVERLESS, LANGUAGE_EXTENSIONS, "AWS::CodeDeployBlueGreen")
"""The macros of the section `Transform` that create no function which the template does not show."""

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Span:
    """The place of a value: line and column count from 1, start and end are offsets into the text."""

    line: int
    column: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A key that is given several times: the lines of the last two, and the offset of the last, which counts."""

    path: Path
    first: int
    last: int
    start: int


@dataclass(frozen=True, slots=True)
class Source:
    """A template file: its name, its text, its plain value, and the spans of its keys and values."""

    file: str
    text: str
    value: Any
    spans: Mapping[Path, Span] = field(repr=False)
    keys: Mapping[Path, Span] = field(repr=False)
    aliases: Mapping[Path, Path] = field(default_factory=dict, repr=False)
    """By the path of a YAML alias, the path of its anchor."""
    duplicates: tuple[Duplicate, ...] = field(default=(), repr=False)
    construct: str = ""
    """The path of the stack's construct, in a template that the CDK synthesised."""

    @property
    def title(self) -> str:
        """The file, with the path of its construct."""
        return f"{self.file} ({self.construct})" if self.construct else self.file

    def at(self, path: Path) -> Any:
        """The plain value at `path`, or None."""
        value = self.value
        for step in path:
            if isinstance(value, list) and isinstance(step, int) and step < len(value):
                value = value[step]
            elif isinstance(value, dict):
                value = value.get(step)
            else:
                return None
        return value

    def written(self, path: Path) -> Path | None:
        """The place where the value at `path` is written, which an alias or merge key moves; None without a value."""
        place: Path = ()
        for step in path:
            child = self._step(place, step)
            if child is None:
                return None
            place = self.aliases.get(child, child)
        return place

    def entry(self, path: Path) -> Path | None:
        """The place where the entry at `path` is written, though its value may be an alias; None without an entry."""
        holder = self.written(path[:-1])
        return None if holder is None else self._step(holder, path[-1])

    def _step(self, holder: Path, step: str | int) -> Path | None:
        if (child := (*holder, step)) in self.spans:
            return child
        merged = (*holder, "<<")
        if merged not in self.spans:
            return None
        items = takewhile(self.spans.__contains__, ((*merged, index) for index in count()))
        maps = [self.aliases.get(item, item) for item in (merged, *items)]
        return next((entry for merged_map in maps if (entry := self._step(merged_map, step))), None)

    def line(self, *path: str | int) -> int:
        """The line of the key or value at `path`, or of the nearest one around it."""
        for length in range(len(path), 0, -1):
            outer = path[:length]
            if span := self.keys.get(outer) or self.spans.get(outer):
                return span.line
        return 1


@dataclass(frozen=True, slots=True)
class Resource:
    """One entry of `Resources`, unresolved."""

    logical_id: str
    type: str
    properties: Mapping[str, Any]
    condition: str | None
    line: int
    file: str = ""


@dataclass(frozen=True, slots=True)
class Template:
    """A CloudFormation template: `body` has the long form of every short tag; `source` is the file it was read from."""

    source: Source
    body: Mapping[str, Any]
    origins: Mapping[tuple[str, str], Path] = field(default_factory=dict)
    """By section and name, the place in the file from which a transform generated an entry."""
    opaque: Mapping[Path, Unknown] = field(default_factory=dict)
    """What the template does not show, and why, by the place where it may bring something: a loop that could not be
    unrolled, an `AWS::Include` that is not a local file, a macro, a module, a function that SAM cannot translate."""
    included: Mapping[Path, tuple[Source, Path]] = field(default_factory=dict)
    """By the place of what `AWS::Include` put in: the file that it comes from, and the place in that file."""
    lost: Mapping[Path, Any] = field(default_factory=dict)
    """By its place, each `Fn::Transform` in a resource of SAM that the translated template does not have any more."""

    @property
    def file(self) -> str:
        return self.source.file

    @property
    def is_serverless(self) -> bool:
        """Whether SAM has anything to translate, also in a template that does not declare the transform."""
        entries = (self.body.get("Resources") or {}).values()
        types = (str(entry.get("Type")) for entry in entries if isinstance(entry, dict))
        return SERVERLESS in self.transforms or any(type_.startswith(SERVERLESS_PREFIX) for type_ in types)

    @property
    def was_serverless(self) -> bool:
        """Whether the file has anything for SAM to translate, also once it is translated."""
        return Template(self.source, self.source.value).is_serverless

    @property
    def has_loops(self) -> bool:
        """Whether there is an `Fn::ForEach` in a section that may have one."""
        return any(_has_key(self.body.get(section), FOR_EACH) for section in LOOP_SECTIONS)

    @property
    def shows_all(self) -> bool:
        """Whether no transform, include or module brings something that the body does not have."""
        entries = (self.body.get("Resources") or {}).values()
        modules = (isinstance(entry, dict) and str(entry.get("Type")).endswith(MODULE) for entry in entries)
        return not ("Transform" in self.body or any(modules) or _has_key(self.body, FN_TRANSFORM))

    def sources(self) -> tuple[Source, ...]:
        """The file, and each file that it includes."""
        snippets = (snippet for snippet, _ in self.included.values())
        return tuple({source.file: source for source in (self.source, *snippets)}.values())

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

    @property
    def incomplete(self) -> bool:
        """Whether a macro completes the template before CloudFormation reads it."""
        return FN_TRANSFORM in self.body or any(name not in KNOWN_TRANSFORMS for name in self.transforms)

    def may_declare(self, parameter: str) -> bool:
        """Whether the template has a parameter, or something that is not here may bring it."""
        section = self.body.get("Parameters")
        return (
            parameter in self.parameters or self.incomplete or (isinstance(section, dict) and FN_TRANSFORM in section)
        )

    def unseen(self, section: str, name: str = "") -> Unknown | None:
        """Why an entry that the section does not have may exist all the same; None where it cannot."""
        for path, unknown in self.opaque.items():
            if path[0] != section:
                if path[0] in ("Transform", FN_TRANSFORM):
                    return unknown
            elif section != "Resources" or not self._is_module(path) or name.startswith(str(path[1])):
                return unknown
        return None

    def _is_module(self, path: Path) -> bool:
        entry = self._section("Resources").get(str(path[1]))
        return isinstance(entry, dict) and str(entry.get("Type")).endswith(MODULE)

    def resources(self) -> Iterator[Resource]:
        """The resources; those of loops are among them after `expand`."""
        for logical_id, definition in self._section("Resources").items():
            if logical_id.startswith(FOR_EACH) or not isinstance(definition, dict):
                continue
            is_macro = FN_TRANSFORM in definition or logical_id == FN_TRANSFORM or self.incomplete
            type_ = definition.get("Type", FN_TRANSFORM if is_macro else None)
            if not isinstance(type_, str):
                raise self.error(f"resource {logical_id} has no Type", "Resources", logical_id)
            properties = definition.get("Properties") or {}
            if not isinstance(properties, dict):
                raise self.error(f"Properties of {logical_id} is not a map", "Resources", logical_id)
            condition = None
            if "Condition" in definition:
                condition = self.condition_name(definition["Condition"], "Resources", logical_id, "Condition")
            file, line = self.place("Resources", logical_id)
            yield Resource(logical_id, type_, properties, condition, line, file)

    def condition_name(self, name: Any, *path: str | int) -> str:
        """The name of a condition at `path`. Raises `TemplateError` for one that YAML reads as another type."""
        if isinstance(name, str):
            return name
        hint = advise(JudgementAdvice.QUOTE_CONDITION)
        raise self.error("a condition name must be a string", *path, hint=hint)

    def line(self, *path: str | int) -> int:
        """The line of the key or value at `path`, or of the entry from which a transform generated it."""
        return self.place(*path)[1]

    def place(self, *path: str | int) -> tuple[str, int]:
        """The file and the line of the key or value at `path`; the file is another one for what is included."""
        shared = self.shared(*path)
        source, inner = self._origin(self.written(*path) if shared is None else shared)
        return source.file, source.line(*inner) if inner else 1

    def _origin(self, path: Path) -> tuple[Source, Path]:
        """The file in which the value at a written `path` stands, and its place there."""
        for length in range(len(path), 0, -1) if self.included else ():
            if found := self.included.get(path[:length]):
                return found[0], (*found[1], *path[length:])
        return self.source, path

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
        is_unset = len(path) > 3 and not self._is_written(self.written(*path))
        return shared if is_unset and self._is_written(shared) else None

    def _is_written(self, path: Path) -> bool:
        source, inner = self._origin(path)
        return source.written(inner) is not None

    def error(self, message: str, *path: str | int, hint: Hint | None = None) -> TemplateError:
        """An error at the line of `path`."""
        file, line = self.place(*path)
        return TemplateError(message, hint, file=file, line=line)

    def _section(self, name: str) -> Mapping[str, Any]:
        section = self.body.get(name)
        if not isinstance(section, dict):
            return {}
        if name == "Resources" or FN_TRANSFORM not in section:
            return section
        return {key: entry for key, entry in section.items() if key != FN_TRANSFORM}


def not_here(macros: Any) -> str:
    """The first macro of a `Fn::Transform`, as the subject of a message that says what it may do."""
    macro = macros[0] if isinstance(macros, list) and macros else macros
    match macro:
        case {"Name": "AWS::Include", "Parameters": {"Location": str(location)}}:
            return f"{INCLUDE} of {location}, which tapctl cannot read,"
        case {"Name": "AWS::Include"} | "AWS::Include":
            return f"{INCLUDE} of a Location that is not literal"
        case {"Name": str(name)} | str(name):
            return f"the macro {name}"
        case _:
            return "a macro"


def check(template: Template) -> Template:
    """The template itself. Raises `TemplateError` when it is not one at all; cfn-lint checks the rest."""
    body = template.body
    if not isinstance(body, dict) or not body:
        message = "not a CloudFormation template: the top level is not a map"
        raise TemplateError(message, advise(JudgementAdvice.NAME_TEMPLATE_FILE), file=template.file)
    if not template.incomplete and not (isinstance(body.get("Resources"), dict) and body["Resources"]):
        message = "not a CloudFormation template: it has no Resources"
        raise TemplateError(message, advise(JudgementAdvice.NAME_TEMPLATE_FILE), file=template.file)
    for name in ("Parameters", "Mappings", "Conditions", "Outputs", "Resources"):
        section = body.get(name)
        if section is not None and not isinstance(section, dict):
            raise template.error(f"section {name} is not a map", name)
    for name in ("Parameters", "Resources", "Outputs"):
        for key, entry in (body.get(name) or {}).items():
            # A loop makes no parameter, and a macro gets the values of parameters, so they are there before it.
            is_generated = name != "Parameters" and (template.incomplete or key.startswith(FOR_EACH))
            if not isinstance(entry, dict) and not is_generated and key != FN_TRANSFORM:
                raise template.error(f"{name}.{key} is not a map", name, key)
    return template


def _has_key(value: Any, prefix: str) -> bool:
    """Whether any key in the value begins like that."""
    match value:
        case dict():
            return any(str(key).startswith(prefix) or _has_key(item, prefix) for key, item in value.items())
        case list():
            return any(_has_key(item, prefix) for item in value)
        case _:
            return False
