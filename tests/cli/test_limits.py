"""`tapctl limits`: the catalogue, and what a template adds."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Tapctl
from tests.support.golden import Golden

TEMPLATE = """\
Parameters: {Count: {Type: Number, Default: 2}}
Resources:
  Vpc: {Type: AWS::EC2::VPC}
  One: {Type: AWS::EC2::Subnet, Properties: {VpcId: !Ref Vpc}}
  Two: {Type: AWS::EC2::Subnet, Properties: {VpcId: !Ref Vpc}}
  Group:
    Type: AWS::AutoScaling::AutoScalingGroup
    Properties: {MinSize: "1", MaxSize: !Ref Count, LaunchConfigurationName: !Ref Launch}
  Launch: {Type: AWS::AutoScaling::LaunchConfiguration, Properties: {InstanceType: m5.large}}
  Own: {Type: Custom::Own}
"""


@pytest.fixture
def template(workdir: Path) -> str:
    (workdir / "net.yaml").write_text(TEMPLATE)
    return "net.yaml"


def test_additions_of_a_new_stack_are_those_of_the_contract(template: str, tapctl: Tapctl) -> None:
    answer = tapctl("limits", "--template", template, "--format", "json")
    document = json.loads(answer.out)
    rows = {entry["id"]: entry for entry in document["limits"]}

    assert answer.code == 4
    assert "ec2-on-demand-standard-vcpus" in answer.err
    assert "vpc-vpcs" not in answer.err
    assert document["schema"] == "tapctl.limits/1"
    assert rows["vpc-vpcs"] == {
        "id": "vpc-vpcs",
        "key": "vpc/L-F678F1CE",
        "added": {"least": 1, "most": 1},
        "parent": None,
        "resources": ["Vpc"],
    }
    assert (rows["vpc-subnets-per-vpc"]["added"], rows["vpc-subnets-per-vpc"]["parent"]) == (
        {"least": 2, "most": 2},
        "Vpc",
    )
    assert rows["ec2-on-demand-standard-vcpus"]["added"] == {"least": 2, "most": 4}
    assert {"type": "Custom::Own", "count": 1} in document["coverage"]


def test_concurrency_is_what_the_functions_claim(workdir: Path, tapctl: Tapctl) -> None:
    (workdir / "claims.yaml").write_text(
        """
Parameters: {Open: {Type: Number}}
Resources:
  Reserved: {Type: AWS::Lambda::Function, Properties: {ReservedConcurrentExecutions: 7}}
  Open: {Type: AWS::Lambda::Function, Properties: {ReservedConcurrentExecutions: !Ref Open}}
  Free: {Type: AWS::Lambda::Function, Properties: {Handler: a.b}}
"""
    )

    options = ("--template", "claims.yaml", "--format", "json")
    answer = tapctl("limits", "lambda-reserved-concurrency", *options)
    (row,) = json.loads(answer.out)["limits"]

    assert (answer.code, row["resources"]) == (4, ["Reserved", "Open"])
    assert (row["added"]["least"], row["added"]["most"], "unknown" in row["added"]) == (7, 7, True)


def test_a_parameter_settles_what_was_open(template: str, tapctl: Tapctl) -> None:
    assert tapctl("limits", "--template", template, "-p", "Count=1", "--format", "json").code == 0


def test_a_value_that_only_the_deploy_knows_is_unknown(workdir: Path, tapctl: Tapctl) -> None:
    (workdir / "open.yaml").write_text(
        "Parameters: {Type: {Type: String}}\n"
        "Resources: {I: {Type: AWS::EC2::Instance, Properties: {InstanceType: !Ref Type}}}\n"
    )
    answer = tapctl("limits", "--template", "open.yaml", "--format", "json")
    (vcpus,) = [row for row in json.loads(answer.out)["limits"] if row["key"] == "ec2/L-1216C47A"]

    assert (answer.code, "Type" in vcpus["added"]["unknown"]) == (4, True)


@pytest.mark.parametrize("of", ["dynamodb", "dynamodb-tables", "dynamodb/L-F98FE922"])
def test_the_catalogue_is_listed_by_service_and_by_id(of: str, tapctl: Tapctl) -> None:
    answer = tapctl("limits", of, "--format", "json")

    assert answer.code == 0
    assert "dynamodb-tables" in [row["id"] for row in json.loads(answer.out)["limits"]]


def test_an_unknown_limit_or_service_is_refused(tapctl: Tapctl, golden: Golden) -> None:
    answer = tapctl("limits", "nothing")

    assert answer.is_error(2)
    golden(answer.err)


def test_the_tables_are_for_people_and_for_markdown(template: str, tapctl: Tapctl, golden: Golden) -> None:
    golden([tapctl("limits", "-t", template, "vpc").out, tapctl("limits", "kms", "--format", "markdown").out])


@pytest.mark.parametrize("format_", ["text", "markdown"])
def test_names_of_the_template_are_data(format_: str, workdir: Path, tapctl: Tapctl) -> None:
    name = "V\n::error::x<img>"
    subnet = {"Type": "AWS::EC2::Subnet", "Properties": {"VpcId": {"Ref": name}}}
    resources = {name: {"Type": "AWS::EC2::VPC"}, "One": subnet, "Own": {"Type": name}}
    (workdir / "t.json").write_text(json.dumps({"Resources": resources}))

    shown = tapctl("limits", "--template", "t.json", "--format", format_).out

    assert not any(line.startswith(("::", "\\u003a")) for line in shown.splitlines())
    assert format_ == "text" or "<img" not in shown.replace(r"\<", "")
