"""`Fn::ForEach`, unrolled by cfn-lint after every known value is filled in.

cfn-lint guesses unknown values: it invents names for a collection that depends on an unknown parameter, and takes some
entry for such a lookup in a mapping. So collections and lookups are resolved first, and unknown ones are hidden
from it: a loop over an unknown collection becomes one opaque entry, and an unknown lookup is put back afterwards.
"""

import copy
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from tapctl.template.model import FOR_EACH, Template
from tapctl.template.parameters import as_text
from tapctl.template.resolver import Resolver
from tapctl.template.source import Path
from tapctl.unknown import Unknown

SECTIONS = ("Conditions", "Resources", "Outputs")
"""The sections that may contain loops.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-foreach.html
"""


def has_loops(template: Template) -> bool:
    return any(key.startswith(FOR_EACH) for key in _keys(template.body))


def _keys(value: Any) -> Iterator[str]:
    """Every key anywhere in the template."""
    if isinstance(value, dict):
        yield from value
        for item in value.values():
            yield from _keys(item)
    elif isinstance(value, list):
        for item in value:
            yield from _keys(item)


def unroll(template: Template, resolver: Resolver) -> Template:
    """The template with every loop unrolled. Raises `TemplateError` for an invalid loop."""
    filler = _KnownValues(resolver)
    body = {
        key: filler.fill(value, (key,), frozenset()) if key in SECTIONS else value
        for key, value in template.body.items()
    }
    unrolled = filler.restore(_unroll_by_cfn_lint(template, body))
    origins = dict(template.origins)
    for section in SECTIONS:
        origins |= _origins(section, template.body.get(section) or {}, unrolled.get(section) or {})
    return _checked(Template(template.source, unrolled, origins, {**template.opaque, **filler.opaque}))


def _checked(template: Template) -> Template:
    """The template itself. Raises `TemplateError` for a generated entry that is not a map."""
    for section in ("Resources", "Outputs"):
        for name, entry in (template.body.get(section) or {}).items():
            if not isinstance(entry, dict):
                raise template.error(f"{section}.{name} is not a map", section, name, hint="check the body of the loop")
    return template


def _unroll_by_cfn_lint(template: Template, body: dict[str, Any]) -> dict[str, Any]:
    from cfnlint.template.transforms._language_extensions import language_extension

    matches, unrolled = language_extension(
        SimpleNamespace(template=body, filename=template.file, regions=["us-east-1"])
    )
    if matches:
        raise template.error(str(matches[0].message), "Resources")
    return dict(unrolled)


