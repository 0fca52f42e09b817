"""A template with its nested ones, each under the parameters that its parent passes."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tapctl.errors import TemplateError
from tapctl.resource_types import STACK
from tapctl.template.expand import expand
from tapctl.template.load import load
from tapctl.template.local_paths import RELATIVE, PathKind, is_there, local_paths
from tapctl.template.model import Resource, Template
from tapctl.template.parameters import Parameters, as_text, bind, refuse_undeclared
from tapctl.template.resolver import Resolver
from tapctl.template.source import Source
from tapctl.unknown import Unknown


@dataclass(frozen=True, slots=True)
class RemoteStack:
    """A nested stack whose template is not here."""

    prefix: str
    file: str
    line: int
    unknown: Unknown


@dataclass(frozen=True, slots=True)
class StackTree:
    """One stack of the tree: `prefix` is empty for the root, `Stack/` for its nested stack `Stack`.

    `parameters` are those that it was resolved with.
    """

    prefix: str
    resolver: Resolver
    parameters: Parameters
    exists: bool | Unknown = True
    children: tuple["StackTree | RemoteStack", ...] = ()

    def members(self) -> Iterator["StackTree"]:
        """The stack and all below it that are here."""
        yield self
        for child in self.children:
            if isinstance(child, StackTree):
                yield from child.members()

    def remotes(self) -> Iterator[RemoteStack]:
        """The nested stacks that cannot be followed."""
        for child in self.children:
            if isinstance(child, RemoteStack):
                yield child
            else:
                yield from child.remotes()


Read = Callable[[str], Template]


def stack_tree(template: Template, parameters: Parameters, pseudo: Mapping[str, str], read: Read = load) -> StackTree:
    """Expand and resolve a template and everything nested in it, which `read` reads.

    Raises `TemplateError` for a nested template that is here and cannot be read, and for one that nests itself.
    """
    refuse_undeclared(template, parameters.given, parameters.configured)
    return _grow(template, parameters, pseudo, _Seat((Path(template.file).resolve(),), read))


@dataclass(frozen=True, slots=True)
class _Seat:
    """Where a stack sits in its tree: the files above and its own, its prefix, and whether it is there."""

    files: tuple[Path, ...]
    read: Read
    prefix: str = ""
    exists: bool | Unknown = True


def _grow(template: Template, parameters: Parameters, pseudo: Mapping[str, str], seat: _Seat) -> StackTree:
    expanded = expand(template, parameters)
    resolver = Resolver(expanded, bind(expanded, parameters), pseudo, parameters.lookups)
    nested = (resource for resource in expanded.resources() if resource.type == STACK)
    children = [_child(resolver, resource, parameters.lookups, seat) for resource in nested]
    return StackTree(
        seat.prefix, resolver, parameters, seat.exists, tuple(child for child in children if child is not None)
    )


def _child(
    resolver: Resolver, resource: Resource, lookups: Mapping[str, str | Unknown], seat: _Seat
) -> StackTree | RemoteStack | None:
    here = ("Resources", resource.logical_id)
    exists = resolver.exists(resource.condition, (*here, "Condition"))
    if exists is False:
        return None
    below = f"{seat.prefix}{resource.logical_id}/"
    file = _local_file(resolver, resource)
    if isinstance(file, Unknown):
        return RemoteStack(below, resolver.template.file, resource.line, file)
    if file.resolve() in seat.files:
        message = f"{resource.logical_id} nests {file}, in which it is nested itself"
        raise resolver.template.error(message, *here, hint="break the circle")
    given = passed_down(resolver, resource)
    pseudo = {name: value for name, value in resolver.pseudo.items() if name != "AWS::StackName"}
    doubt = exists if isinstance(exists, Unknown) else seat.exists
    template = seat.read(str(file))
    refuse_undeclared(template, given)
    here_below = _Seat((*seat.files, file.resolve()), seat.read, below, doubt)
    return _grow(template, Parameters(given, {}, lookups), pseudo, here_below)


def passed_down(resolver: Resolver, resource: Resource) -> dict[str, str | Unknown]:
    """The parameters that a nested stack is given."""
    path = ("Resources", resource.logical_id, "Properties", "Parameters")
    passed = resolver.value(resource.properties.get("Parameters") or {}, path)
    return {name: _passed(value) for name, value in passed.items()} if isinstance(passed, dict) else {}


def _passed(value: Any) -> str | Unknown:
    if isinstance(value, list):
        unknown = next((item for item in value if isinstance(item, Unknown)), None)
        return unknown or ",".join(as_text(item) for item in value)
    return value if isinstance(value, Unknown) else as_text(value)


def _local_file(resolver: Resolver, resource: Resource) -> Path | Unknown:
    """The nested template's file; the CDK says in the resource's metadata which asset of its output it is."""
    definition = resolver.template.body["Resources"][resource.logical_id]
    metadata = definition.get("Metadata")
    asset = metadata.get("aws:asset:path") if isinstance(metadata, dict) else None
    name = asset or resolver.value(resource.properties.get("TemplateURL", ""), ("Resources", resource.logical_id))
    missing = f"the template of nested stack {resource.logical_id} is not here"
    if isinstance(name, Unknown):
        return Unknown(f"{missing}: {name.reason}", name.resolution, lookup=name.lookup)
    if not isinstance(name, str) or "://" in name or not name:
        return Unknown(
            f"{missing} but at {resolver.without_secrets(str(name))}", "run tapctl on that template by itself, too"
        )
    file = Path(resolver.template.file).parent / name
    if not is_there(file):
        here = ("Resources", resource.logical_id, "Properties", "TemplateURL")
        raise resolver.template.error(f"{resource.logical_id} nests {name}: no such file", *here, hint=RELATIVE)
    return file


@dataclass(frozen=True, slots=True)
class MissingPath:
    """A local path that names nothing, and where it is written."""

    owner: str
    name: str
    file: str
    line: int


def missing_paths(tree: StackTree) -> Iterator[MissingPath]:
    """The files and folders that the templates of a tree name and that are not there; nothing is opened.

    A template that is no file itself, and so has no folder that its paths could be relative to, is not looked at; nor
    are assets of the CDK, which may be published already.
    """
    for member in tree.members():
        source = member.resolver.template.source
        written, file = Template(source, source.value), Path(source.file)
        for local in local_paths(written) if is_there(file) else ():
            if not local.is_asset and not is_there(file.parent / local.name):
                yield MissingPath(local.owner, local.name, source.file, written.line(*local.path))


def with_nested(source: Source) -> tuple[Source, ...]:
    """The text itself, then those nested in it at any depth, each once; what cannot be read is left out."""
    found = {Path(source.file).resolve(): source}
    waiting = [source]
    while waiting:
        for file in _named(waiting.pop(0)):
            if (place := file.resolve()) not in found and (inner := _read(file)):
                found[place] = inner
                waiting.append(inner)
    return tuple(found.values())


def _named(source: Source) -> Iterator[Path]:
    for local in local_paths(Template(source, source.value)):
        file = Path(source.file).parent / local.name
        if local.slot.kind is PathKind.TEMPLATE and is_there(file):
            yield file


def _read(file: Path) -> Source | None:
    try:
        return load(str(file)).source
    except TemplateError:
        return None  # who resolves the tree says what is wrong with it, if it is needed at all
