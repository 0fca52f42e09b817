"""A template with its nested stacks: each resolved under the parameters that its parent passes."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

from tapctl.errors import TemplateError
from tapctl.hints import advise
from tapctl.hints.judgement import JudgementAdvice
from tapctl.resource_types import PROVISIONED_PRODUCT, STACK
from tapctl.template import includes, loops
from tapctl.template.load import load
from tapctl.template.local_paths import RELATIVE, PathKind, is_there, local_paths
from tapctl.template.model import FN_TRANSFORM, LANGUAGE_EXTENSIONS, Resource, Source, Template
from tapctl.template.parameters import Parameters, as_text, bind, refuse_undeclared
from tapctl.template.resolver import Resolver, plain
from tapctl.unknown import Unknown


@dataclass(frozen=True, slots=True)
class RemoteStack:
    """A nested stack whose template is not a local file, and why."""

    prefix: str
    file: str
    line: int
    unknown: Unknown


@dataclass(frozen=True, slots=True)
class StackTree:
    """A stack and its nested stacks; `prefix` is empty for the root, `Stack/` for its nested stack `Stack`.

    `parameters` are those that it was resolved with.
    """

    prefix: str
    resolver: Resolver
    parameters: Parameters
    exists: bool | Unknown = True
    children: tuple["StackTree | RemoteStack", ...] = ()

    def members(self) -> Iterator["StackTree"]:
        """The stack and all nested ones with a local template."""
        yield self
        for child in self.children:
            if isinstance(child, StackTree):
                yield from child.members()

    def remotes(self) -> Iterator[RemoteStack]:
        """The nested stacks without a local template."""
        for child in self.children:
            if isinstance(child, RemoteStack):
                yield child
            else:
                yield from child.remotes()


Read = Callable[[str], Template]

MAX_STACKS = 500
"""Of one tree: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html"""


def stack_tree(template: Template, parameters: Parameters, pseudo: Mapping[str, str], read: Read = load) -> StackTree:
    """Expand and resolve a template and all nested ones, each of which `read` reads once.

    Raises `TemplateError` for a local nested template that cannot be read, for one that nests itself, and for a tree
    of more than `MAX_STACKS`.
    """
    completed = _completed(template)
    refuse_undeclared(completed, parameters.given, parameters.configured)
    read_once = cache(lambda file: _completed(read(file)))
    return _tree(completed, parameters, pseudo, _Position((Path(template.file).resolve(),), read_once))


def _completed(template: Template) -> Template:
    return template if template.shows_all else includes.put_in(template)


@dataclass(frozen=True, slots=True)
class _Position:
    """The position of a stack in its tree: the files of its ancestors and its own, its prefix, and its existence."""

    files: tuple[Path, ...]
    read: Read
    prefix: str = ""
    exists: bool | Unknown = True
    numbers: "count[int]" = field(default_factory=lambda: count(2))
    """Counts the stacks of the tree."""


def _tree(template: Template, parameters: Parameters, pseudo: Mapping[str, str], position: _Position) -> StackTree:
    expanded = expand(template, parameters, pseudo)
    resolver = Resolver(expanded, bind(expanded, parameters), pseudo, parameters.lookups, hidden=parameters.hidden)
    nested = (resource for resource in expanded.resources() if resource.type in (STACK, PROVISIONED_PRODUCT))
    children = [_child(resolver, resource, parameters.lookups, position) for resource in nested]
    present = tuple(child for child in children if child is not None)
    return StackTree(position.prefix, resolver, parameters, position.exists, present)


def _child(
    resolver: Resolver, resource: Resource, lookups: Mapping[str, str | Unknown], parent: _Position
) -> StackTree | RemoteStack | None:
    path = ("Resources", resource.logical_id)
    exists = resolver.exists(resource.condition, (*path, "Condition"))
    if exists is False:
        return None
    prefix = f"{parent.prefix}{resource.logical_id}/"
    file = _local_file(resolver, resource)
    if isinstance(file, Unknown):
        return RemoteStack(prefix, resolver.template.file, resource.line, file)
    resolved = file.resolve()
    if resolved in parent.files:
        message = f"nested stack {resource.logical_id}: {file} nests itself"
        raise resolver.template.error(message, *path, hint=advise(JudgementAdvice.REMOVE_CIRCULAR_NESTING))
    if next(parent.numbers) > MAX_STACKS:
        message = f"nested stack {resource.logical_id}: the tree has more than {MAX_STACKS} stacks"
        raise resolver.template.error(message, *path, hint=advise(JudgementAdvice.NEST_FEWER_STACKS))
    template = parent.read(str(file))
    given = passed_down(resolver, resource, template.parameters)
    # Only CloudFormation knows the name of a nested stack.
    pseudo = {name: value for name, value in resolver.pseudo.items() if name != "AWS::StackName"}
    refuse_undeclared(template, given)
    position = _Position(
        (*parent.files, resolved),
        parent.read,
        prefix,
        exists if isinstance(exists, Unknown) else parent.exists,
        parent.numbers,
    )
    return _tree(template, Parameters(given, {}, lookups), pseudo, position)


def passed_down(resolver: Resolver, resource: Resource, declared: Iterable[str] = ()) -> dict[str, str | Unknown]:
    """The parameters that a nested stack gets from its parent; all `declared` where an include may set them."""
    path = ("Resources", resource.logical_id, "Properties", "Parameters")
    include = {FN_TRANSFORM: resource.properties[FN_TRANSFORM]} if FN_TRANSFORM in resource.properties else {}
    values = resolver.value(resource.properties.get("Parameters") or include, path)
    if isinstance(values, Unknown):
        return dict.fromkeys(declared, plain(values))
    return {name: _passed(value) for name, value in values.items()} if isinstance(values, dict) else {}


def _passed(value: Any) -> str | Unknown:
    if isinstance(value, list):
        unknown = next((item for item in value if isinstance(item, Unknown)), None)
        return unknown or ",".join(as_text(item) for item in value)
    return value if isinstance(value, Unknown) else as_text(value)


def _local_file(resolver: Resolver, resource: Resource) -> Path | Unknown:
    """The nested template's file, from TemplateURL or from the metadata in which the CDK names the asset."""
    if resource.type == PROVISIONED_PRODUCT:
        reason = f"product {resource.logical_id} is a stack of Service Catalog, whose template is not a local file"
        return Unknown(reason, advise(JudgementAdvice.PREFLIGHT_NESTED_TEMPLATE))
    definition = resolver.template.body["Resources"][resource.logical_id]
    metadata = definition.get("Metadata")
    asset = metadata.get("aws:asset:path") if isinstance(metadata, dict) else None
    url = asset or resolver.value(resource.properties.get("TemplateURL", ""), ("Resources", resource.logical_id))
    if isinstance(url, Unknown):
        reason = f"the template of nested stack {resource.logical_id} is unknown: {url.reason}"
        return Unknown(reason, url.resolution, lookup=url.lookup)
    if isinstance(url, dict) and "ApplicationId" in url:
        reason = (
            f"nested stack {resource.logical_id} is {_application(resolver, url)}, whose template is not a local file"
        )
        return Unknown(reason, advise(JudgementAdvice.PREFLIGHT_NESTED_TEMPLATE))
    if not isinstance(url, str) or "://" in url or not url:
        shown = resolver.without_secrets(str(url))
        reason = f"the template of nested stack {resource.logical_id} is not a local file: {shown}"
        return Unknown(reason, advise(JudgementAdvice.PREFLIGHT_NESTED_TEMPLATE))
    file = Path(resolver.template.file).parent / url
    if asset and not is_there(file):
        reason = f"the template of nested stack {resource.logical_id} is missing: {asset} does not exist"
        return Unknown(reason, advise(JudgementAdvice.SYNTHESIZE_CDK_APP))
    if not is_there(file):
        path = ("Resources", resource.logical_id, "Properties", "TemplateURL")
        raise resolver.template.error(f"nested stack {resource.logical_id}: {url}: no such file", *path, hint=RELATIVE)
    return file


