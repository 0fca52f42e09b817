"""The server-side gate: the function's answers to events of the documented shape, and the stack that it comes in."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from cfnlint.api import lint
from cfnlint.config import ManualArgs

from tapctl.account.model import Account, AccountSettings, Concurrency, LiveFunction, Quota, Stack
from tapctl.aws.cloudformation import change_set_parameters
from tapctl.cli import hook
from tapctl.cli.hook import MAX_MESSAGE, HookRequest, body, fetch, handler, respond, written
from tapctl.errors import UsageError
from tapctl.hints import advise
from tapctl.hints.usage import UsageAdvice
from tapctl.report.hints import worded
from tapctl.report.policy import Command, policy_of_any_template
from tests.cli.conftest import Tapctl
from tests.support.fake_account import FakeAccount
from tests.support.queued_answers import stubbed

STACK = "arn:aws:cloudformation:eu-west-1:123456789012:stack/shop/1a2345b6-0000-00a0-a123-00abc0abc000"
CHANGE_SET = STACK.replace("stack/shop", "changeSet/change")
TEMPLATE = """\
Parameters: {Size: {Type: Number}}
Resources: {Fn: {Type: AWS::Lambda::Function, Properties: {ReservedConcurrentExecutions: !Ref Size}}}
"""


def event(target: str = "STACK", point: str = "CREATE_PRE_PROVISION", change_set: str | None = None) -> dict[str, Any]:
    """An event as the Hooks User Guide shows it."""
    name = CHANGE_SET if target == "CHANGE_SET" else "shop"
    return {
        "clientRequestToken": "f8da6d11-b23f-48f4-814c-0fb6a667f50e",
        "awsAccountId": "123456789012",
        "stackId": STACK,
        "changeSetId": change_set,
        "hookTypeName": "Private::Tapctl::Preflight",
        "hookTypeVersion": "00000008",
        "hookModel": {"LambdaFunction": "arn:aws:lambda:eu-west-1:123456789012:function:tapctl-hook"},
        "actionInvocationPoint": point,
        "requestData": {"targetName": target, "targetType": target, "targetLogicalId": name, "payload": "https://s3"},
        "requestContext": {"invocation": 1, "callbackContext": None},
    }


def account(limit: int = 10, unreserved: int | None = None, stack: Stack | None = None) -> FakeAccount:
    pool = Concurrency(limit, limit if unreserved is None else unreserved)
    return FakeAccount(Account("eu-west-1", AccountSettings(pool, Quota(10**9, 0), 0), "123456789012", stack=stack))


Opened = Callable[[HookRequest], tuple[FakeAccount, Mapping[str, str | None]]]


def opened(found: FakeAccount, **parameters: str | None) -> Opened:
    return lambda _: (found, parameters)


def payload(template: str = TEMPLATE, **more: Any) -> Callable[[str], bytes]:
    return lambda _: json.dumps({"template": template, **more}).encode()


@pytest.mark.parametrize(
    ("target", "more"),
    [("STACK", {"previousTemplate": None}), ("CHANGE_SET", {"changedResources": [{"action": "CREATE"}]})],
)
def test_a_template_that_exceeds_fails_the_hook(target: str, more: dict[str, Any]) -> None:
    asked = event(target, change_set=CHANGE_SET)
    answer = respond(asked, payload(**more), opened(account(), Size="5"))

    assert (answer["hookStatus"], answer["errorCode"]) == ("FAILED", "NonCompliant")
    assert answer["clientRequestToken"] == asked["clientRequestToken"]
    assert "Fn reserves 5" in answer["message"]


def test_a_template_that_fits_passes_the_hook() -> None:
    answer = respond(event(change_set=CHANGE_SET), payload(), opened(account(1000), Size="5"))

    assert (answer["hookStatus"], "errorCode" in answer) == ("SUCCESS", False)
    assert answer["message"].startswith("tapctl: fits: ")


def test_an_update_is_judged_by_what_the_stack_holds() -> None:
    stack = Stack("shop", "UPDATE_IN_PROGRESS", {"Fn": LiveFunction("fn", 5, 0)}, {"Size": "5"})
    answer = respond(event(point="UPDATE_PRE_PROVISION"), payload(), opened(account(1000, 995, stack)))

    assert answer["hookStatus"] == "SUCCESS"


@pytest.mark.parametrize(("block_on", "status"), [("exceeds", "SUCCESS"), ("uncertain", "FAILED")])
def test_a_value_that_is_not_shown_is_unknown(block_on: str, status: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(hook.BLOCK_ON, block_on)
    answer = respond(event(change_set=CHANGE_SET), payload(), opened(account(), Size=None))

    assert answer["hookStatus"] == status
    assert "tapctl: unknown: " in answer["message"]


@pytest.mark.parametrize(
    ("asked", "text"),
    [
        pytest.param(event(point="DELETE_PRE_PROVISION"), TEMPLATE, id="a deletion"),
        pytest.param(event("AWS::S3::Bucket"), TEMPLATE, id="a resource"),
        pytest.param(event(), "", id="no template"),
    ],
)
def test_a_template_that_adds_nothing_is_not_judged(asked: dict[str, Any], text: str) -> None:
    found = account()

    assert respond(asked, payload(text), opened(found))["hookStatus"] == "SUCCESS"
    assert found.asked == []


def test_a_long_message_is_cut() -> None:
    name = "F" * 250
    names = f"  {name}: {{Type: AWS::Lambda::Function, Properties: {{ReservedConcurrentExecutions: 5}}}}\n"
    names += "".join(
        f"  P{number}{name}: {{Type: AWS::Lambda::Alias, Properties: {{FunctionName: !Ref {name}, FunctionVersion:"
        f" $LATEST, Name: a, ProvisionedConcurrencyConfig: {{ProvisionedConcurrentExecutions: 1}}}}}}\n"
        for number in range(20)
    )
    answer = respond(event(), payload(f"Resources:\n{names}"), opened(account()))

    assert (answer["hookStatus"], len(answer["message"])) == ("FAILED", MAX_MESSAGE)


@pytest.mark.parametrize(
    "url",
    ["http://s3.amazonaws.com/x", "file:///etc/passwd", "https://example.com/x", "https://amazonaws.com.evil.com/x"],
)
def test_a_payload_comes_from_s3_alone(url: str) -> None:
    with pytest.raises(UsageError):
        fetch(url)


@pytest.mark.parametrize("wrong", [{}, {"stackId": 3, "requestData": {"targetType": "STACK", "payload": "x"}}])
def test_the_handler_never_raises(wrong: dict[str, Any]) -> None:
    assert handler(wrong)["hookStatus"] in ("SUCCESS", "FAILED")


def test_a_failure_of_its_own_is_no_verdict() -> None:
    answer = handler(event())

    assert (answer["hookStatus"], answer["errorCode"]) == ("FAILED", "InternalFailure")


def test_a_failure_says_what_to_do_about_it() -> None:
    request = event()
    request["requestData"]["payload"] = "https://example.com/x"

    assert worded(advise(UsageAdvice.USE_AS_HOOK)) in handler(request)["message"]


def test_the_parameters_of_a_change_set_are_read() -> None:
    entries = [
        {"ParameterKey": "Size", "ParameterValue": "5"},
        {"ParameterKey": "Stored", "ParameterValue": "/size", "ResolvedValue": "7"},
        {"ParameterKey": "Secret", "ParameterValue": "****"},
        {"ParameterKey": "Kept", "UsePreviousValue": True},
    ]
    with stubbed("cloudformation") as (aws, stubs):
        stubs["cloudformation"].add_response("describe_change_set", {"Parameters": entries})
        assert change_set_parameters(aws, CHANGE_SET) == {"Size": "5", "Stored": "7", "Secret": None}


# ---------------------------------------------------------------------------------------------------------------------
# The stack
# ---------------------------------------------------------------------------------------------------------------------


def test_the_stack_is_what_the_schemas_take(workdir: Path, tapctl: Tapctl) -> None:
    answer = tapctl("hook", "template", "--folder", "gate")
    template = yaml.safe_load((workdir / "gate" / "template.yaml").read_text())

    assert answer.code == 0
    assert {path.relative_to(workdir / "gate").as_posix() for path in (workdir / "gate").rglob("*.*")} == {*written()}
    assert template == body()
    text = (workdir / "gate" / "template.yaml").read_text()
    assert [match for match in lint(text, config=ManualArgs(regions=["us-east-1"])) if match.rule.id[0] == "E"] == []


def test_the_hook_warns_by_default_and_skips_its_own_stack() -> None:
    properties = body()["Resources"]["Hook"]["Properties"]

    assert body()["Parameters"]["FailureMode"]["Default"] == "WARN"
    assert properties["TargetOperations"] == ["STACK", "CHANGE_SET"]
    assert properties["StackFilters"]["StackNames"] == {"Exclude": [{"Ref": "AWS::StackName"}]}


def test_the_function_may_only_read() -> None:
    read, log = body()["Resources"]["FunctionRole"]["Properties"]["Policies"]
    (statement,) = read["PolicyDocument"]["Statement"]
    (policy,) = policy_of_any_template(Command.PREFLIGHT)

    assert set(statement["Action"]) == {*policy.actions, "cloudformation:DescribeChangeSet"}
    reading = ("Get", "GET", "List", "Describe", "Search")
    assert [action for action in statement["Action"] if not action.split(":")[1].startswith(reading)] == []
    assert log["PolicyDocument"]["Statement"][0]["Action"] == ["logs:CreateLogStream", "logs:PutLogEvents"]


def test_nothing_is_overwritten(workdir: Path, tapctl: Tapctl) -> None:
    (workdir / "gate" / "code").mkdir(parents=True)
    (workdir / "gate" / "code" / "app.py").write_text("mine\n")

    assert tapctl("hook", "template", "--folder", "gate").is_error(2)
    assert not (workdir / "gate" / "template.yaml").exists()
