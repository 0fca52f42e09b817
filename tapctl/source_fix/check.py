"""Proves that edited files demand what the remedy says, and differ from the old ones in nothing else."""

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path as FilePath
from typing import Any

from tapctl.concurrency.demand import Demand
from tapctl.concurrency.read_demand import read_demand
from tapctl.concurrency.result import Preflight
from tapctl.errors import TapctlError, TemplateError, UsageError
from tapctl.template.model import Template, check
from tapctl.template.nested import StackTree, stack_tree
from tapctl.template.parse import parse
from tapctl.template.source import Path, Source
from tapctl.unknown import Unknown

BY_HAND = "edit it by hand, or let `tapctl deploy` apply the remedy"


def read_again(text: str, before: Source, meant: Collection[Path]) -> Template:
    """The edited text as a template. Raises `UsageError` where it is not one, or differs outside of the meant paths."""
    try:
        after = parse(text, before.file)
    except TemplateError as error:
        raise UsageError(f"{error.message}, after the edit of the setting", BY_HAND) from None
    for path in _differences(before.value, after.value):
        if not any(_overlap(path, other) for other in meant):
            place = f"{before.file}:{before.line(*path)}"
            raise UsageError(f"{place}: an edit of the setting would change this line too", BY_HAND)
    return check(Template(after, after.value))


def check_demand(result: Preflight, edited: Mapping[FilePath, Template]) -> None:
    """Raises `TapctlError` unless the edited files, by resolved path, demand what the remedy leaves."""
    after = _demand(result.tree, edited)
    wanted = {name: remedy.value for name, remedy in result.plan.changes.items()}
    expected = [
        (name, wanted.get(name, reserved), provisioned) for name, reserved, provisioned in _figures(result.demand)
    ]
    if expected != _figures(after):
        message = "the edited template does not produce the planned reservation; nothing was written"
        raise TapctlError(message, BY_HAND)


def _demand(tree: StackTree, edited: Mapping[FilePath, Template]) -> Demand:
    sources = {
        FilePath(member.resolver.template.file).resolve(): member.resolver.template.source for member in tree.members()
    }

    def read(file: str) -> Template:
        path = FilePath(file).resolve()
        return edited.get(path) or Template(sources[path], sources[path].value)

    return read_demand(stack_tree(read(tree.resolver.template.file), tree.parameters, tree.resolver.pseudo, read))


def _figures(demand: Demand) -> list[tuple[Any, ...]]:
    """Name, reservation and provisioned concurrency of every function; all unknown values are equal."""
    return [
        (
            function.logical_id,
            _figure(function.reserved),
            [(version.logical_id, _figure(version.value)) for version in function.provisioned],
        )
        for function in demand.functions
    ]


def _figure(value: int | Unknown | None) -> int | str | None:
    return "unknown" if isinstance(value, Unknown) else value


def _differences(before: Any, after: Any, path: Path = ()) -> Iterator[Path]:
    """The paths at which two plain values differ, as deep as possible."""
    if isinstance(before, dict) and isinstance(after, dict):
        for name in {**before, **after}:
            if name in before and name in after:
                yield from _differences(before[name], after[name], (*path, name))
            else:
                yield (*path, name)
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for index, (old, new) in enumerate(zip(before, after, strict=True)):
            yield from _differences(old, new, (*path, index))
    elif type(before) is not type(after) or before != after:
        yield path


def _overlap(one: Path, other: Path) -> bool:
    """Whether one path starts with the other."""
    return all(step == same for step, same in zip(one, other, strict=False))
