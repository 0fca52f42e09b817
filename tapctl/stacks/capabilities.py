"""The capabilities that a template needs: for resources that grant permissions, and for macros.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateChangeSet.html
"""

from collections.abc import Iterator
from typing import Any

from tapctl.resource_types import SERVERLESS_APPLICATION, STACK
from tapctl.template.model import FN_TRANSFORM, SERVERLESS, Template

IAM = "CAPABILITY_NAMED_IAM"
"""Includes CAPABILITY_IAM, and allows IAM resources with names."""

EXPAND = "CAPABILITY_AUTO_EXPAND"

_OPAQUE = (STACK, SERVERLESS_APPLICATION)
"""Types whose template is not analysed and may contain anything."""


def capabilities(template: Template) -> list[str]:
    """The capabilities that CloudFormation requires, or may require where a part of the template is not visible."""
    resources = template.body.get("Resources")
    types = set(_types(resources))
    nested = holds_nested(template)
    module = any(name.endswith("::MODULE") for name in types)
    macros = bool(template.transforms) or _has_macro(resources)
    grants = any(name.startswith("AWS::IAM::") for name in types)
    needed = {IAM: nested or module or grants or SERVERLESS in template.transforms, EXPAND: nested or module or macros}
    return [name for name, is_needed in needed.items() if is_needed]


def holds_nested(template: Template) -> bool:
    """Whether the template has nested stacks."""
    return any(name in _OPAQUE for name in _types(template.body.get("Resources")))


def _types(value: Any) -> Iterator[str]:
    """Every resource type, those in loops included."""
    if isinstance(value, dict):
        if isinstance(value.get("Type"), str):
            yield value["Type"]
        for item in value.values():
            yield from _types(item)
    elif isinstance(value, list):
        for item in value:
            yield from _types(item)


def _has_macro(value: Any) -> bool:
    """Whether the value contains a macro."""
    match value:
        case dict():
            return FN_TRANSFORM in value or any(map(_has_macro, value.values()))
        case list():
            return any(map(_has_macro, value))
        case _:
            return False
