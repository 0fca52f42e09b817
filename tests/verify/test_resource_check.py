"""The tables of checks against botocore's service models and CloudFormation's schemas."""

import gzip
import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.model import ListShape, MapShape, OperationModel, StructureShape

from tapctl.verify.resource_check import NO_DEFAULT, ResourceCheck, is_not_found
from tapctl.verify.services import CHECKS_BY_TYPE
from tests.support.tables import check_each

ROOT = Path(__file__).parents[2]
Case = tuple[str, ResourceCheck]
CASES: dict[str, Case] = {
    f"{resource_type} {index} {check.operation}": (resource_type, check)
    for resource_type, checks in CHECKS_BY_TYPE.items()
    for index, check in enumerate(checks)
}
MODELS = botocore.session.get_session()


def operation_of(check: ResourceCheck) -> OperationModel:
    return MODELS.get_service_model(check.service).operation_model(check.operation)


def shape_at(shape: Any, path: str) -> Any:
    """The shape at a dotted path; "beyond" where the model does not describe it, None where it does not exist."""
    for name in path.split("."):
        if isinstance(shape, MapShape | ListShape) or shape.type_name == "string":
            return "beyond"
        if not isinstance(shape, StructureShape) or name not in shape.members:
            return None
        shape = shape.members[name]
    return shape


def its_fields_exist_in_the_response(case: Case) -> None:
    _, check = case
    shape: Any = operation_of(check).output_shape
    prefix = f"{check.result_path}." if check.result_path else ""
    if check.id_field:
        shape, prefix = shape_at(shape, check.result_path).member, ""
        assert check.id_field in shape.members
    fields = [compared.field or compared.path for compared in check.properties]
    for field in (*fields, *(state.field for state in check.states)):
        assert shape_at(shape, f"{prefix}{field}"), field


FORMS = "NotFound|NotExist|NonExist|Nonexist|NoSuch"


@cache
def bundled_codes() -> frozenset[str]:
    """The names and codes of all errors in botocore's models for what does not exist."""
    codes = set[str]()
    for model in (Path(botocore.__file__).parent / "data").glob("*/*/service-2.json.gz"):
        text = gzip.decompress(model.read_bytes()).decode()
        codes |= set(re.findall(rf'"((?:\w+\.)*\w*(?:{FORMS})\w*(?:Exception|Fault|Error))"', text))
        codes |= set(re.findall(rf'"code":"([^"]*(?:{FORMS})[^"]*)"', text))
    return frozenset(codes)


def test_every_not_found_error_of_the_bundled_models_is_one() -> None:
    codes = bundled_codes()

    assert len(codes) > 300
    assert sorted(code for code in codes if is_not_found(code) is ("kms" in code.lower())) == []


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("ProvisionedConcurrencyConfigNotFoundException", True),
        ("AWS.SimpleQueueService.NonExistentQueue", True),
        ("NoSuchEntity", True),
        ("NotFound", True),
        ("StateMachineDoesNotExist", True),
        ("DBInstanceNotFoundFault", True),
        ("EntityNotExistsException", True),
        ("InvalidVpcID.NotFound", True),
        ("NoSuchBucketPolicy", True),
        ("ServerSideEncryptionConfigurationNotFoundError", True),
        ("UnknownResourceException", True),
        ("WAFNonexistentItemException", True),
        ("GoneException", True),
        ("404", True),
        ("UnknownOperationException", False),
        ("KMSNotFoundException", False),
        ("AccessDeniedException", False),
        ("", False),
    ],
)
def test_a_code_is_not_found_by_its_form(code: str, expected: bool) -> None:
    assert is_not_found(code) is expected


def test_a_field_that_does_not_exist_is_detected() -> None:
    table = CHECKS_BY_TYPE["AWS::DynamoDB::Table"][0]

    assert shape_at(operation_of(table).output_shape, "Table.TableStatuses") is None


def its_properties_exist_in_the_schema(case: Case) -> None:
    resource_type, check = case
    schema = schema_of(resource_type)
    item = resolved(schema, schema["properties"][check.repeat_for])["items"] if check.repeat_for else {}
    properties = resolved(schema, item).get("properties", {}) | schema["properties"]
    names = [compared.path for compared in check.properties]

    for name in (*names, *filter(None, (check.only_with, check.repeat_for))):
        first, _, rest = name.partition(".")
        assert first in properties, name
        assert not rest or rest in resolved(schema, properties[first]).get("properties", {}), name


def schema_of(resource_type: str) -> dict[str, Any]:
    from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

    schema: dict[str, Any] = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", resource_type).schema
    return schema


def resolved(schema: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    while reference := part.get("$ref"):
        part = schema["definitions"][reference.rpartition("/")[2]]
    return part


def test_every_type_of_the_reference_stack_has_checks() -> None:
    template = json.loads((ROOT / "stack" / "TapStack.json").read_text())

    assert {resource["Type"] for resource in template["Resources"].values()} <= set(CHECKS_BY_TYPE)


def its_operation_is_a_read(case: Case) -> None:
    assert case[1].operation.startswith(("Describe", "Get", "List"))


def test_each_check() -> None:
    checks = (its_fields_exist_in_the_response, its_properties_exist_in_the_schema, its_operation_is_a_read)
    check_each(CASES, *checks)


def it_always_calls_its_api(case: Case) -> None:
    resource_type, check = case
    required = schema_of(resource_type).get("required", [])

    assert (
        check.repeat_for
        or check.only_with
        or check.states
        or check.further
        or any(compared.path in required or compared.default is not NO_DEFAULT for compared in check.properties)
    )


def test_the_first_check_of_a_type_always_calls_its_api() -> None:
    """Otherwise a deleted resource would go unnoticed."""
    first = {resource_type: (resource_type, checks[0]) for resource_type, checks in CHECKS_BY_TYPE.items()}
    check_each(first, it_always_calls_its_api)
