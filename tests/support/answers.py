"""Answers of the query protocol, element by element against botocore's model of the operation."""

import re
from datetime import datetime
from typing import Any
from xml.etree import ElementTree

OF_ANY_OPERATION = {"ValidationError", "InsufficientCapabilitiesException"}
"""The errors that an operation need not declare."""


def follows_the_model(http_response: Any, parsed: Any, model: Any, **_: Any) -> None:
    """Fail unless an answer about stack sets has the form that its model declares; a handler of `after-call`."""
    if "StackSet" not in model.name and "StackInstance" not in model.name:
        return
    if http_response.status_code >= 300:
        declared = {shape.error_code: shape.metadata["error"]["httpStatusCode"] for shape in model.error_shapes}
        code = parsed["Error"]["Code"]
        assert code in OF_ANY_OPERATION or declared.get(code) == http_response.status_code, parsed
        return
    root = ElementTree.fromstring(http_response.content)
    if model.output_shape is None:
        return
    (result,) = [element for element in root if _name(element) == model.output_shape.serialization["resultWrapper"]]
    _check(model.output_shape, result, model.name)


def _check(shape: Any, element: ElementTree.Element, path: str) -> None:
    text = element.text or ""
    match shape.type_name:
        case "structure":
            names = [_name(child) for child in element]
            assert set(names) <= set(shape.members), (path, names)
            assert len(names) == len(set(names)), (path, names)
            for child in element:
                _check(shape.members[_name(child)], child, f"{path}.{_name(child)}")
        case "list":
            for child in element:
                assert _name(child) == "member", path
                _check(shape.member, child, f"{path}[]")
        case "string":
            assert not shape.enum or text in shape.enum, (path, text)
            assert re.fullmatch(shape.metadata.get("pattern", "(?s).*"), text), (path, text)
            assert len(text) >= shape.metadata.get("min", 0), (path, text)
            assert len(text) <= shape.metadata.get("max", len(text)), (path, text)
        case "boolean":
            assert text in ("true", "false"), (path, text)
        case "integer":
            assert int(text) >= shape.metadata.get("min", 0), (path, text)
        case "timestamp":
            datetime.fromisoformat(text)
        case other:
            raise AssertionError(f"{path}: {other}")


def _name(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]
