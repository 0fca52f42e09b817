"""Experiments with stack sets that an account has in itself: self-managed, with roles of the experiment's own stack."""

from collections.abc import Mapping
from typing import Any

from tapctl.evidence.experiment import PREFIX, TAG, ApiCall, Experiment, Reading, Seen
from tapctl.evidence.parts import created


def _role(trusted: Mapping[str, Any], *statements: Mapping[str, Any]) -> dict[str, Any]:
    trust = {"Effect": "Allow", "Principal": trusted, "Action": "sts:AssumeRole"}
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement} for statement in statements]}
    properties = {
        "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
        "Policies": [{"PolicyName": "stack-sets", "PolicyDocument": document}],
    }
    return {"Type": "AWS::IAM::Role", "Properties": properties}


READS = ("DescribeStacks", "GetTemplateSummary", "ListStacks", "ValidateTemplate")
ROLES: Mapping[str, Any] = {
    "Resources": {
        "Administration": _role(
            {"Service": "cloudformation.amazonaws.com"},
            {
                "Action": "sts:AssumeRole",
                "Resource": {"Fn::Sub": f"arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:role/{PREFIX}*"},
            },
        ),
        "Execution": _role(
            {"AWS": {"Fn::GetAtt": ["Administration", "Arn"]}},
            {
                "Action": "cloudformation:*",
                "Resource": {"Fn::Sub": f"arn:${{AWS::Partition}}:cloudformation:*:*:stack/StackSet-{PREFIX}*"},
            },
            {"Action": [f"cloudformation:{name}" for name in READS], "Resource": "*"},
        ),
    },
    "Outputs": {
        "Administration": {"Value": {"Fn::GetAtt": ["Administration", "Arn"]}},
        "Execution": {"Value": {"Ref": "Execution"}},
    },
}
"""The role that assumes the other one, which may change stacks of experiments alone."""

HANDLE = {"Type": "AWS::CloudFormation::WaitConditionHandle"}
NEVER: Mapping[str, Any] = {
    "Resources": {
        "Handle": HANDLE,
        "Never": {
            "Type": "AWS::CloudFormation::WaitCondition",
            "Properties": {"Handle": {"Ref": "Handle"}, "Timeout": "30", "Count": 1},
        },
    }
}
"""What fails after half a minute: nobody sends the signal that it waits for."""
PARAMETERS: Mapping[str, Any] = {
    "Parameters": {
        "Named": {"Type": "String", "Default": "default"},
        "Omitted": {"Type": "String", "Default": "default"},
    },
    "Resources": {"Handle": HANDLE},
}

_SET = {"StackSetName": "{stack}"}
_OVER = "!contains(['RUNNING', 'QUEUED', 'STOPPING'], StackSetOperation.Status)"


def _output(name: str) -> str:
    return f"Stacks[0].Outputs[?OutputKey=='{name}'].OutputValue | [0]"


def _set(body: Mapping[str, Any], **more: Any) -> tuple[ApiCall, ...]:
    """The stack with the roles, and a stack set of this template."""
    request = {
        **_SET,
        "TemplateBody": body,
        "PermissionModel": "SELF_MANAGED",
        "AdministrationRoleARN": "{administration}",
        "ExecutionRoleName": "{execution}",
        "Tags": [{"Key": TAG, "Value": "{run}"}],
        "ClientRequestToken": "{stack}-set",
        **more,
    }
    saved = {"administration": _output("Administration"), "execution": _output("Execution")}
    return (*created(ROLES, save=saved), ApiCall("cloudformation", "CreateStackSet", request))


def _cell(name: str, region: str = "{region}", **more: Any) -> ApiCall:
    """The creation of a stack instance in this account."""
    request = {**_SET, "Accounts": ["{account}"], "Regions": [region], "OperationId": f"{{stack}}-{name}"}
    return ApiCall("cloudformation", "CreateStackInstances", request, **more)


def _operation(name: str, *, until: str = "", observe: str = "") -> ApiCall:
    request = {**_SET, "OperationId": f"{{stack}}-{name}"}
    keep = "StackSetOperation.[Status, StatusReason]"
    return ApiCall(
        "cloudformation", "DescribeStackSetOperation", request, until=until, observe=observe or name, keep=keep
    )


def _failed_create(seen: Seen) -> Reading:
    claim = "stack-set-failed-create"
    status, *_ = seen.observations["create"].answer
    cell, detail, reason = seen.observations["cell"].answer
    left = seen.observations["left"]
    if status != "FAILED" or "Never" not in (reason or ""):
        return Reading(claim, f"the creation ended with {status}: {reason or 'no reason'}")
    stays = "" if left.refused or left.answer == "DELETE_COMPLETE" else str(left.answer)
    text = f"a stack in {stays} stays" if stays else "no stack stays"
    return Reading(claim, f"{text}; the instance is {cell} ({detail})", agrees=not stays and cell == "OUTDATED")