@dataclass(slots=True)
class _KnownValues:
    """Fills known values into the sections of a template, before cfn-lint unrolls their loops."""

    resolver: Resolver
    opaque: dict[str, Unknown] = field(default_factory=dict)
    """The loops over unknown collections, which are left out."""
    hidden: dict[str, Any] = field(default_factory=dict)
    """The lookups that cfn-lint must not see, by the name that replaces each."""

    def fill(self, value: Any, path: Path, variables: frozenset[str]) -> Any:
        """The value with literal collections in its loops, and with the lookups hidden that use no loop variable."""
        if isinstance(value, list):
            return [self.fill(item, (*path, index), variables) for index, item in enumerate(value)]
        if not isinstance(value, dict):
            return value
        if set(value) == {"Fn::FindInMap"}:
            return self._lookup(value, (*path, "Fn::FindInMap"), variables)
        filled: dict[str, Any] = {}
        for key, item in value.items():
            if not key.startswith(FOR_EACH):
                filled[key] = self.fill(item, (*path, key), variables)
            elif (loop := self._loop(key, item, (*path, key), variables)) is not None:
                filled[key] = loop
        return filled

    def _loop(self, key: str, loop: Any, path: Path, variables: frozenset[str]) -> list[Any] | None:
        """The loop over a literal list; None, and an opaque entry, where its collection is unknown."""
        match loop:
            case [str(variable), collection, dict(body)]:
                items = self._collection(collection, (*path, 1), variables)
            case _:
                message = f"{key}: the arguments must be an identifier, a collection and a map"
                raise self.resolver.template.error(message, *path)
        if isinstance(items, Unknown):
            self.opaque[key] = items
            return None
        inner = variables | {variable}
        return [variable, items, self.fill(body, (*path, 2), inner)]

    def _collection(self, collection: Any, path: Path, variables: frozenset[str]) -> Any:
        if _uses(collection, variables):
            return collection
        items = self.resolver.value(collection, path)
        if isinstance(items, Unknown):
            return items
        if not isinstance(items, list):
            raise self.resolver.template.error("Fn::ForEach: the collection must be a list", *path)
        return next((item for item in items if isinstance(item, Unknown)), None) or [as_text(item) for item in items]

    def _lookup(self, value: Any, path: Path, variables: frozenset[str]) -> Any:
        if not _uses(value, variables):
            return self._hide(value)
        keys = [self._known_reference(key, path) for key in value["Fn::FindInMap"]]
        is_known = not any(isinstance(key, Unknown) for key in keys)
        # An unknown key makes the whole lookup unknown, which the Ref to its parameter replaces with the same reason.
        return {"Fn::FindInMap": keys} if is_known else self._hide(_unknown_key(value, self.resolver))

    def _known_reference(self, key: Any, path: Path) -> Any:
        match key:
            case {"Ref": str(name)} if name in self.resolver.parameters:
                return self.resolver.value(key, path)
            case _:
                return key

    def _hide(self, value: Any) -> dict[str, str]:
        name = f"tapctl::hidden::{len(self.hidden)}"
        self.hidden[name] = value
        return {"Ref": name}

    def restore(self, value: Any) -> Any:
        """The value with the hidden lookups put back."""
        if isinstance(value, list):
            return [self.restore(item) for item in value]
        if not isinstance(value, dict):
            return value
        if set(value) == {"Ref"} and isinstance(value["Ref"], str) and value["Ref"] in self.hidden:
            return copy.deepcopy(self.hidden[value["Ref"]])
        return {key: self.restore(item) for key, item in value.items()}


def _unknown_key(value: Any, resolver: Resolver) -> Any:
    """The key of a lookup that is a Ref to an unknown parameter."""
    names = (key["Ref"] for key in value["Fn::FindInMap"] if isinstance(key, dict) and "Ref" in key)
    return next({"Ref": name} for name in names if isinstance(resolver.parameters.get(str(name)), Unknown))


def _uses(value: Any, variables: frozenset[str]) -> bool:
    """Whether a loop variable occurs in the value."""
    if isinstance(value, str):
        return any(re.search(rf"[$&]\{{{re.escape(name)}\}}", value) for name in variables)
    if isinstance(value, list):
        return any(_uses(item, variables) for item in value)
    if isinstance(value, dict):
        return str(value.get("Ref")) in variables or any(_uses(item, variables) for item in value.values())
    return False


def _origins(section: str, written: Mapping[str, Any], unrolled: Mapping[str, Any]) -> dict[tuple[str, str], Path]:
    """The place in the file of each entry that a loop generated."""
    patterns = list(_patterns(written, (section,)))
    origins = {}
    for name in unrolled:
        if name not in written:
            path = next((path for pattern, path in patterns if pattern.fullmatch(name)), None)
            if path:
                origins[section, name] = path
    return origins


def _patterns(entries: Mapping[str, Any], path: Path) -> Iterator[tuple[re.Pattern[str], Path]]:
    """A pattern of the names that each entry of a loop can generate, and the entry's place."""
    for key, value in entries.items():
        if key.startswith(FOR_EACH) and isinstance(value, list) and len(value) == 3 and isinstance(value[2], dict):
            yield from _patterns(value[2], (*path, key, 2))
        elif "{" in key:
            parts = re.split(r"[$&]\{[^}]*\}", key)
            yield re.compile(".*".join(map(re.escape, parts))), (*path, key)
