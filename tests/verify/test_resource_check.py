"""The table of looks against AWS's own service models and CloudFormation's own schemas."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore import xform_name
from botocore.model import ListShape, MapShape, OperationModel, StructureShape

from tapctl.verify.resource_check import PropertyCheck, ResourceCheck, StateCheck
from tapctl.verify.services import CHECKS_BY_TYPE

ROOT = Path(__file__).parents[2]
CASES = [
    pytest.param(kind, look, id=f"{kind.removeprefix('AWS::')} by {look.operation}")
    for kind, looks in CHECKS_BY_TYPE.items()
    for look in looks
]
MODELS = botocore.session.get_session()


def operation(look: ResourceCheck) -> OperationModel:
    return MODELS.get_service_model(look.service).operation_model(look.operation)


@pytest.mark.parametrize(("kind", "look"), CASES)
def test_every_row_points_into_the_answer(kind: str, look: ResourceCheck) -> None:
    shape: Any = operation(look).output_shape
    if look.entry:
        name, key = look.entry
        shape = shape.members[name].member
        assert key in shape.members
    for row in look.rows:
        assert leads_somewhere(shape, row.found), f"{row.what}: {row.found}"


def leads_somewhere(shape: Any, path: str) -> bool:
    for part in path.split("."):
        if isinstance(shape, MapShape | ListShape) or shape.type_name == "string":
            return True  # beyond this the model says nothing
        if not isinstance(shape, StructureShape) or part not in shape.members:
            return False
        shape = shape.members[part]
    return True


def test_a_row_that_leads_nowhere_is_seen() -> None:
    look = CHECKS_BY_TYPE["AWS::DynamoDB::Table"][0]

    assert not leads_somewhere(operation(look).output_shape, "Table.TableStatuses")


@pytest.mark.parametrize(("kind", "look"), CASES)
def test_every_row_names_a_property_of_the_type(kind: str, look: ResourceCheck) -> None:
    schema = schema_of(kind)
    inside = resolved(schema, schema["properties"][look.each])["items"] if look.each else {}
    own = resolved(schema, inside).get("properties", {}) | schema["properties"]
    named = [row.name for row in look.rows if isinstance(row, PropertyCheck)] + [
        each for each in (look.needs, look.each) if each
    ]

    for name in named:
        assert name.partition(".")[0] in own, name
        if "." in name:
            first, rest = name.split(".", 1)
            assert rest in resolved(schema, own[first]).get("properties", {}), name


def schema_of(kind: str) -> dict[str, Any]:
    from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

    found: dict[str, Any] = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", kind).schema
    return found


def resolved(schema: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    while reference := part.get("$ref"):
        part = schema["definitions"][reference.rpartition("/")[2]]
    return part


def test_every_type_of_the_reference_stack_is_looked_at() -> None:
    template = json.loads((ROOT / "stack" / "TapStack.json").read_text())

    assert {each["Type"] for each in template["Resources"].values()} <= set(CHECKS_BY_TYPE)


@pytest.mark.parametrize(("kind", "look"), CASES)
def test_a_look_only_reads(kind: str, look: ResourceCheck) -> None:
    assert look.operation.startswith(("Describe", "Get", "List"))
    assert xform_name(look.operation)


@pytest.mark.parametrize("kind", CHECKS_BY_TYPE)
def test_the_first_look_is_one_that_finds_out_whether_it_is_there(kind: str) -> None:
    def always(look: ResourceCheck) -> Iterator[bool]:
        yield bool(look.each or look.needs)
        yield from (isinstance(row, StateCheck) for row in look.rows)
        yield from (
            row.name in required(kind) or row.default is not None for row in look.rows if isinstance(row, PropertyCheck)
        )

    assert any(always(CHECKS_BY_TYPE[kind][0]))


def required(kind: str) -> list[str]:
    return list(schema_of(kind).get("required", []))
