"""Detects answers that are not AWS's, such as the login page of a proxy.

botocore takes a page or an empty body in place of JSON for an answer without values, which is not what AWS means by a
missing value: `check_answer` refuses both before they are parsed.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Mapping
from typing import Any

WORDS = 80
"""How many characters of a foreign answer a message shows."""

_ROOT = re.compile(rb"\s*(?:<\?xml.*?\?>\s*|<!--.*?-->\s*)*<(?:!doctype\s+)?([\w:.-]+)", re.IGNORECASE | re.DOTALL)
_JSON = ("json", "rest-json")
_received = threading.local()


class ForeignAnswer(Exception):
    """The answer cannot come from AWS; `received_words` has its first words."""


def forget_answer() -> None:
    """Forget what this thread received, at the start of a call."""
    _received.words = None


def received_words() -> str | None:
    """The first words of the last answer that this thread received; None where none came since `forget_answer`."""
    words: str | None = getattr(_received, "words", None)
    return words


def first_words(body: bytes | str, status: int | None = None) -> str:
    """The beginning of a text in one line, its control characters escaped."""
    text = body[: 8 * WORDS].decode("utf-8", "replace") if isinstance(body, bytes) else body[: 8 * WORDS]
    words = printable(" ".join(text.split()))
    shown = f"{words[:WORDS]}…" if len(words) > WORDS else words
    return shown or f"an empty body{f' with HTTP status {status}' if status else ''}"


def printable(text: str) -> str:
    """The text with what a terminal would interpret, or not show, in escapes of Python."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode() for character in text
    )


def check_answer(operation_model: Any, response_dict: Mapping[str, Any], **_: Any) -> None:
    """Raise `ForeignAnswer` for a body that the operation of AWS cannot answer; a handler of `before-parse`.

    botocore itself retries an error of the server, whatever its body is.
    """
    body, status = response_dict["body"], response_dict["status_code"]
    if not isinstance(body, bytes):  # a stream
        return
    _received.words = first_words(body, status)
    protocol, shape = operation_model.service_model.resolved_protocol, operation_model.output_shape
    is_refusal = "x-amzn-errortype" in response_dict["headers"]
    if status >= 500 or is_refusal or _is_blob(shape):
        return
    succeeded = status == 200
    if protocol in _JSON:
        foreign = not _is_json_answer(body, _body_members(shape) if succeeded else None)
    else:
        wrapper = shape.serialization.get("resultWrapper") if shape is not None and succeeded else None
        foreign = _is_page(body) or (wrapper is not None and f"<{wrapper}".encode() not in body)
    if foreign:
        raise ForeignAnswer


def _is_page(body: bytes) -> bool:
    root = _ROOT.match(body)
    return root is not None and root[1].lower() == b"html"


def _is_json_answer(body: bytes, members: frozenset[str] | None) -> bool:
    """Whether it is an object with at least one of the members, if it has any; an error may have an empty body."""
    if not body:
        return not members
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return False
    return isinstance(answer, dict) and (not answer or not members or not members.isdisjoint(answer))


def _is_blob(shape: Any) -> bool:
    """Whether the body is one value of any format."""
    payload = shape.serialization.get("payload") if shape is not None else None
    return payload is not None and shape.members[payload].type_name != "structure"


def _body_members(shape: Any) -> frozenset[str]:
    """The names that the members of an answer have in its body; empty where the body may be anything."""
    if shape is None or "payload" in shape.serialization:
        return frozenset()
    return frozenset(
        member.serialization.get("name", name)
        for name, member in shape.members.items()
        if "location" not in member.serialization
    )
