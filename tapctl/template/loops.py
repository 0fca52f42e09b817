"""`Fn::ForEach`, unrolled by cfn-lint, with everything that is known put in first.

cfn-lint guesses where it cannot know: a collection by an unknown parameter becomes made-up names, a map
lookup by one takes some entry. So collections and lookups are settled here before, and what stays open is
hidden from it: an open collection makes its loop one unknown resource, an open lookup is put back after.
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
"""Where a loop may make entries: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-foreach.html"""


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
    """The template with every loop written out. Raises `TemplateError` for a loop that cannot be one."""
    settled = _Settler(resolver)
    body = {
        key: settled.resolution(value, (key,), frozenset()) if key in SECTIONS else value
        for key, value in template.body.items()
    }
    unrolled = settled.restore(_unroll_by_cfn_lint(template, body))
    origins = dict(template.origins)
    for section in SECTIONS:
        origins |= _origins(section, template.body.get(section) or {}, unrolled.get(section) or {})
    return _checked(Template(template.source, unrolled, origins, {**template.opaque, **settled.opaque}))


def _checked(template: Template) -> Template:
    """Refuse what a loop made that is no entry of its section."""
    for section in ("Resources", "Outputs"):
        for name, entry in (template.body.get(section) or {}).items():
            if not isinstance(entry, dict):
                raise template.error(f"{section}.{name} is not a map", section, name, hint="see what the loop makes")
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
class _Settler:
    """Walks a section once, before cfn-lint does."""

    resolver: Resolver
    opaque: dict[str, Unknown] = field(default_factory=dict)
    hidden: dict[str, Any] = field(default_factory=dict)

    def resolution(self, value: Any, path: Path, variables: frozenset[str]) -> Any:
        """The value with loops over literals, and with lookups that need no loop variable hidden."""
        if isinstance(value, list):
            return [self.resolution(item, (*path, index), variables) for index, item in enumerate(value)]
        if not isinstance(value, dict):
            return value
        if set(value) == {"Fn::FindInMap"}:
            return self._lookup(value, (*path, "Fn::FindInMap"), variables)
        settled: dict[str, Any] = {}
        for key, item in value.items():
            if not key.startswith(FOR_EACH):
                settled[key] = self.resolution(item, (*path, key), variables)
            elif (loop := self._loop(key, item, (*path, key), variables)) is not None:
                settled[key] = loop
        return settled

    def _loop(self, key: str, loop: Any, path: Path, variables: frozenset[str]) -> list[Any] | None:
        """The loop over a literal list; None, and an opaque entry, where its collection is not known."""
        match loop:
            case [str(variable), collection, dict(body)]:
                items = self._collection(collection, (*path, 1), variables)
            case _:
                raise self.resolver.template.error(
                    f"{key} takes a variable, a collection and a body",
                    *path,
                    hint="see the documentation of Fn::ForEach",
                )
        if isinstance(items, Unknown):
            self.opaque[key] = items
            return None
        inner = variables | {variable}
        return [variable, items, self.resolution(body, (*path, 2), inner)]

    def _collection(self, collection: Any, path: Path, variables: frozenset[str]) -> Any:
        if _uses(collection, variables):
            return collection
        items = self.resolver.value(collection, path)
        if isinstance(items, Unknown):
            return items
        if not isinstance(items, list):
            raise self.resolver.template.error("the collection of a loop is no list", *path)
        return next((item for item in items if isinstance(item, Unknown)), None) or [as_text(item) for item in items]

    def _lookup(self, value: Any, path: Path, variables: frozenset[str]) -> Any:
        if not _uses(value, variables):
            return self._hide(value)
        arguments = [self._known_reference(each, path) for each in value["Fn::FindInMap"]]
        unknown = next((each for each in arguments if isinstance(each, Unknown)), None)
        # An open key makes the whole lookup unknown; the parameter's own Ref says so later.
        return {"Fn::FindInMap": arguments} if unknown is None else self._hide(_open_key(value, self.resolver))

    def _known_reference(self, argument: Any, path: Path) -> Any:
        match argument:
            case {"Ref": str(name)} if name in self.resolver.parameters:
                return self.resolver.value(argument, path)
            case _:
                return argument

    def _hide(self, value: Any) -> dict[str, str]:
        name = f"tapctl::hidden::{len(self.hidden)}"
        self.hidden[name] = value
        return {"Ref": name}

    def restore(self, value: Any) -> Any:
        """Put back what was hidden."""
        if isinstance(value, list):
            return [self.restore(item) for item in value]
        if not isinstance(value, dict):
            return value
        if set(value) == {"Ref"} and isinstance(value["Ref"], str) and value["Ref"] in self.hidden:
            return copy.deepcopy(self.hidden[value["Ref"]])
        return {key: self.restore(item) for key, item in value.items()}


def _open_key(value: Any, resolver: Resolver) -> Any:
    """The Ref, within a lookup, to the parameter that is not known."""
    names = (each["Ref"] for each in value["Fn::FindInMap"] if isinstance(each, dict) and "Ref" in each)
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
    """Where each entry that a loop made is written."""
    patterns = list(_patterns(written, (section,)))
    found = {}
    for name in unrolled:
        if name not in written:
            path = next((path for pattern, path in patterns if pattern.fullmatch(name)), None)
            if path:
                found[section, name] = path
    return found


def _patterns(entries: Mapping[str, Any], path: Path) -> Iterator[tuple[re.Pattern[str], Path]]:
    for key, value in entries.items():
        if key.startswith(FOR_EACH) and isinstance(value, list) and len(value) == 3 and isinstance(value[2], dict):
            yield from _patterns(value[2], (*path, key, 2))
        elif "{" in key:
            parts = re.split(r"[$&]\{[^}]*\}", key)
            yield re.compile(".*".join(map(re.escape, parts))), (*path, key)