def _application(resolver: Resolver, location: Mapping[str, Any]) -> str:
    """An application of the Serverless Application Repository, with its version where both are known."""
    named = [value for key in ("ApplicationId", "SemanticVersion") if isinstance(value := location.get(key), str)]
    return resolver.without_secrets(" ".join(("application", *named, "of the Serverless Application Repository")))


@dataclass(frozen=True, slots=True)
class MissingPath:
    """A local path without a file or folder, and the place in the template that names it."""

    owner: str
    name: str
    file: str
    line: int


def missing_paths(tree: StackTree) -> Iterator[MissingPath]:
    """The local paths in the templates of a tree that do not exist; no file is opened.

    A template without a file has no folder for its paths to be relative to, and is skipped; so are assets of the CDK,
    which may be published already.
    """
    for member in tree.members():
        source = member.resolver.template.source
        written, file = Template(source, source.value), Path(source.file)
        for local in local_paths(written) if is_there(file) else ():
            if not local.is_asset and not is_there(file.parent / local.name):
                yield MissingPath(local.owner, local.name, source.file, written.line(*local.path))


def with_nested(source: Source) -> tuple[Source, ...]:
    """The text of a template and those of its nested templates at any depth, each once, without unreadable ones."""
    sources = {Path(source.file).resolve(): source}
    waiting = [source]
    while waiting:
        for file in _nested_files(waiting.pop(0)):
            if (resolved := file.resolve()) not in sources and (nested := _readable(file)):
                sources[resolved] = nested
                waiting.append(nested)
    return tuple(sources.values())


def _nested_files(source: Source) -> Iterator[Path]:
    for local in local_paths(Template(source, source.value)):
        file = Path(source.file).parent / local.name
        if local.slot.kind is PathKind.TEMPLATE and is_there(file):
            yield file


def _readable(file: Path) -> Source | None:
    try:
        return load(str(file)).source
    except TemplateError:
        return None  # `stack_tree` reports the error


def expand(template: Template, parameters: Parameters, pseudo: Mapping[str, str]) -> Template:
    """The template after its transforms; the template itself when it needs none.

    Raises `TemplateError` for what a transform refuses.
    """
    if template.has_loops:
        if LANGUAGE_EXTENSIONS not in template.transforms:
            raise template.error(
                f"Fn::ForEach requires the transform {LANGUAGE_EXTENSIONS}",
                "Resources",
                hint=advise(JudgementAdvice.ADD_TRANSFORM, LANGUAGE_EXTENSIONS),
            )
        template = loops.unroll(template, Resolver(template, bind(template, parameters)))
    if template.is_serverless:
        from tapctl.template import sam

        def translate(seen: Template) -> Template:
            return sam.translate(seen, Resolver(seen, bind(seen, parameters), pseudo, parameters.lookups))

        return includes.translate_around(template, translate)
    return template
