"""What a template needs to be acknowledged: resources that grant permissions, and macros to be expanded.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateChangeSet.html
"""

from collections.abc import Iterator
from typing import Any

from tapctl.resource_types import SERVERLESS_APPLICATION, STACK
from tapctl.template.model import INCLUDED, SERVERLESS, Template

IAM = "CAPABILITY_NAMED_IAM"
"""Includes CAPABILITY_IAM, and lets IAM resources have names of the template's choice."""

EXPAND = "CAPABILITY_AUTO_EXPAND"

_OPAQUE = (STACK, SERVERLESS_APPLICATION)
"""Types behind which there is another template, which may hold anything."""


def capabilities(template: Template) -> list[str]:
    """The capabilities that CloudFormation asks for, or may ask for where not everything is to be seen."""
    resources = template.body.get("Resources")
    types = set(_types(resources))
    nested = holds_nested(template)
    module = any(each.endswith("::MODULE") for each in types)
    macros = bool(template.transforms) or _has_macro(resources)
    grants = any(each.startswith("AWS::IAM::") for each in types)
    needed = {IAM: nested or module or grants or SERVERLESS in template.transforms, EXPAND: nested or module or macros}
    return [name for name, is_needed in needed.items() if is_needed]


def holds_nested(template: Template) -> bool:
    """Whether there are stacks below this one, as far as its text shows."""
    return any(each in _OPAQUE for each in _types(template.body.get("Resources")))


def _types(value: Any) -> Iterator[str]:
    """Every resource type, those within loops too."""
    if isinstance(value, dict):
        if isinstance(value.get("Type"), str):
            yield value["Type"]
        for item in value.values():
            yield from _types(item)
    elif isinstance(value, list):
        for item in value:
            yield from _types(item)


def _has_macro(value: Any) -> bool:
    """Whether a macro is to be expanded somewhere within."""
    match value:
        case dict():
            return INCLUDED in value or any(map(_has_macro, value.values()))
        case list():
            return any(map(_has_macro, value))
        case _:
            return False
