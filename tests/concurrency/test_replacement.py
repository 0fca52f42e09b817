"""What an update replaces, from the old and the new template."""

from typing import Any

import pytest
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from tapctl.concurrency.replacement import ADDED_OR_REMOVED, CREATE_ONLY, Difference, replaced
from tests.support.templates import resolver

VERSION = """
Parameters: {{Note: {{Type: String, Default: a}}}}
Resources:
  Fn: {{Type: AWS::Lambda::Function, Properties: {{MemorySize: {memory}}}}}
  V:
    Type: AWS::Lambda::Version
    Properties:
      FunctionName: !Ref Fn
      Description: {description}
"""


def text(description: str = "!Ref Note", memory: object = 128) -> str:
    return VERSION.format(description=description, memory=memory)


@pytest.mark.parametrize(
    ("new", "expected"),
    [
        pytest.param(text(), {}, id="the-same"),
        pytest.param(text(memory=256), {}, id="changed-in-place"),
        pytest.param(text("a"), {}, id="the-same-written-in-another-way"),
        pytest.param(text("b"), {"V": Difference.SURELY}, id="another-description"),
        pytest.param(text("!ImportValue x"), {"V": Difference.MAYBE}, id="maybe-another"),
        pytest.param(text().replace("AWS::Lambda::Version", "AWS::SNS::Topic"), {}, id="no-version-any-more"),
    ],
)
def test_a_changed_create_only_property_replaces_the_resource(new: str, expected: dict[str, Difference]) -> None:
    assert replaced(resolver(text()), resolver(new)) == expected


HASHED = "  Hash: {{Type: Custom::Hash, Properties: {{ServiceToken: x, Of: {}}}}}"


@pytest.mark.parametrize(
    ("description", "of", "expected"),
    [
        pytest.param("!GetAtt Hash.Value", 1, {}, id="of-what-stays"),
        pytest.param("!GetAtt Hash.Value", 2, {"V": Difference.MAYBE}, id="of-what-changes"),
        pytest.param("!Sub 'it is ${Hash.Value}'", 2, {"V": Difference.MAYBE}, id="within-a-text"),
        pytest.param("!GetAtt Fn.Arn", 2, {}, id="of-a-function"),
    ],
)
def test_an_attribute_may_be_another_where_its_resource_changes(
    description: str, of: int, expected: dict[str, Difference]
) -> None:
    before, after = (resolver(text(description, memory=size) + HASHED.format(size)) for size in (1, of))
    assert replaced(before, after) == expected


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        pytest.param("fn", "!Ref AWS::NoValue", {"Fn"}, id="taken-away"),
        pytest.param("fn", "other", set(), id="given-and-compared-with-the-live-one"),
        pytest.param("!Ref AWS::NoValue", "!Ref AWS::NoValue", set(), id="never-given"),
    ],
)
def test_a_function_that_loses_its_name_is_replaced(old: str, new: str, expected: set[str]) -> None:
    named = "Resources: {{Fn: {{Type: AWS::Lambda::Function, Properties: {{FunctionName: {}}}}}}}"
    assert set(replaced(resolver(named.format(old)), resolver(named.format(new)))) == expected


DURABLE = """
Parameters: {{P: {{Type: String}}}}
Conditions: {{Always: !Equals [a, a], Never: !Equals [a, b], Open: !Equals [!Ref P, a]}}
Resources: {{Fn: {{Type: AWS::Lambda::Function, Properties: {{DurableConfig: {}}}}}}}
"""
SET, CHANGED, NONE = "{ExecutionTimeout: 60}", "{ExecutionTimeout: 90}", "!Ref AWS::NoValue"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        pytest.param(NONE, SET, {"Fn": Difference.SURELY}, id="added"),
        pytest.param(SET, NONE, {"Fn": Difference.SURELY}, id="removed"),
        pytest.param(SET, CHANGED, {}, id="changed-inside"),
        pytest.param(SET, "{ExecutionTimeout: !Ref P}", {}, id="maybe-changed-inside"),
        pytest.param(SET, f"!If [Never, {NONE}, {CHANGED}]", {}, id="kept-by-a-condition"),
        pytest.param(NONE, f"!If [Always, {SET}, {NONE}]", {"Fn": Difference.SURELY}, id="added-by-a-condition"),
        pytest.param(NONE, f"!If [Open, {SET}, {NONE}]", {"Fn": Difference.MAYBE}, id="maybe-added"),
        pytest.param(NONE, NONE, {}, id="never-there"),
    ],
)
def test_durable_execution_is_set_at_creation_alone(old: str, new: str, expected: dict[str, Difference]) -> None:
    assert replaced(resolver(DURABLE.format(old)), resolver(DURABLE.format(new))) == expected


def test_numbers_are_compared_as_text() -> None:
    assert not replaced(resolver(text("5")), resolver(text("'5'")))


@pytest.mark.parametrize("kind", CREATE_ONLY)
def test_the_table_is_that_of_the_resource_schemas(kind: str) -> None:
    schema: Any = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", kind).schema
    named = {path.removeprefix("/properties/") for path in schema["createOnlyProperties"]}
    # A function's name is compared with the physical id.
    conditional = {path.removeprefix("/properties/") for path in schema.get("conditionalCreateOnlyProperties", ())}
    assert {*ADDED_OR_REMOVED.get(kind, ())} == conditional
    assert {*CREATE_ONLY[kind]} == named - ({"FunctionName"} if kind == "AWS::Lambda::Function" else set())
