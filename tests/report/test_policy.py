"""The policy of each command: it allows every call that a run makes, and nothing that no run makes."""

import ast
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore import xform_name
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.loaders import Loader

from tapctl.__main__ import main
from tapctl.account.live import LiveAccount
from tapctl.aws.session import Aws, Connection
from tapctl.limits.row import SERVICE_QUOTAS
from tapctl.report.policy import (
    NEEDS_NO_PERMISSION,
    RENDERERS,
    USES,
    Command,
    Scope,
    Statement,
    When,
    document,
    policy,
)
from tapctl.sandbox import AccountLimits
from tapctl.settings.settings import Settings
from tapctl.settings.verify_section import InvokeProbe, VerifyConfig, WebhookProbe
from tapctl.template.load import load
from tapctl.verify.resource_check import action_of
from tapctl.workflows.preflight import judge
from tapctl.workflows.read_inputs import stack_tree_for
from tests.support.golden import Golden
from tests.support.shared_sandbox import SharedSandbox
from tests.support.stack_sets import Fleet

ROOT = Path(__file__).parents[2]

TEMPLATE = """\
Parameters:
  Size: {Type: "AWS::SSM::Parameter::Value<Number>", Default: /size}
Resources:
  Fn:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: python3.12
      Handler: app.main
      Code: ./code
      Role: arn:aws:iam::123456789012:role/r
      ReservedConcurrentExecutions: !Ref Size
  Topic: {Type: AWS::SNS::Topic}
  Queue: {Type: AWS::SQS::Queue}
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      KeySchema: [{AttributeName: id, KeyType: HASH}]
      AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
      BillingMode: PAY_PER_REQUEST
Outputs:
  Topic: {Value: !Ref Topic, Export: {Name: the-topic}}
"""


def statements(folder: Path, command: Command, text: str = TEMPLATE, **settings: Any) -> tuple[Statement, ...]:
    file = folder / "t.yaml"
    file.write_text(text)
    (folder / "code").mkdir(exist_ok=True)
    (folder / "code" / "app.py").write_text("def main(event, context):\n    return {}\n")
    drift = settings.pop("drift", False)
    given = Settings(str(file), **settings)
    return policy(command, stack_tree_for(load(str(file)), given), given, drift=drift)


def allowed(found: tuple[Statement, ...]) -> set[str]:
    return {action for statement in found for action in statement.actions}


# ---------------------------------------------------------------------------------------------------------------------
# Which calls there are
# ---------------------------------------------------------------------------------------------------------------------

ASKED_FOR_ALONE = {
    "service-quotas:RequestServiceQuotaIncrease": "tapctl account --request-increase",
    "lambda:PutFunctionConcurrency": "tapctl preflight --probe-floor",
    "lambda:DeleteFunctionConcurrency": "tapctl preflight --probe-floor",
    "sts:AssumeRole": "tapctl policy --targets NAME --hub",
    "organizations:ListAccountsForParent": "tapctl policy --targets NAME --hub",
    "organizations:ListOrganizationalUnitsForParent": "tapctl policy --targets NAME --hub",
    "sts:GetCallerIdentity": "needs no permission",
}
"""What the AWS room calls for an option that says so, and not for the three commands, with the option or the policy."""

BY_TRANSFER = {"s3:PutObject", "s3:CreateMultipartUpload", "s3:UploadPart", "s3:CompleteMultipartUpload",
               "s3:AbortMultipartUpload"}  # fmt: skip
"""What boto3's `upload_fileobj` calls."""

BY_NAME = {"dynamodb:GetItem", "lambda:GetAccountSettings"}
"""What is called by the API's name, for the webhook's probe and for a row of the catalogue."""


