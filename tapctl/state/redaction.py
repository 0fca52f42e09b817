"""Hides the values of `{ env = "NAME" }` in all output.

Such a value is kept out of files on purpose, so no log may show it either. Code that reads one calls `hide`; code that
shows a text passes it through `redacted`. What a stack has of such a parameter was the variable's value once:
`hide_deployed` hides it as well.
"""

import json
import re
from collections.abc import Iterable, Mapping

REDACTED = "****"
"""Replaces a value, as in CloudFormation's own responses."""

_SHORTEST = 4
"""Characters; a shorter value occurs in many words. What names its parameter hides it there."""

_LITERAL = re.compile(r"true|false|null|-?[\d.]+", re.IGNORECASE)
"""Also a token of JSON, which has to stay one."""

_hidden: set[str] = set()
_parameters: set[str] = set()
_spelled: set[str] = set()


def hide(value: str) -> None:
    """Show this value nowhere from here on, unless it is revealed."""
    is_spelled = any(value in name for name in _spelled)
    if len(value) >= _SHORTEST and not is_spelled and not _LITERAL.fullmatch(value):
        # Inside JSON a value is escaped.
        _hidden.update((value, json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]))


def hide_parameters(names: Iterable[str]) -> None:
    """Hide the values that a stack has of these parameters."""
    _parameters.update(names)


def hide_deployed(parameters: Mapping[str, str]) -> None:
    """Hide the values of hidden parameters, as a stack has them."""
    for name in _parameters & parameters.keys():
        hide(parameters[name])


def reveal(names: Iterable[str] = ()) -> None:
    """Hide no value that is part of one of these names, which the configuration or an option spells."""
    names = list(names)
    _spelled.update(names)
    _hidden.difference_update([value for value in _hidden if any(value in name for name in names)])


def forget() -> None:
    """Hide nothing, as at the start of a command."""
    for values in (_hidden, _parameters, _spelled):
        values.clear()


def pattern() -> str:
    """A regular expression for the hidden values, the longest first; it matches nothing where there are none.

    A value that is a key of a JSON document stays one.
    """
    values = "|".join(re.escape(value) for value in sorted(_hidden, key=len, reverse=True))
    return rf'(?!(?<=")(?:{values})":)(?:{values})' if values else r"(?!)"


def redacted(text: str) -> str:
    """The text without the hidden values."""
    return re.sub(pattern(), REDACTED, text) if _hidden else text
