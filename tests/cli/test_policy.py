"""`tapctl policy`: which command and template its arguments name, without an account, a Region or tapctl.toml."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tapctl.template import lint
from tapctl.template.load import load
from tests.cli.conftest import Tapctl
from tests.support.golden import Golden


@pytest.fixture(autouse=True)
def template(workdir: Path) -> None:
    (workdir / "t.yaml").write_text("Resources: {T: {Type: AWS::DynamoDB::Table}}\n")


def actions(text: str) -> set[str]:
    return {action for statement in json.loads(text)["Statement"] for action in statement["Action"]}


@pytest.mark.parametrize("arguments", [("t.yaml",), ("preflight", "t.yaml"), ("--template", "t.yaml")], ids=str)
def test_preflight_is_the_default(arguments: tuple[str, ...], tapctl: Tapctl) -> None:
    answer = tapctl("policy", *arguments)

    assert (answer.code, answer.err) == (0, "")
    assert "dynamodb:ListTables" in actions(answer.out)
    assert "cloudformation:CreateChangeSet" not in actions(answer.out)


def test_a_deploy_does_what_the_others_do(tapctl: Tapctl) -> None:
    deploy, verify, preflight = (
        actions(tapctl("policy", command, "t.yaml").out) for command in ("deploy", "verify", "preflight")
    )

    assert verify | preflight < deploy


def test_actions_left_out_of_the_policy_are_named(tapctl: Tapctl, golden: Golden) -> None:
    golden(tapctl("policy", "deploy", "t.yaml").err)
    assert tapctl("policy", "deploy", "t.yaml", "--role-arn", "arn:aws:iam::123456789012:role/cfn").err == ""


@pytest.mark.parametrize("arguments", [("destroy", "t.yaml"), ("nope.yaml",), ()], ids=str)
def test_other_arguments_are_refused(arguments: tuple[str, ...], tapctl: Tapctl, golden: Golden) -> None:
    answer = tapctl("policy", *arguments)

    assert answer.is_error(2)
    golden(answer.err)


FLEET = """\
template = "t.yaml"
[fleet.prod]
regions = ["eu-west-1", "us-east-1"]
read_role = "tapctl-read"
"""
ONE, TWO = "111111111111", "222222222222"


class TestAFleet:
    @pytest.fixture
    def fleet(self, workdir: Path) -> Callable[[str], None]:
        """Write a tapctl.toml whose fleet has these keys as well."""

        def write(keys: str) -> None:
            (workdir / "tapctl.toml").write_text(FLEET + keys)

        return write

    def test_the_role_may_read_for_a_preflight_in_any_account(
        self, fleet: Callable[[str], None], tapctl: Tapctl, golden: Golden
    ) -> None:
        fleet(f'accounts = ["{ONE}"]\n')
        role, alone = tapctl("policy", "--targets", "prod"), tapctl("policy", "t.yaml")

        assert (role.code, actions(role.out)) == (0, actions(alone.out))
        golden(role.err)
        assert ONE not in role.out

    @pytest.mark.parametrize("form", ["cloudformation", "terraform"])
    @pytest.mark.parametrize("which", ["role", "hub"])
    def test_each_form(
        self, which: str, form: str, fleet: Callable[[str], None], tapctl: Tapctl, golden: Golden
    ) -> None:
        fleet(f'accounts = ["{ONE}"]\nous = ["ou-abcd-11111111"]\nexternal_id = "x"\nexclude = ["{TWO}"]\n')
        hub = ["--hub"] if which == "hub" else []

        golden(tapctl("policy", "--targets", "prod", "--format", form, *hub).out)

    def test_the_templates_of_it_are_valid(self, fleet: Callable[[str], None], workdir: Path, tapctl: Tapctl) -> None:
        fleet(f'accounts = ["{ONE}"]\nexternal_id = "x"\n')
        for name, hub in (("role.json", ()), ("hub.json", ("--hub",))):
            (workdir / name).write_text(tapctl("policy", "--targets", "prod", "--format", "cloudformation", *hub).out)

        with lint.boot() as linting:
            linting.send([load("role.json").source, load("hub.json").source], "us-east-1", None)
            assert linting.matches() == ()

    def test_the_hub_may_assume_these_roles_and_list_accounts_if_it_must(
        self, fleet: Callable[[str], None], workdir: Path, tapctl: Tapctl
    ) -> None:
        own = f'[fleet.prod.account.{TWO}]\nread_role = "arn:aws:iam::{{account}}:role/ops/reader"\n'
        fleet(f'accounts = ["{ONE}", "{TWO}"]\n{own}')
        (roles,) = json.loads(tapctl("policy", "--targets", "prod", "--hub").out)["Statement"]
        fleet(f'ous = ["ou-abcd-11111111"]\naccounts = ["{ONE}"]\n{own}')
        with_units = json.loads(tapctl("policy", "--targets", "prod", "--hub").out)

        assert roles["Action"] == ["sts:AssumeRole"]
        assert roles["Resource"] == [f"arn:aws:iam::{ONE}:role/tapctl-read", f"arn:aws:iam::{TWO}:role/ops/reader"]
        assert with_units["Statement"][0]["Resource"] == [
            "arn:aws:iam::*:role/tapctl-read",
            f"arn:aws:iam::{TWO}:role/ops/reader",
        ]
        assert actions(json.dumps(with_units)) == {
            "sts:AssumeRole",
            "organizations:ListAccountsForParent",
            "organizations:ListOrganizationalUnitsForParent",
        }

    def test_the_policy_of_a_large_fleet_is_short(self, fleet: Callable[[str], None], tapctl: Tapctl) -> None:
        fleet(f"accounts = {[f'{number:012}' for number in range(1000)]}\n")
        (roles,) = json.loads(tapctl("policy", "--targets", "prod", "--hub").out)["Statement"]

        assert roles["Resource"] == "arn:aws:iam::*:role/tapctl-read"

    @pytest.mark.parametrize(("region", "partition"), [("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")])
    def test_the_roles_are_of_the_partition_of_the_fleet(
        self, region: str, partition: str, workdir: Path, tapctl: Tapctl
    ) -> None:
        keys = f'regions = ["{region}"]\nread_role = "r"\naccounts = ["{ONE}"]\n'
        (workdir / "tapctl.toml").write_text(f"[fleet.prod]\n{keys}")
        (roles,) = json.loads(tapctl("policy", "--targets", "prod", "--hub").out)["Statement"]

        assert roles["Resource"] == f"arn:{partition}:iam::{ONE}:role/r"

    @pytest.mark.parametrize(
        "arguments",
        [
            ("verify", "--targets", "prod"),
            ("deploy", "--targets", "prod", "--hub"),
            ("deploy", "--targets", "prod,eu", "--hub"),
            ("--targets", "prod", "--resources"),
            ("--targets", "prod", "--region", "eu-west-1"),
            ("--targets", "none"),
            ("--hub",),
        ],
        ids=" ".join,
    )
    def test_what_is_refused(
        self, arguments: tuple[str, ...], fleet: Callable[[str], None], tapctl: Tapctl, golden: Golden
    ) -> None:
        fleet(f'accounts = ["{ONE}"]\n[fleet.eu]\naccounts = ["{TWO}"]\nread_role = "r"\nregions = ["eu-west-1"]\n')
        answer = tapctl("policy", *arguments)

        assert answer.is_error(2)
        golden(answer.err)

    def test_a_rollout_may_change_its_stack_set_and_read_the_stacks_of_it(
        self, fleet: Callable[[str], None], tapctl: Tapctl, golden: Golden
    ) -> None:
        fleet(f'accounts = ["{ONE}"]\nstack_set = "orders-{{env}}"\n[env.live]\ntags = {{team = "a"}}\n')
        hub = tapctl("policy", "deploy", "--targets", "prod", "--hub", "--env", "live")
        role = tapctl("policy", "deploy", "--targets", "prod", "--env", "live")
        gate = tapctl("policy", "--targets", "prod", "--hub")

        golden(hub.out)
        (stacks,) = [statement for statement in json.loads(role.out)["Statement"] if statement["Sid"] == "Stack"]
        assert stacks["Resource"] == "arn:aws:cloudformation:*:*:stack/StackSet-orders-live-*/*"
        assert actions(role.out) > actions(tapctl("policy", "--targets", "prod").out)
        assert actions(gate.out) == {
            "sts:AssumeRole",
            "cloudformation:DescribeStackInstance",
            "cloudformation:DescribeStackSet",
            "cloudformation:ListStackInstances",
        }

    def test_the_rollout_of_a_service_managed_set_passes_no_role(
        self, fleet: Callable[[str], None], tapctl: Tapctl
    ) -> None:
        fleet('ous = ["ou-abcd-11111111"]\nstack_set = "s"\npermission = "service"\n')

        assert "iam:PassRole" not in actions(tapctl("policy", "deploy", "--targets", "prod", "--hub").out)
        assert "organizations:DescribeOrganization" in actions(tapctl("policy", "--targets", "prod", "--hub").out)

    def test_a_fleet_without_a_role_is_refused(self, workdir: Path, tapctl: Tapctl, golden: Golden) -> None:
        (workdir / "tapctl.toml").write_text(f'[fleet.prod]\nregions = ["eu-west-1"]\naccounts = ["{ONE}"]\n')

        answer = tapctl("policy", "t.yaml", "--targets", "prod")

        assert answer.code == 2
        golden(answer.err)


def test_actions_on_the_resources_come_from_their_schemas(workdir: Path, tapctl: Tapctl) -> None:
    (workdir / "c.yaml").write_text(
        "Resources:\n  T: {Type: AWS::SNS::Topic}\n  C: {Type: Custom::Own}\n  N: {Type: AWS::Not::There}\n"
    )
    answer = tapctl("policy", "deploy", "c.yaml", "--resources")
    (statement,) = [statement for statement in json.loads(answer.out)["Statement"] if statement["Sid"] == "Resources"]

    assert {"sns:CreateTopic", "sns:DeleteTopic"} <= set(statement["Action"])
    assert "AWS::Not::There" in answer.err
    assert "Custom::Own" not in answer.err
