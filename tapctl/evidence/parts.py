"""The building blocks of rows: templates of stacks, and calls that most experiments make."""

from collections.abc import Mapping
from typing import Any

from tapctl.evidence.experiment import TAG, ApiCall
from tapctl.resource_types import FUNCTION

ROLE: Mapping[str, Any] = {
    "Type": "AWS::IAM::Role",
    "Properties": {
        "AssumeRolePolicyDocument": {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
            ],
        }
    },
}
"""A role without a permission."""


def function(name: str = "{stack}", **properties: Any) -> dict[str, Any]:
    """A function that nothing invokes."""
    fixed = {
        "FunctionName": name,
        "Runtime": "python3.13",
        "Handler": "index.handler",
        "Role": {"Fn::GetAtt": ["Role", "Arn"]},
        "Code": {"ZipFile": "def handler(event, context): return 1"},
    }
    return {"Type": FUNCTION, "Properties": {**fixed, **properties}}


def template(**resources: Mapping[str, Any]) -> dict[str, Any]:
    """A template with these resources and a role for its functions."""
    return {"Resources": {"Role": ROLE, **resources}}


_WAIT = "Stacks[0].StackStatus != 'REVIEW_IN_PROGRESS' && !ends_with(Stacks[0].StackStatus, 'IN_PROGRESS')"
_STACK = {"StackName": "{stack}"}


def created(body: Mapping[str, Any], *, save: Mapping[str, str] | None = None) -> tuple[ApiCall, ...]:
    """A stack of this template; it has to succeed. `save` keeps values of DescribeStacks."""
    request = {
        **_STACK,
        "TemplateBody": body,
        "Capabilities": ["CAPABILITY_IAM"],
        "Tags": [{"Key": TAG, "Value": "{run}"}],
        "ClientRequestToken": "{stack}-create",
    }
    waited = ApiCall(
        "cloudformation",
        "DescribeStacks",
        _STACK,
        until=_WAIT,
        require="Stacks[0].StackStatus == 'CREATE_COMPLETE'",
        observe="created",
        keep="Stacks[0].[StackStatus, StackStatusReason]",
        save=save or {},
    )
    return ApiCall("cloudformation", "CreateStack", request), waited


def updated(
    body: Mapping[str, Any], *, observe: str = "updated", require: str = "", **more: Any
) -> tuple[ApiCall, ...]:
    """An update of the stack to this template, as it ends; `more` are further parameters of UpdateStack."""
    request = {
        **_STACK,
        **more,
        "TemplateBody": body,
        "Capabilities": ["CAPABILITY_IAM"],
        "ClientRequestToken": "{stack}-" + observe,
    }
    waited = ApiCall(
        "cloudformation",
        "DescribeStacks",
        _STACK,
        until=_WAIT,
        require=require,
        observe=observe,
        keep="Stacks[0].[StackStatus, StackStatusReason]",
    )
    return ApiCall("cloudformation", "UpdateStack", request), waited


UPDATED = "Stacks[0].StackStatus == 'UPDATE_COMPLETE'"

EVENTS = ApiCall(
    "cloudformation",
    "DescribeStackEvents",
    _STACK,
    observe="events",
    keep="reverse(StackEvents)[].[LogicalResourceId, ResourceStatus, ResourceStatusReason, ClientRequestToken]",
)
"""The events of the stack, the first first: logical id, status, reason and token."""


def change_set(name: str, body: Mapping[str, Any], *more: ApiCall) -> tuple[ApiCall, ...]:
    """A change set of the stack that is described, asked the further calls, and deleted; it is never executed."""
    named = {**_STACK, "ChangeSetName": name}
    request = {**named, "TemplateBody": body, "Capabilities": ["CAPABILITY_IAM"]}
    described = ApiCall(
        "cloudformation",
        "DescribeChangeSet",
        named,
        until="contains(['CREATE_COMPLETE', 'FAILED'], Status)",
        observe=name,
        keep="{Status: Status, StatusReason: StatusReason, "
        "Changes: Changes[].ResourceChange.[LogicalResourceId, Action, Replacement]}",
        may_fail=True,
    )
    return (
        ApiCall("cloudformation", "CreateChangeSet", request),
        described,
        *more,
        ApiCall("cloudformation", "DeleteChangeSet", named),
    )


def reserve(
    value: str | int, *, observe: str = "", may_fail: bool = False, name: str = "{stack}", undo: bool = False
) -> ApiCall:
    """A reservation for the experiment's own function."""
    named = {"FunctionName": name}
    return ApiCall(
        "lambda",
        "PutFunctionConcurrency",
        {**named, "ReservedConcurrentExecutions": value},
        observe=observe,
        may_fail=may_fail,
        undo=ApiCall("lambda", "DeleteFunctionConcurrency", named) if undo else None,
    )


def account_settings(observe: str, *, until: str = "") -> ApiCall:
    return ApiCall(
        "lambda",
        "GetAccountSettings",
        observe=observe,
        until=until,
        keep="AccountLimit.{ConcurrentExecutions: ConcurrentExecutions, "
        "UnreservedConcurrentExecutions: UnreservedConcurrentExecutions}",
    )