def _omitted(seen: Seen) -> Reading:
    claim, update = "stack-set-omitted-parameter", seen.observations["accepted"]
    if update.refused:
        return Reading(claim, f"refused: {update.message}")
    values = dict(seen.observations["parameters"].answer or ())
    if values.get("Named") != "changed":
        return Reading(claim, f"the update did not take: {values}")
    meanings = {"given": "keeps its value", "default": "takes the default", None: "has no value"}
    value = values.get("Omitted")
    return Reading(claim, meanings.get(value, f"is {value}"))


def _managed(seen: Seen) -> Reading:
    claim, second = "stack-set-managed-execution", seen.observations["accepted"]
    if second.refused:
        return Reading(claim, f"refused: {second.message}")
    (second_is, *_), (first_is, *_) = (seen.observations[name].answer for name in ("second", "first"))
    if first_is != "RUNNING":
        return Reading(claim, f"the first operation was {first_is} already")
    return Reading(claim, "side by side" if second_is == "RUNNING" else f"one after the other: {second_is}")


COST = "nothing: a stack set and stacks without a resource that is billed"

ROWS = (
    Experiment(
        id="stack-set-failed-create",
        claims=("stack-set-failed-create",),
        question="What does a stack instance leave behind when its creation fails?",
        known="documented, but not what becomes of the stack after its rollback",
        predicts={"nothing": "no stack, and an instance in OUTDATED", "a stack": "one in ROLLBACK_COMPLETE"},
        judgement="assumes that the cell holds nothing and that the next rollout creates it again",
        calls=(
            *_set(NEVER),
            _cell("create"),
            _operation("create", until=_OVER),
            ApiCall(
                "cloudformation",
                "DescribeStackInstance",
                {**_SET, "StackInstanceAccount": "{account}", "StackInstanceRegion": "{region}"},
                observe="cell",
                keep="StackInstance.[Status, StackInstanceStatus.DetailedStatus, StatusReason]",
                save={"left": f"StackInstance.StackId || '{PREFIX}none'"},
            ),
            ApiCall(
                "cloudformation",
                "DescribeStacks",
                {"StackName": "{left}"},
                observe="left",
                keep="Stacks[0].StackStatus",
                may_fail=True,
            ),
        ),
        reads=_failed_create,
        cost=COST,
    ),
    Experiment(
        id="stack-set-omitted-parameter",
        claims=("stack-set-omitted-parameter",),
        question="Which value does a parameter have after an update of the stack set that does not name it?",
        known="UpdateStackSet does not mention it",
        predicts={"kept": "the value that it had", "default": "the template's default", "refused": "an error"},
        judgement="sends every parameter with each update",
        calls=(
            *_set(
                PARAMETERS,
                Parameters=[
                    {"ParameterKey": "Named", "ParameterValue": "given"},
                    {"ParameterKey": "Omitted", "ParameterValue": "given"},
                ],
            ),
            ApiCall(
                "cloudformation",
                "UpdateStackSet",
                {
                    **_SET,
                    "UsePreviousTemplate": True,
                    "Parameters": [{"ParameterKey": "Named", "ParameterValue": "changed"}],
                    "AdministrationRoleARN": "{administration}",
                    "ExecutionRoleName": "{execution}",
                    "OperationId": "{stack}-update",
                },
                observe="accepted",
                keep="OperationId",
                may_fail=True,
            ),
            ApiCall(
                "cloudformation",
                "ListStackSetOperations",
                _SET,
                until="length(Summaries[?contains(['RUNNING', 'QUEUED', 'STOPPING'], Status)]) == `0`",
            ),
            ApiCall(
                "cloudformation",
                "DescribeStackSet",
                _SET,
                observe="parameters",
                keep="StackSet.Parameters[].[ParameterKey, ParameterValue]",
            ),
        ),
        reads=_omitted,
        cost=COST,
    ),
    Experiment(
        id="stack-set-managed-execution",
        claims=("stack-set-managed-execution",),
        question="Do operations on different cells of a set run side by side under managed execution?",
        known="the announcement and the API reference contradict each other",
        predicts={"side by side": "both RUNNING", "one after the other": "the second one QUEUED"},
        judgement="sends one operation after the other",
        calls=(
            *_set(NEVER, ManagedExecution={"Active": True}),
            _cell("first"),
            _cell("second", "{other_region}", observe="accepted", keep="OperationId", may_fail=True),
            _operation("second"),
            _operation("first"),
        ),
        reads=_managed,
        cost=COST,
    ),
)
