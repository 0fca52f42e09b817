"""`Fn::ForEach`, unrolled as CloudFormation does it: a loop becomes one entry for every item of its collection.

The results are those of cfn-lint, which tests compare, with two exceptions. Nothing is guessed: a loop over an unknown
collection is left out and recorded as opaque, and a lookup whose keys are unknown stays as it is written. And
`${Identifier}` is replaced in every text, as AWS documents it, where cfn-lint replaces it in some.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-foreach.html
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tapctl.errors import TemplateError
from tapctl.hints import advise
from tapctl.hints.judgement import JudgementAdvice
from tapctl.template.model import FOR_EACH, LOOP_SECTIONS, Path, Template
from tapctl.template.parameters import as_text
from tapctl.template.parse import MAX_NODES
from tapctl.template.resolver import Resolver
from tapctl.unknown import Unknown

MAX_RESOURCES = 500
"""Of one template: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html"""

Variables = Mapping[str, str]
"""The items of the loops around a value, by the identifiers of the loops."""


def unroll(template: Template, resolver: Resolver) -> Template:
    """The template with every loop unrolled.

    Raises `TemplateError` for an invalid loop, and for one that makes more resources than a template may have.
    """
    unroller = _Unroller(resolver)
    body = {
        key: unroller.unroll(value, (key,), {}) if key in LOOP_SECTIONS else value
        for key, value in template.body.items()
    }
    origins = {**template.origins, **unroller.origins}
    return _checked(replace(template, body=body, origins=origins, opaque={**template.opaque, **unroller.opaque}))


def _checked(template: Template) -> Template:
    """The template itself. Raises `TemplateError` for a generated entry that is not a map."""
    for section in ("Resources", "Outputs"):
        for name, entry in (template.body.get(section) or {}).items():
            if not isinstance(entry, dict) and not template.incomplete:
                raise template.error(
                    f"{section}.{name} is not a map", section, name, hint=advise(JudgementAdvice.CHECK_LOOP_BODY)
                )
    return template


@dataclass(slots=True)
class _Unroller:
    """Unrolls the sections of one template; it collects where each entry comes from, and the loops left out."""

    resolver: Resolver
    origins: dict[tuple[str, str], Path] = field(default_factory=dict)
    opaque: dict[Path, Unknown] = field(default_factory=dict)
    nodes: int = 0
    """The values that loops have made so far."""

    def unroll(self, value: Any, path: Path, variables: Variables) -> Any:
        """The value with its loops unrolled and its loop variables replaced; `path` is its place in the file."""
        if variables:
            self._count(path)
        if isinstance(value, list):
            return [self.unroll(item, (*path, index), variables) for index, item in enumerate(value)]
        if isinstance(value, str):
            return _replaced(value, variables)
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            ((name, argument),) = value.items()
            if function := _FUNCTIONS.get(name):
                return function(self, argument, (*path, name), variables)
        return self._map(value, path, variables)

    def _count(self, path: Path) -> None:
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise self.resolver.template.error(f"expands to more than {MAX_NODES:,} values through its loops", *path)

    def _map(self, value: Mapping[str, Any], path: Path, variables: Variables) -> dict[str, Any]:
        unrolled: dict[str, Any] = {}
        for key, item in value.items():
            if key.startswith(FOR_EACH):
                entries = self._loop(key, item, (*path, key), variables)
            elif item is None:
                continue
            else:
                name = _substitute(key, variables)
                entries = {name: self.unroll(item, (*path, key), variables)}
                if name != key and _is_section(path):
                    self.origins[str(path[0]), name] = (*path, key)
            for name, entry in entries.items():
                if name in unrolled:
                    raise self.resolver.template.error(f"{name} is defined twice after its loops", *path, key)
                unrolled[name] = entry
        return unrolled

    def _loop(self, key: str, loop: Any, path: Path, variables: Variables) -> dict[str, Any]:
        """The entries of a loop; none, and an opaque place, where its collection is unknown."""
        match loop:
            case [str() | list() as identifiers, collection, dict(body)]:
                items = self._collection(self.unroll(collection, (*path, 1), variables), (*path, 1))
            case _:
                message = f"{key}: the arguments must be an identifier, a collection and a map"
                raise self.resolver.template.error(message, *path)
        if isinstance(items, Unknown):
            self.opaque[path] = items
            return {}
        entries: dict[str, Any] = {}
        for item in items:
            self._count(path)
            inner = {**variables, **self._bound(identifiers, item, (*path, 1))}
            for name, entry in self._map(body, (*path, 2), inner).items():
                if name in entries:
                    raise self.resolver.template.error(f"{key}: makes {name} twice", *path)
                entries[name] = entry
            if len(entries) > MAX_RESOURCES and _is_section(path[:-1]) and path[0] == "Resources":
                message = f"{key}: makes more than {MAX_RESOURCES} resources, which CloudFormation refuses"
                raise self.resolver.template.error(message, *path, hint=advise(JudgementAdvice.SPLIT_INTO_NESTED))
        return entries

    def _collection(self, collection: Any, path: Path) -> list[Any] | Unknown:
        items = self.resolver.value(collection, path)
        if isinstance(items, Unknown):
            return items
        if not isinstance(items, list):
            raise self.resolver.template.error("Fn::ForEach: the collection must be a list", *path)
        return next((item for item in items if isinstance(item, Unknown)), items)

    def _bound(self, identifiers: Any, item: Any, path: Path) -> dict[str, str]:
        """The variables of one turn: one item, or as many as there are identifiers."""
        if isinstance(identifiers, str):
            return {identifiers: as_text(item)}
        if not isinstance(item, list) or len(item) != len(identifiers):
            message = "Fn::ForEach: each item must be a list with a value for every identifier"
            raise self.resolver.template.error(message, *path)
        return {str(name): as_text(part) for name, part in zip(identifiers, item, strict=True)}

    def _ref(self, name: Any, path: Path, variables: Variables) -> Any:
        target = self.unroll(name, path, variables)
        return variables[target] if isinstance(target, str) and target in variables else {"Ref": target}

    def _sub(self, arguments: Any, path: Path, variables: Variables) -> Any:
        match arguments:
            case str(text):
                replaced, values = _substitute(text, variables), None
            case [str(text), dict(written)]:
                replaced, values = _substitute(text, variables), self.unroll(written, (*path, 1), variables)
            case _:
                return {"Fn::Sub": arguments}
        if not _PLACEHOLDER.search(replaced):
            return replaced
        return {"Fn::Sub": replaced if values is None else [replaced, values]}

    def _if(self, arguments: Any, path: Path, variables: Variables) -> Any:
        """The name of the condition may have loop variables in its text; CloudFormation evaluates no function there.

        https://github.com/aws-cloudformation/cfn-lint/pull/4418
        """
        match arguments:
            case [name, *branches]:
                unrolled = (
                    self.unroll(branch, (*path, index), variables) for index, branch in enumerate(branches, start=1)
                )
                return {"Fn::If": [_replaced(name, variables) if isinstance(name, str) else name, *unrolled]}
            case _:
                return {"Fn::If": arguments}

    def _find_in_map(self, arguments: Any, path: Path, variables: Variables) -> Any:
        """A lookup with a loop variable is done where all keys are known; others are left to the resolver."""
        keys = self.unroll(arguments, path, variables)
        lookup = {"Fn::FindInMap": keys}
        if keys == arguments:
            return lookup
        try:
            value = self.resolver.value(lookup, path)
        except TemplateError:
            return lookup
        return value if isinstance(value, str | int | float | list) else lookup


_FUNCTIONS = {
    "Ref": _Unroller._ref,  # noqa: SLF001 - the table of its own methods
    "Fn::Sub": _Unroller._sub,  # noqa: SLF001
    "Fn::If": _Unroller._if,  # noqa: SLF001
    "Fn::FindInMap": _Unroller._find_in_map,  # noqa: SLF001
}

_PLACEHOLDER = re.compile(r"[$&]\{")


def _replaced(text: str, variables: Variables) -> str:
    """The text with `${Identifier}` replaced by an item; `&{Identifier}` stays, as in CloudFormation.

    https://github.com/aws-cloudformation/cfn-language-discussion/issues/162
    """
    for name, item in variables.items() if "${" in text else ():
        text = text.replace(f"${{{name}}}", item)
    return text


def _substitute(text: str, variables: Variables) -> str:
    """The text with `${Identifier}` replaced by an item, and `&{Identifier}` by its letters and digits."""
    for name, item in variables.items():
        text = text.replace(f"${{{name}}}", item).replace(f"&{{{name}}}", re.sub("[^0-9a-zA-Z]+", "", item))
    return text


def _is_section(path: Path) -> bool:
    """Whether the entries at `path` are those of a section, also within loops."""
    return all(str(key).startswith(FOR_EACH) or key == 2 for key in path[1:])
