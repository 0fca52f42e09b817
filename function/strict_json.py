"""JSON read strictly: UTF-8 only, no key twice, no NaN or Infinity, and every number a Decimal."""

import json
from decimal import Decimal
from typing import NoReturn

from errors import MalformedError

_Pairs = list[tuple[str, object]]


class NotJsonError(Exception):
    """The text is no JSON object; a duplicate key is worse and is refused as malformed."""


def _unique(pairs: _Pairs) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise MalformedError("a JSON key appears twice")
    return found


def _reject(_constant: str) -> NoReturn:
    raise NotJsonError


_DECODER = json.JSONDecoder(parse_float=Decimal, parse_int=Decimal, parse_constant=_reject, object_pairs_hook=_unique)


def parse_object(body: bytes) -> dict[str, object]:
    """Return the JSON object in a body."""
    try:
        document: object = _DECODER.decode(body.decode("utf-8"))
    # ArithmeticError: an exponent beyond what Decimal holds. RecursionError: brackets nested without end.
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise NotJsonError from error
    if not isinstance(document, dict):
        raise NotJsonError
    return document


def member(document: object, *keys: str) -> object:
    """Walk down nested objects; a step that is missing or no object gives None."""
    for key in keys:
        if not isinstance(document, dict):
            return None
        document = document.get(key)
    return document


def text(document: object, *keys: str) -> str:
    """Walk down to a string; anything else gives the empty string."""
    found = member(document, *keys)
    return found if isinstance(found, str) else ""