def called(module: Path) -> Iterator[str]:
    """The operations that a module names, as a method of a client or as text, of the services that it opens."""
    nodes = tuple(ast.walk(ast.parse(module.read_text())))
    texts = {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    names = texts | {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    for service in sorted({name for node in nodes if (name := opened(node))}):
        operations = Loader().load_service_model(service, "service-2")["operations"]
        yield from (f"{service}:{name}" for name in operations if {name, xform_name(name)} & names)


def opened(node: ast.AST) -> str:
    """The service of a client that is opened, or of an operation that is called by its name."""
    match node:
        case ast.Call(ast.Attribute(attr="client" | "pages" | "call"), [ast.Constant(str(service)), *_]):
            return service
        case _:
            return ""


def test_each_call_of_the_aws_room_has_a_use_and_each_use_a_call() -> None:
    calls = {call for module in sorted((ROOT / "tapctl" / "aws").glob("*.py")) for call in called(module)}
    if "upload_fileobj" in (ROOT / "tapctl" / "aws" / "s3.py").read_text():
        calls |= BY_TRANSFER
    used = {operation for use in USES for operation in use.operations}
    used = {operation.replace("servicequotas:", "service-quotas:") for operation in used}
    # These are actions of the catalogue's rows, and Invoke has another name than its action.
    of_rows = {action.replace("servicequotas:", "service-quotas:") for action in SERVICE_QUOTAS}

    new = calls - used - ASKED_FOR_ALONE.keys() - of_rows - {"lambda:Invoke"}
    assert new == set(), "give it a `Use` in tapctl/report/policy.py, or a line in `ASKED_FOR_ALONE`"
    assert "lambda:Invoke" in calls - used
    uncalled = used - calls - BY_NAME - {"lambda:InvokeFunction"}
    assert uncalled == set(), "remove its `Use` from tapctl/report/policy.py"
    assert BY_NAME | {"lambda:InvokeFunction"} <= used - calls


# ---------------------------------------------------------------------------------------------------------------------
# What a run calls
# ---------------------------------------------------------------------------------------------------------------------

AFTER_AN_ANSWER = {
    "cloudformation:ListStackResources", "cloudformation:GetTemplate", "cloudformation:DescribeStackEvents",
    "lambda:GetFunctionConcurrency", "lambda:ListProvisionedConcurrencyConfigs", "lambda:ListFunctions",
    "servicequotas:GetAWSDefaultServiceQuota", "servicequotas:ListAWSDefaultServiceQuotas",
    "servicequotas:ListRequestedServiceQuotaChangeHistoryByQuota",
    "cloudformation:ListImports", "cloudformation:ListStacks",
}  # fmt: skip
"""What a preflight calls only with an answer to another call: for a stack that exists, or a verdict that it may not."""


def action(call: str) -> str:
    """The action of a call, which is `service:Operation` by the name of the client."""
    service, _, operation = call.partition(":")
    for use in USES:
        if call in use.operations:
            return use.action
    return action_of({"service-quotas": "servicequotas"}.get(service, service), operation)


@pytest.fixture
def refusing() -> tuple[Aws, list[str]]:
    """AWS that refuses every call, and the calls."""
    calls: list[str] = []
    session = boto3.Session(aws_access_key_id="key", aws_secret_access_key="secret", region_name="eu-west-1")

    def refuse(model: Any, **_: Any) -> Any:
        calls.append(f"{model.service_model.service_name}:{model.name}")
        refusal = {"Error": {"Code": "AccessDenied", "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": 403}}
        return AWSResponse("", 403, HTTPHeaders(), None), refusal

    session.events.register("before-call", refuse)
    return Aws(Connection("eu-west-1", endpoint="http://127.0.0.1:9"), _session=session), calls


def test_a_preflight_calls_what_its_policy_allows_and_nothing_else(
    refusing: tuple[Aws, list[str]], tmp_path: Path
) -> None:
    aws, calls = refusing
    given: dict[str, Any] = {"stack_name": "shop", "region": "eu-west-1"}
    # Two limits of one service are listed.
    text = TEMPLATE.replace(
        "  Queue:", "  Gateway: {Type: AWS::EC2::InternetGateway}\n  Vpc: {Type: AWS::EC2::VPC}\n  Queue:"
    )
    actions = allowed(statements(tmp_path, Command.PREFLIGHT, text, **given))

    judge(load(str(tmp_path / "t.yaml")), LiveAccount(aws), Settings(str(tmp_path / "t.yaml"), **given))

    seen = {action(call) for call in calls} - {NEEDS_NO_PERMISSION}
    assert seen - actions == set(), "its `Use` in tapctl/report/policy.py is for another command or condition"
    assert actions - seen - AFTER_AN_ANSWER == set(), "what is called only then has a line in `AFTER_AN_ANSWER`"
    assert "dynamodb:ListTables" in seen  # of a row of the catalogue


def test_a_deploy_calls_what_its_policy_allows(
    shared_sandbox: SharedSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = TEMPLATE.replace('"AWS::SSM::Parameter::Value<Number>", Default: /size', "Number, Default: 1")
    deploying = allowed(statements(tmp_path, Command.DEPLOY, text, stack_name="shop"))
    verifying = allowed(statements(tmp_path, Command.VERIFY, text, stack_name="shop"))
    (tmp_path / "tapctl.toml").write_text(
        'template = "t.yaml"\nstack_name = "shop"\n[function]\nrequirements = false\n[env.local]\nsandbox = true\n'
    )
    monkeypatch.chdir(tmp_path)

    def calls(*arguments: str) -> set[str]:
        monkeypatch.setattr(sys, "argv", ["tapctl", *arguments, "--env", "local", "--verbose"])
        with pytest.raises(SystemExit):
            main()
        out, err = capsys.readouterr()
        found = {action(call) for call in re.findall(r"calling (\S+:\w+)", err)}
        assert found, out + err
        return found - {NEEDS_NO_PERMISSION}

    with shared_sandbox.account(tmp_path / "state", AccountLimits(1000)):
        created = calls("deploy", "--yes", "--no-lint")
        (tmp_path / "t.yaml").write_text(text.replace("Queue: {", "Other: {"))
        updated = calls("deploy", "--yes", "--no-lint")
        verified = calls("verify")

    assert created | updated <= deploying
    assert verified <= verifying
    assert verifying - verified == set()
    assert {"s3:PutObject", "cloudformation:ExecuteChangeSet"} <= created


def test_a_rollout_calls_what_its_policies_allow(
    fleet: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = TEMPLATE.replace('"AWS::SSM::Parameter::Value<Number>", Default: /size', "Number, Default: 1")
    in_hub = allowed(statements(tmp_path, Command.FLEET, text, stack_name="s"))
    in_cells = allowed(statements(tmp_path, Command.CELL, text, stack_name="StackSet-s-*"))
    accounts = ", ".join(f'"{account}"' for account in fleet.accounts[:2])
    (tmp_path / "tapctl.toml").write_text(
        'template = "t.yaml"\n[function]\nrequirements = false\n[env.local]\nsandbox = true\n'
        f'[fleet.prod]\nregions = ["us-east-1"]\naccounts = [{accounts}]\nread_role = "r"\nstack_set = "s"\n'
    )
    monkeypatch.chdir(tmp_path)

    def calls(*arguments: str) -> set[str]:
        monkeypatch.setattr(sys, "argv", ["tapctl", "fleet", *arguments, "--env", "local", "--verbose"])
        with pytest.raises(SystemExit):
            main()
        out, err = capsys.readouterr()
        found = {action(call) for call in re.findall(r"calling (\S+:\w+)", err)}
        assert found, out + err
        return found - {NEEDS_NO_PERMISSION, "sts:AssumeRole"}

    created = calls("deploy", "--yes", "--no-lint")
    (tmp_path / "t.yaml").write_text(text.replace("Default: 1", "Default: 2"))
    updated = calls("deploy", "--yes", "--no-lint")
    verified, destroyed = calls("verify"), calls("destroy", "--yes")

    assert created | updated | verified | destroyed <= in_hub | in_cells
    assert verified - in_cells == {"cloudformation:DescribeStackSet", "cloudformation:ListStackInstances"}
    unused = in_hub - created - updated - destroyed
    assert unused == {
        "s3:AbortMultipartUpload",
        "s3:DeleteBucket",
        "s3:GetObject",
        "cloudformation:UpdateStackInstances",
        "organizations:DescribeOrganization",  # where the policy of a bucket lets in the organization
    }


# ---------------------------------------------------------------------------------------------------------------------
# What changes the policy
# ---------------------------------------------------------------------------------------------------------------------

PLAIN = "Resources: {Topic: {Type: AWS::SNS::Topic}}"


@pytest.mark.parametrize(
    ("when", "action", "settings"),
    [
        (When.ROLE, "iam:PassRole", {"role_arn": "arn:aws:iam::123456789012:role/cfn"}),
        (When.PROTECTED, "cloudformation:UpdateTerminationProtection", {"termination_protection": True}),
        (When.INVOKES, "lambda:InvokeFunction", {"verify": VerifyConfig(invoke=(InvokeProbe(function="Fn"),))}),
        (When.WEBHOOK, "dynamodb:GetItem", {"verify": VerifyConfig(webhook=WebhookProbe(endpoint="E", table="T"))}),
        (When.DRIFT, "cloudformation:DetectStackDrift", {"drift": True}),
    ],
    ids=lambda value: value.name if isinstance(value, When) else None,
)
def test_a_setting_adds_its_action(when: When, action: str, settings: dict[str, Any], tmp_path: Path) -> None:
    assert action not in allowed(statements(tmp_path, Command.DEPLOY, PLAIN))
    assert action in allowed(statements(tmp_path, Command.DEPLOY, PLAIN, **settings))


def test_tags_and_an_administration_role_add_their_actions_to_a_rollout(tmp_path: Path) -> None:
    role = "arn:aws:iam::123456789012:role/admin"
    plain = statements(tmp_path, Command.FLEET, PLAIN, stack_name="s")
    found = {
        statement.sid: statement
        for statement in statements(tmp_path, Command.FLEET, PLAIN, tags={"a": "b"}, role_arn=role)
    }

    assert {"iam:PassRole", "cloudformation:TagResource"} & allowed(plain) == set()
    assert found["ServiceRole"].resources == (role,)
    assert "cloudformation:TagResource" in allowed(tuple(found.values()))


@pytest.mark.parametrize(
    ("text", "action"),
    [
        ("Resources: {F: {Type: AWS::Lambda::Function, Properties: {Code: {ZipFile: x}}}}", "lambda:ListFunctions"),
        ("Resources: {V: {Type: AWS::EC2::VPC}}", "ec2:DescribeVpcs"),
        ("Resources: {F: {Type: AWS::Lambda::Function, Properties: {Code: ./code}}}", "s3:CreateBucket"),
        (f"{PLAIN}\nOutputs: {{T: {{Value: x, Export: {{Name: y}}}}}}", "cloudformation:ListImports"),
    ],
)
def test_a_template_adds_its_action(text: str, action: str, tmp_path: Path) -> None:
    assert action not in allowed(statements(tmp_path, Command.DEPLOY, PLAIN))
    assert action in allowed(statements(tmp_path, Command.DEPLOY, text))


def test_the_stack_and_the_bucket_are_those_of_the_settings(tmp_path: Path) -> None:
    text = "Transform: AWS::Serverless-2016-10-31\n" + TEMPLATE
    given = {"stack_name": "shop", "region": "us-gov-west-1", "account": "123456789012", "artifact_bucket": "ours"}
    found = {statement.sid: statement for statement in statements(tmp_path, Command.DEPLOY, text, **given)}

    assert found[Scope.STACK.value].resources == (
        "arn:aws-us-gov:cloudformation:us-gov-west-1:123456789012:stack/shop/*",
        "arn:aws-us-gov:cloudformation:*:aws:transform/Serverless-2016-10-31",
    )
    assert found[Scope.OBJECTS.value].resources == ("arn:aws-us-gov:s3:::ours/*",)
    assert found[Scope.BUCKET.value].actions == ("s3:ListBucket",)


def test_the_formats(tmp_path: Path, golden: Golden) -> None:
    found = statements(tmp_path, Command.PREFLIGHT, TEMPLATE, stack_name="shop")

    assert json.loads(RENDERERS["json"](found, Command.PREFLIGHT)) == document(found)
    template = json.loads(RENDERERS["cloudformation"](found, Command.PREFLIGHT))
    assert template["Resources"]["TapctlPolicy"]["Properties"]["PolicyDocument"] == document(found)
    golden([render(found, Command.PREFLIGHT) for render in RENDERERS.values()])


def test_every_condition_has_a_use() -> None:
    assert {use.when for use in USES} == set(When)
