"""What the schemas of resource types say of a replacement."""

import subprocess
import sys

import pytest

from tapctl.template import schemas
from tapctl.template.schemas import create_only


@pytest.mark.parametrize(
    ("type_", "names"),
    [
        pytest.param("AWS::DynamoDB::Table", ("TableName",), id="the-identifier-that-a-template-sets"),
        pytest.param("AWS::RDS::DBInstance", ("DBInstanceIdentifier",), id="one-that-is-not-called-a-name"),
        pytest.param("AWS::SQS::Queue", ("QueueName",), id="the-name-beside-an-identifier-that-aws-makes-up"),
        pytest.param("AWS::EC2::SecurityGroup", ("GroupName",), id="a-name-that-is-called-for-short"),
        pytest.param("AWS::ElasticLoadBalancingV2::TargetGroup", ("Name",), id="a-plain-name"),
        pytest.param("AWS::EC2::EIP", (), id="none"),
    ],
)
def test_a_name_is_what_no_two_can_have(type_: str, names: tuple[str, ...]) -> None:
    found = create_only(type_)
    assert found
    assert found.names == names


def test_a_property_that_is_create_only_in_part_may_replace() -> None:
    found = create_only("AWS::DynamoDB::Table")
    assert found
    assert "TableName" in found.surely
    assert found.maybe == ("KeySchema",)


@pytest.mark.parametrize(
    ("type_", "deletes_first"), [("AWS::Logs::MetricFilter", True), ("AWS::EC2::EIP", False)], ids=["filter", "address"]
)
def test_some_types_are_deleted_first(type_: str, deletes_first: bool) -> None:
    found = create_only(type_)
    assert found
    assert found.deletes_first is deletes_first


def test_a_type_without_a_schema_is_not_known() -> None:
    assert create_only("Third::Party::Type") is None


def test_a_schema_is_what_cfn_lint_has() -> None:
    types = [*schemas._names_of_files("us-east-1")][::40]

    assert len(types) > 40
    for type_ in (*types, "Custom::Thing", "AWS::Not::There"):
        assert dict(schemas._schema(type_)) == dict(schemas._by_cfn_lint(type_, "us-east-1")), type_


def test_a_schema_takes_no_import_of_cfn_lint() -> None:
    code = "from tapctl.template.schemas import create_only; create_only('AWS::SQS::Queue')"
    answer = f"{code}; import sys; print('cfnlint' in sys.modules)"

    assert (
        subprocess.run([sys.executable, "-c", answer], capture_output=True, text=True, check=True).stdout == "False\n"
    )
