"""The catalogue against botocore's service models, without a network."""

import re
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator

from tapctl.concurrency.limits_check import JUDGES
from tapctl.limits import Limit, LimitKind, catalogue
from tapctl.limits.row import Call, number_of_resources

SESSION = botocore.session.Session()
CALLS = sorted(
    {(call.service, call.operation): call for row in catalogue() for call in (row.usage, row.quota) if call}.items()
)

each_row = pytest.mark.parametrize("row", catalogue(), ids=[row.id for row in catalogue()])
each_call = pytest.mark.parametrize("call", [call for _, call in CALLS], ids=["-".join(key) for key, _ in CALLS])


def model(call: Call) -> Any:
    return SESSION.get_service_model(call.service).operation_model(call.operation)


def pagination(service: str) -> dict[str, Any]:
    paginators: dict[str, Any] = SESSION.get_component("data_loader").load_service_model(service, "paginators-1")
    return dict(paginators["pagination"])


def test_ids_keys_and_titles_are_unique() -> None:
    for name in ("id", "key", "title"):
        values = [getattr(row, name) for row in catalogue()]
        assert len(values) == len(set(values)), name


def test_every_kind_is_judged() -> None:
    assert set(JUDGES) == set(LimitKind)


@each_row
class TestEveryRow:
    def test_its_id_begins_with_its_service(self, row: Limit) -> None:
        assert re.fullmatch(rf"{row.service}(-[a-z0-9]+)+", row.id)

    def test_its_documentation_is_aws_s_over_https(self, row: Limit) -> None:
        assert row.docs.startswith("https://docs.aws.amazon.com/")
        assert " " not in row.docs

    def test_its_quota_code_has_the_form_of_one(self, row: Limit) -> None:
        if row.kind in (LimitKind.COUNT, LimitKind.CONCURRENCY):
            assert re.fullmatch(r"L-[0-9A-F]{8}", row.code)

    def test_it_has_the_fields_of_its_kind(self, row: Limit) -> None:
        match row.kind:
            case LimitKind.COUNT:
                assert row.usage
                assert row.spends
            case LimitKind.CONCURRENCY | LimitKind.EXPORTS:
                assert row.usage
            case LimitKind.TEMPLATE:
                assert row.fixed
                assert row.measure
                assert not row.permissions

    def test_every_resource_adds_to_the_usage(self, row: Limit) -> None:
        for units in row.spends.values():
            assert callable(units) or units > 0

    def test_its_permissions_are_those_of_its_calls(self, row: Limit) -> None:
        assert len(row.permissions) == len(set(row.permissions))
        for call in (row.usage, row.quota):
            if call:
                assert f"{call.service}:{call.operation}" in row.permissions
        if row.kind is LimitKind.COUNT and row.quota is None:
            assert {"servicequotas:GetServiceQuota", "servicequotas:GetAWSDefaultServiceQuota"} <= set(row.permissions)


@each_call
class TestEveryCall:
    def test_its_operation_exists(self, call: Call) -> None:
        assert call.operation in SESSION.get_service_model(call.service).operation_names

    def test_its_permission_begins_with_the_service_s_own_prefix(self, call: Call) -> None:
        assert call.permission == f"{SESSION.get_service_model(call.service).signing_name}:{call.operation}"

    def test_its_parameters_are_valid(self, call: Call) -> None:
        shape = model(call).input_shape
        if shape is None:
            assert not call.parameters
            return
        assert not ParamValidator().validate(dict(call.parameters), shape).has_errors()

    def test_its_path_is_in_the_answer(self, call: Call) -> None:
        shape = model(call).output_shape
        steps = re.match(r"\w+(\.\w+)*", call.path)
        assert steps
        for step in steps[0].split("."):
            if shape.type_name == "map":
                assert step in shape.key.enum
                shape = shape.value
            else:
                shape = shape.members[step]
        # A list is counted, a number is taken; a query may pick the number out of a list.
        assert shape.type_name in ("list", "integer", "long") or "|" in call.path

    def test_a_list_is_read_page_by_page(self, call: Call) -> None:
        top = model(call).output_shape.members[re.split(r"\W", call.path)[0]]
        if top.type_name == "list":
            assert call.operation in pagination(call.service)


def test_every_path_of_the_catalogue_is_in_its_answer() -> None:
    for row in catalogue():
        for call in (row.usage, row.quota):
            if call:
                TestEveryCall().test_its_path_is_in_the_answer(call)


def test_stacks_are_counted_in_every_status_but_deleted() -> None:
    row = next(limit for limit in catalogue() if limit.id == "cloudformation-stacks")
    assert row.usage
    shape: Any = SESSION.get_service_model("cloudformation").shape_for("StackStatus")
    assert sorted([*row.usage.parameters["StackStatusFilter"], "DELETE_COMPLETE"]) == sorted(shape.enum)  # type: ignore[misc]


@pytest.mark.parametrize("operation", ["ListProvisionedConcurrencyConfigs", "ListStackResources", "ListExports"])
def test_other_lists_can_be_read_page_by_page_too(operation: str) -> None:
    service = "lambda" if "Provisioned" in operation else "cloudformation"
    assert operation in pagination(service)


def test_the_resource_types_exist() -> None:
    from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

    known = set(PROVIDER_SCHEMA_MANAGER.get_resource_types("us-east-1"))
    assert {kind for row in catalogue() for kind in row.spends} <= known


def test_a_template_whose_resources_a_macro_brings_has_none_yet() -> None:
    assert number_of_resources("", {"Fn::Transform": "Everything"}) == 0
