"""Where a setting of a resource is written: in the resource, in Globals, in a branch of a condition, in a mapping.

The value that is in force is what is to be changed, and no more: of an `Fn::If` the branch that is taken, of
an `Fn::FindInMap` the entry that it finds. What a loop makes stands in the loop's body, what an alias or a
merge key brings stands at its anchor.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tapctl.errors import TemplateError
from tapctl.template.edit.render import NO_VALUE
from tapctl.template.parameters import as_text
from tapctl.template.resolver import Resolver
from tapctl.template.source import Path, Source


@dataclass(frozen=True, slots=True)
class Site:
    """A place in the file that a value comes through; `lookup` is the Fn::FindInMap that leads to it in a mapping."""

    path: Path
    lookup: Path | None = None


@dataclass(frozen=True, slots=True)
class Reach:
    """`way` is where a setting comes from, outermost first; `choices` where it could be changed, the best one first."""

    way: tuple[Site, ...]
    choices: tuple[Site, ...]


def reach(resolver: Resolver, logical_id: str, name: str, *, drop: bool) -> Reach:
    """Where the property of one resource comes from, and where it could be changed, or dropped.

    A mapping has no way to say that there is no value, and so is no place to drop a setting in.
    """
    template = resolver.template
    own = template.written("Resources", logical_id, "Properties", name)
    shared = template.shared("Resources", logical_id, "Properties", name)
    start = own if shared is None else shared
    bindings = _bindings(own, logical_id)
    way = tuple(_Walk(resolver, bindings, drop=False).follow(start))
    *_, best = _Walk(resolver, bindings, drop).follow(start)
    elsewhere = best.lookup is None and best.path[: len(own)] != own
    return Reach((*way, best, Site(own)), (best, Site(own)) if elsewhere else (best,))


@dataclass(frozen=True, slots=True)
class _Walk:
    """From a property to what decides its value; to be dropped it is at the last place that can be without one."""

    resolver: Resolver
    bindings: Mapping[str, str]
    drop: bool

    @property
    def source(self) -> Source:
        return self.resolver.template.source

    def follow(self, path: Path) -> Iterator[Site]:
        yield Site(self._written(path))
        match self.source.at(path):
            case {"Fn::If": [str(condition), then, otherwise]} if condition in self.resolver.template.conditions:
                answer = self._holds(condition)
                if isinstance(answer, bool) and not (self.drop and NO_VALUE in (then, otherwise)):
                    yield from self.follow((*path, "Fn::If", 1 if answer else 2))
            case {"Fn::FindInMap": [name, first, second, *_]} if not self.drop:
                yield from self._find((*path, "Fn::FindInMap"), name, first, second)

    def _written(self, path: Path) -> Path:
        """Where the value stands; to be dropped, what only borrows it from something else is dropped by itself."""
        written, entry = self.source.written(path) or path, self.source.entry(path)
        borrowed = entry in self.source.aliases and written[-1] != path[-1]
        return entry if self.drop and entry and borrowed else written

    def _holds(self, condition: str) -> bool | None:
        try:
            answer = self.resolver.condition(condition)
        except TemplateError:
            return None  # of a resource that is not there, and so was never judged
        return answer if isinstance(answer, bool) else None

    def _find(self, lookup: Path, *keys: Any) -> Iterator[Site]:
        found = ("Mappings", *(self._key(key) for key in keys))
        default = (*lookup, 3, "DefaultValue")
        if found in self.source.keys:
            yield Site(found, lookup)
        elif default in self.source.keys:
            yield from self.follow(default)

    def _key(self, key: Any) -> str:
        """A key of a lookup; empty, which no mapping has, where it is not known."""
        match key:
            case {"Ref": str(name)} if name in self.bindings:
                return self.bindings[name]
            case str(text):
                for name, value in self.bindings.items():
                    text = text.replace(f"${{{name}}}", value)
                return text
        try:
            value = self.resolver.value(key)
        except TemplateError:
            return ""
        return as_text(value) if isinstance(value, str | int | bool) else ""


def _bindings(own: Path, logical_id: str) -> dict[str, str]:
    """What the variables of a loop were when it made this resource."""
    pattern = str(own[-3])
    if pattern == logical_id:
        return {}
    literals = re.split(r"[$&]\{[^}]*\}", pattern)
    found = re.fullmatch("(.+)".join(map(re.escape, literals)), logical_id)
    return dict(zip(re.findall(r"[$&]\{([^}]*)\}", pattern), found.groups(), strict=True)) if found else {}


def calls(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every Fn::FindInMap in a template's plain value, with its arguments."""
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, item in entries:
        if name == "Fn::FindInMap":
            yield (*path, name), item
        yield from calls(item, (*path, name))


def may_find(arguments: Any, entry: Path) -> bool:
    """Whether a lookup may find this entry of a mapping under some parameters or in some round of a loop."""
    keys = arguments[:3] if isinstance(arguments, list) else []
    return all(
        not isinstance(key, str | int) or re.search(r"[$&]\{", as_text(key)) or as_text(key) == wanted
        for key, wanted in zip(keys, entry[1:], strict=False)
    )
