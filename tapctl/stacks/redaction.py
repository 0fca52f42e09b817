"""Secrets that must not be shown: the values of NoEcho parameters, and properties that hold a secret."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tapctl.state.redaction import REDACTED
from tapctl.template.model import Template
from tapctl.template.parameters import is_secret

_RESOLVED = re.compile(r"\{\{resolve:(secretsmanager|ssm-secure):[^}]*\}\}")
"""Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html"""

_SECRET_NAME = re.compile(
    r"(password|passphrase|secret|token|api_?key|private_?key)s?(_?string|_?value)?$", re.IGNORECASE
)
"""The end of a property's or environment variable's name that marks its value as secret."""

_SHORTEST = 4
"""Characters; a shorter secret is only hidden in the properties that take it, since it occurs in many words."""


@dataclass(frozen=True, slots=True)
class Secrets:
    """The given values of NoEcho parameters, the names of the parameters, and the properties that take them.

    A place is a property as `LogicalId/Property/…`.
    """

    values: tuple[str, ...] = ()
    parameters: frozenset[str] = frozenset()
    places: frozenset[str] = frozenset()

    def hides(self, logical_id: str, path: str, causing: str = "") -> bool:
        """Whether the whole property is secret; `causing` is the entity that a change set names as the cause."""
        here = f"{logical_id}/{path}/"
        within = (f"{place}/".startswith(here) or here.startswith(f"{place}/") for place in self.places)
        return causing in self.parameters or _SECRET_NAME.search(path) is not None or any(within)

    def shown(self, value: str | None, *, hidden: bool = False) -> str | None:
        """A property's value without the secrets in it."""
        if value is None or hidden:
            return None if value is None else REDACTED
        return self.redact(value)

    def redact(self, text: str) -> str:
        """The text without the secrets in it."""
        for secret in self.values:
            text = text.replace(secret, REDACTED)
        return _RESOLVED.sub(REDACTED, text)


def given_secrets(template: Template, given: Mapping[str, str]) -> dict[str, str]:
    """The NoEcho parameters among the given ones."""
    return {name: value for name, value in given.items() if is_secret(template.parameters.get(name, {}))}


def secrets_of(template: Template, given: Mapping[str, str], hidden: frozenset[str] = frozenset()) -> Secrets:
    """The secrets of a template with these parameter values; `hidden` parameters need no NoEcho."""
    names = hidden.union(name for name, entry in template.parameters.items() if is_secret(entry))
    known = {value for name, value in given.items() if name in names and len(value) >= _SHORTEST}
    # Inside JSON a value is escaped. The longest is replaced first, so that no part of it is left over.
    values = known | {json.dumps(value)[1:-1] for value in known}
    places = frozenset(
        f"{resource.logical_id}/{place}"
        for resource in template.resources()
        for place in _places(resource.properties, names)
    )
    return Secrets(tuple(sorted(values, key=len, reverse=True)), names, places)


def _places(value: Any, names: frozenset[str], path: str = "") -> Iterator[str]:
    """The properties below a value that take one of the parameters."""
    match value:
        case {"Ref": str(name)} if len(value) == 1:
            yield from [path] if name in names else []
        case {"Fn::Sub": str(text) | [str(text), *_]}:
            yield from [path] if any(f"${{{name}}}" in text for name in names) else []
        case dict():
            for key, item in value.items():
                yield from _places(item, names, path if key.startswith("Fn::") else f"{path}/{key}".lstrip("/"))
        case list():
            for item in value:
                yield from _places(item, names, path)
