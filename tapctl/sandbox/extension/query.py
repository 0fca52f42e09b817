"""Requests and answers of the query protocol as nested values."""

from collections.abc import Callable, Mapping
from typing import Any
from xml.sax.saxutils import escape

from tapctl.sandbox.extension import patches
from tapctl.sandbox.extension.patches import Record, Response


class ApiError(Exception):
    """An error of the API, with its code and HTTP status."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status


def invalid(message: str) -> ApiError:
    return ApiError("ValidationError", message)


def serve(action: str, handle: Callable[[Record], Mapping[str, Any]]) -> None:
    """Let the emulator's CloudFormation answer an action with the result of `handle`."""

    def answer(params: Record) -> Response:
        try:
            result = handle(parsed(params))
        except ApiError as refused:
            refusal: Response = patches.XML_ERROR.get()(refused.code, refused.message, refused.status)
            return refusal
        inner = f"<{action}Result>{_xml(result)}</{action}Result>"
        answered: Response = patches.XML_RESPONSE.get()(200, f"{action}Response", inner)
        return answered

    patches.ACTIONS.get()[action] = answer


def parsed(params: Mapping[str, Any]) -> Record:
    """The request: `Tags.member.1.Key=a` is `{"Tags": [{"Key": "a"}]}`; an empty list arrives as the text ``."""
    nested: Record = {}
    for name, values in params.items():
        *path, last = name.split(".")
        inside = nested
        for part in path:
            inside = inside.setdefault(part, {})
        inside[last] = values[0] if isinstance(values, list) else values
    return {name: _lists(value) for name, value in nested.items()}


def _lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if set(value) == {"member"}:
        return [_lists(value["member"][number]) for number in sorted(value["member"], key=int)]
    return {name: _lists(part) for name, part in value.items()}


def _xml(value: Any) -> str:
    match value:
        case Mapping():
            return "".join(f"<{name}>{_xml(part)}</{name}>" for name, part in value.items() if part is not None)
        case list() | tuple():
            return "".join(f"<member>{_xml(part)}</member>" for part in value)
        case bool():
            return str(value).lower()
        case _:
            return escape(str(value))
