"""What must not be shown of a property's value: NoEcho parameters, and what else holds a secret."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tapctl.template.model import Template
from tapctl.template.parameters import is_secret

HIDDEN = "(hidden)"

_RESOLVED = re.compile(r"\{\{resolve:(secretsmanager|ssm-secure):[^}]*\}\}")
"""Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html"""

_TELLING = re.compile(r"(password|passphrase|secret|token|api_?key|private_?key)s?(_?string|_?value)?$", re.IGNORECASE)
"""A property, or a variable of a function's environment, whose very name says that it holds a secret."""

_SHORTEST = 4
"""A secret of fewer characters is hidden by its place only: it stands in many words by chance."""


@dataclass(frozen=True, slots=True)
class Secrets:
    """The values of NoEcho parameters as far as they are given, the parameters' names, and the places that take them.

    A place is `LogicalId/Property/…`.
    """

    values: tuple[str, ...] = ()
    parameters: frozenset[str] = frozenset()
    places: frozenset[str] = frozenset()

    def hides(self, logical_id: str, path: str, causing: str = "") -> bool:
        """Whether nothing at all of this property may be shown."""
        here = f"{logical_id}/{path}/"
        within = (f"{place}/".startswith(here) or here.startswith(f"{place}/") for place in self.places)
        return causing in self.parameters or _TELLING.search(path) is not None or any(within)

    def shown(self, value: str | None, *, hidden: bool = False) -> str | None:
        """The value without what is secret in it."""
        if value is None or hidden:
            return None if value is None else HIDDEN
        return self.without(value)

    def without(self, text: str) -> str:
        """The text without what is secret in it."""
        for secret in self.values:
            text = text.replace(secret, HIDDEN)
        return _RESOLVED.sub(HIDDEN, text)


def given_secrets(template: Template, given: Mapping[str, str]) -> dict[str, str]:
    """The NoEcho parameters among those that are given."""
    return {name: value for name, value in given.items() if is_secret(template.parameters.get(name, {}))}


def secrets_of(template: Template, given: Mapping[str, str]) -> Secrets:
    """What the template declares NoEcho, with what was given for it."""
    names = frozenset(name for name, entry in template.parameters.items() if is_secret(entry))
    known = {value for value in given_secrets(template, given).values() if len(value) >= _SHORTEST}
    # A value inside of JSON stands there escaped; the longer of two is replaced first, lest a part of it stays.
    values = known | {json.dumps(value)[1:-1] for value in known}
    places = frozenset(
        f"{resource.logical_id}/{place}"
        for resource in template.resources()
        for place in _taking(resource.properties, names)
    )
    return Secrets(tuple(sorted(values, key=len, reverse=True)), names, places)


def _taking(value: Any, names: frozenset[str], path: str = "") -> Iterator[str]:
    """The places below a value that take one of the parameters."""
    match value:
        case {"Ref": str(name)} if len(value) == 1:
            yield from [path] if name in names else []
        case {"Fn::Sub": str(text) | [str(text), *_]}:
            yield from [path] if any(f"${{{name}}}" in text for name in names) else []
        case dict():
            for key, item in value.items():
                yield from _taking(item, names, path if key.startswith("Fn::") else f"{path}/{key}".lstrip("/"))
        case list():
            for item in value:
                yield from _taking(item, names, path)
