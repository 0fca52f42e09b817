"""Who refers to what in a template: parameters, by `Ref` and `Fn::Sub`, and the conditions that hang on them."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tapctl.template.source import Path

_IN_TEXT = re.compile(r"\$\{([^!.}\s]+)\}")


Use = tuple[Path, tuple[str, str]]
"""A place, and what it names: `("parameter", NAME)` or `("condition", NAME)`."""


@dataclass(frozen=True, slots=True)
class References:
    """All uses of parameters and conditions in a template, found once."""

    uses: tuple[Use, ...]

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> "References":
        return cls(tuple(_uses(body)))

    def users(self, name: str) -> set[Path]:
        """Every place that uses a parameter, or a condition that hangs on it; a condition itself is no use."""
        uses = [path for path, used in self.uses if used == ("parameter", name)]
        found: set[Path] = set()
        seen: set[str] = set()
        while uses:
            path = uses.pop()
            if path[0] != "Conditions":
                found.add(path)
            elif str(path[1]) not in seen:
                seen.add(str(path[1]))
                uses += [other for other, used in self.uses if used == ("condition", str(path[1]))]
        return found

    def within(self, path: Path) -> list[str]:
        """The names that stand at a place, then those in the conditions that choose there, in order of appearance."""
        names: dict[str, None] = {}
        conditions = [""]
        for condition in conditions:
            here = ("Conditions", condition) if condition else path
            for place, (kind, name) in self.uses:
                if place[: len(here)] != here:
                    continue
                if kind == "parameter":
                    names[name] = None
                elif name not in conditions:
                    conditions.append(name)
        return [*names]


def _uses(value: Any, path: Path = ()) -> Iterator[Use]:
    """Each place that names a parameter or a condition."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _named(key, item, path)
            yield from _uses(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _uses(item, (*path, index))
    elif isinstance(value, str) and "${" in value:
        # Also in texts that are no Fn::Sub: rather one use too many than one too few.
        yield from ((path, ("parameter", name)) for name in _IN_TEXT.findall(value))


def _named(key: str, item: Any, path: Path) -> Iterator[tuple[Path, tuple[str, str]]]:
    match key, item:
        case "Ref", str(name):
            yield path, ("parameter", name)
        case "Condition", str(name):
            yield path, ("condition", name)
        case "Fn::If", [str(name), *_]:
            yield path, ("condition", name)
