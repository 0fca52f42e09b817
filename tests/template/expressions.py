"""Expressions of one template in the form of plain data, and the template that evaluates them."""

from typing import Any

import pytest

from tapctl.errors import TemplateError
from tapctl.template.values import MaybeNoValue
from tapctl.unknown import Unknown
from tests.support.templates import resolver

SECTIONS = """
Parameters:
  Given: {Type: String}
  Count: {Type: Number, Default: 7}
  Teams: {Type: CommaDelimitedList, Default: 'red, blue,green'}
  None: {Type: CommaDelimitedList, Default: ''}
  Open: {Type: String}
  OpenList: {Type: CommaDelimitedList}
Mappings:
  Plans:
    small: {size: 1, shape: round, list: [a, b]}
    large: {size: '9', shape: round}
    "7": {size: 70}
Conditions:
  Yes: !Equals [a, a]
  No: !Equals [a, b]
  Maybe: !Equals [!Ref Open, a]
Resources:
  Topic: {Type: AWS::SNS::Topic}
"""
PSEUDO = {"AWS::Region": "eu-west-1", "AWS::AccountId": "123456789012"}


def value(expression: Any, lookups: dict[str, str | Unknown] | None = None) -> Any:
    return resolver(SECTIONS, {"Given": "given"}, PSEUDO, lookups).value(expression)


def error(expression: Any) -> TemplateError:
    with pytest.raises(TemplateError) as caught:
        value(expression)
    assert caught.value.line == 1
    return caught.value


def ref(name: str) -> dict[str, str]:
    return {"Ref": name}


def call(name: str, *arguments: Any) -> dict[str, list[Any]]:
    return {f"Fn::{name}": list(arguments)}


NO_VALUE_REF = ref("AWS::NoValue")
OPTIONAL = call("If", "Maybe", 1, NO_VALUE_REF)
OPEN = value(ref("Open"))
OPEN_LIST = value(ref("OpenList"))
TOPIC = value(ref("Topic"))
MAYBE = MaybeNoValue(OPEN.reason, OPEN.resolution)
