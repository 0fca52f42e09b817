"""Where a template refers to its parameters, by `Ref` and `Fn::Sub`, and to the conditions that depend on them."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tapctl.template.source import Path

_PLACEHOLDER = re.compile(r"\$\{([^!.}\s]+)\}")


Use = tuple[Path, tuple[str, str]]
"""A place, and its reference: `("parameter", NAME)` or `("condition", NAME)`."""


@dataclass(frozen=True, slots=True)
class References:
    """All uses of parameters and conditions in a template, collected once."""

    uses: tuple[Use, ...]

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> "References":
        """The references of a template's body."""
        return cls(tuple(_uses(body)))

    def users(self, name: str) -> set[Path]:
        """Every place that uses a parameter, or a condition that depends on it; the conditions are not among them."""
        waiting = [path for path, use in self.uses if use == ("parameter", name)]
        users: set[Path] = set()
        conditions: set[str] = set()
        while waiting:
            path = waiting.pop()
            if path[0] != "Conditions":
                users.add(path)
            elif (condition := str(path[1])) not in conditions:
                conditions.add(condition)
                waiting += [other for other, use in self.uses if use == ("condition", condition)]
        return users

    def within(self, path: Path) -> list[str]:
        """The parameters that a place uses, then those of the conditions that it uses, in order of appearance."""
        names: dict[str, None] = {}
        conditions = [""]
        for condition in conditions:
            holder = ("Conditions", condition) if condition else path
            for place, (kind, name) in self.uses:
                if place[: len(holder)] != holder:
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
            yield from _reference(key, item, path)
            yield from _uses(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _uses(item, (*path, index))
    elif isinstance(value, str) and "${" in value:
        # Any text counts, also outside of Fn::Sub: one use too many does less harm than one too few.
        yield from ((path, ("parameter", name)) for name in _PLACEHOLDER.findall(value))


def _reference(key: str, item: Any, path: Path) -> Iterator[Use]:
    match key, item:
        case "Ref", str(name):
            yield path, ("parameter", name)
        case "Condition", str(name):
            yield path, ("condition", name)
        case "Fn::If", [str(name), *_]:
            yield path, ("condition", name)
