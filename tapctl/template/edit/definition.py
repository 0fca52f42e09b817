"""Where a property of a resource is defined: in the resource, in Globals, in a branch of Fn::If, or in a mapping.

Only the value in force counts: the branch of an `Fn::If` that is taken, the entry that an `Fn::FindInMap` selects.
A resource of a loop is defined in the loop's body, and a value from an alias or a merge key at its anchor.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tapctl.errors import TemplateError
from tapctl.template.edit.render import NO_VALUE_REF
from tapctl.template.model import Path, Source
from tapctl.template.parameters import as_text
from tapctl.template.resolver import Resolver


@dataclass(frozen=True, slots=True)
class Location:
    """A place in the file; for one in a mapping, `lookup` is the Fn::FindInMap that selects it."""

    path: Path
    lookup: Path | None = None


@dataclass(frozen=True, slots=True)
class Definition:
    """The locations that define a property.

    `chain` leads from the property to its value, outermost first. `editable` are those where it can be changed, the
    best one first.
    """

    chain: tuple[Location, ...]
    editable: tuple[Location, ...]


def find_definition(resolver: Resolver, logical_id: str, name: str, *, drop: bool) -> Definition:
    """The definition of a property of one resource, to change its value or to drop it.

    A property cannot be dropped in a mapping, which has no way to write that there is no value.
    """
    template = resolver.template
    own = template.written("Resources", logical_id, "Properties", name)
    shared = template.shared("Resources", logical_id, "Properties", name)
    start = own if shared is None else shared
    variables = _loop_variables(own, logical_id)
    chain = tuple(_Walk(resolver, variables, drop=False).follow(start))
    *_, best = _Walk(resolver, variables, drop).follow(start)
    is_shared = best.lookup is None and best.path[: len(own)] != own
    return Definition((*chain, best, Location(own)), (best, Location(own)) if is_shared else (best,))


@dataclass(frozen=True, slots=True)
class _Walk:
    """The way from a property to its value; with `drop` it ends at the last place that can be without a value."""

    resolver: Resolver
    variables: Mapping[str, str]
    drop: bool

    @property
    def source(self) -> Source:
        return self.resolver.template.source

    def follow(self, path: Path) -> Iterator[Location]:
        """The locations from `path` on."""
        yield Location(self._written(path))
        match self.source.at(path):
            case {"Fn::If": [str(condition), then, otherwise]} if condition in self.resolver.template.conditions:
                answer = self._condition(condition)
                if isinstance(answer, bool) and not (self.drop and NO_VALUE_REF in (then, otherwise)):
                    yield from self.follow((*path, "Fn::If", 1 if answer else 2))
            case {"Fn::FindInMap": [name, top_level, second_level, *_]} if not self.drop:
                yield from self._entry((*path, "Fn::FindInMap"), name, top_level, second_level)

    def _written(self, path: Path) -> Path:
        """The place of a value; to drop it, that of the entry where its value is an alias of another entry's."""
        written, entry = self.source.written(path) or path, self.source.entry(path)
        is_alias = entry in self.source.aliases and written[-1] != path[-1]
        return entry if self.drop and entry and is_alias else written

    def _condition(self, name: str) -> bool | None:
        try:
            answer = self.resolver.condition(name)
        except TemplateError:
            return None  # the resource is not created, so preflight did not evaluate the condition
        return answer if isinstance(answer, bool) else None

    def _entry(self, lookup: Path, *keys: Any) -> Iterator[Location]:
        entry = ("Mappings", *(self._key(key) for key in keys))
        default = (*lookup, 3, "DefaultValue")
        if entry in self.source.keys:
            yield Location(entry, lookup)
        elif default in self.source.keys:
            yield from self.follow(default)

    def _key(self, key: Any) -> str:
        """A key of a lookup; empty, which no mapping has, for an unknown one."""
        match key:
            case {"Ref": str(name)} if name in self.variables:
                return self.variables[name]
            case str(text):
                for name, value in self.variables.items():
                    text = text.replace(f"${{{name}}}", value)
                return text
        try:
            value = self.resolver.value(key)
        except TemplateError:
            return ""
        return as_text(value) if isinstance(value, str | int | bool) else ""


def _loop_variables(own: Path, logical_id: str) -> dict[str, str]:
    """The values of the loop variables from which a loop generated this resource."""
    pattern = str(own[-3])
    if pattern == logical_id:
        return {}
    literals = re.split(r"[$&]\{[^}]*\}", pattern)
    match = re.fullmatch("(.+)".join(map(re.escape, literals)), logical_id)
    return dict(zip(re.findall(r"[$&]\{([^}]*)\}", pattern), match.groups(), strict=True)) if match else {}


def find_in_map_calls(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every Fn::FindInMap in a template's plain value, with its arguments."""
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, item in entries:
        if name == "Fn::FindInMap":
            yield (*path, name), item
        yield from find_in_map_calls(item, (*path, name))


def may_select(arguments: Any, entry: Path) -> bool:
    """Whether a lookup may select this entry of a mapping, with other parameters or another loop variable."""
    keys = arguments[:3] if isinstance(arguments, list) else []
    return all(
        not isinstance(key, str | int) or re.search(r"[$&]\{", as_text(key)) or as_text(key) == name
        for key, name in zip(keys, entry[1:], strict=False)
    )
