from datetime import datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tapctl.sandbox.stack_set_rules import Failure
from tests.support.stack_sets import OTHER_REGION, QUEUE, REGION, Fleet, parameters, reserving

MANY = [f"3{number:011}" for number in range(101)]
"""Accounts without the role: their cells fail at once, without a stack."""


def pages(fleet: Fleet, call: str, **request: Any) -> list[list[dict[str, Any]]]:
    """The summaries of each page of a list."""
    found: list[list[dict[str, Any]]] = []
    token: dict[str, str] = {}
    while not found or token:
        page = getattr(fleet.cloudformation, call)(**request, **token)
        found.append(page["Summaries"])
        token = {"NextToken": page["NextToken"]} if "NextToken" in page else {}
    return found


def test_lists_come_in_pages_of_at_most_100(fleet: Fleet) -> None:
    fleet.create_set()
    fleet.rules(without_role=MANY)
    preferences = {"FailureToleranceCount": 100, "MaxConcurrentCount": 100}
    operation = fleet.begin("create_stack_instances", Accounts=MANY, OperationPreferences=preferences)
    fleet.wait(operation)
    named = {"StackSetName": "s", "OperationId": operation}

    assert [len(page) for page in pages(fleet, "list_stack_instances", StackSetName="s")] == [100, 1]
    assert [len(page) for page in pages(fleet, "list_stack_set_operation_results", **named)] == [100, 1]
    by_forty = pages(fleet, "list_stack_set_operation_results", **named, MaxResults=40)
    assert [len(page) for page in by_forty] == [40, 40, 21]
    assert [result["Account"] for page in by_forty for result in page] == MANY
    for request in ({"MaxResults": 101}, {"NextToken": "x"}):
        with pytest.raises(ClientError, match="ValidationError"):
            fleet.cloudformation.list_stack_instances(StackSetName="s", **request)


def test_sets_and_operations_come_in_pages_too(fleet: Fleet) -> None:
    for name in ("s", "t", "u"):
        fleet.create_set(name=name)
    for _ in range(3):
        fleet.run("update_stack_set", UsePreviousTemplate=True)

    names = [
        [stack_set["StackSetName"] for stack_set in page] for page in pages(fleet, "list_stack_sets", MaxResults=2)
    ]
    assert names == [["s", "t"], ["u"]]
    operations = pages(fleet, "list_stack_set_operations", StackSetName="s", MaxResults=2)
    assert [len(page) for page in operations] == [2, 1]


@pytest.fixture
def half(fleet: Fleet) -> str:
    """An operation that failed in one account and succeeded in another, in two Regions; its id."""
    account, other = fleet.accounts[:2]
    fleet.rules(fail={f"{account}/{region}": Failure("no luck") for region in (REGION, OTHER_REGION)})
    fleet.create_set()
    operation = fleet.begin(
        "create_stack_instances",
        Accounts=[account, other],
        Regions=[REGION, OTHER_REGION],
        OperationPreferences={"FailureToleranceCount": 1},
    )
    fleet.wait(operation)
    return operation


def listed(fleet: Fleet, **request: Any) -> set[str]:
    found = fleet.cloudformation.list_stack_instances(StackSetName="s", **request)["Summaries"]
    return {f"{instance['Account']}/{instance['Region']}" for instance in found}


def filtered(name: str, value: str) -> dict[str, Any]:
    return {"Filters": [{"Name": name, "Values": value}]}


@pytest.mark.usefixtures("half")
def test_instances_are_listed_by_account_region_and_status(fleet: Fleet) -> None:
    account, other = fleet.accounts[:2]

    assert listed(fleet, StackInstanceAccount=account) == {f"{account}/{REGION}", f"{account}/{OTHER_REGION}"}
    assert listed(fleet, StackInstanceRegion=REGION) == {f"{account}/{REGION}", f"{other}/{REGION}"}
    assert listed(fleet, **filtered("DETAILED_STATUS", "FAILED")) == listed(fleet, StackInstanceAccount=account)
    assert listed(fleet, StackInstanceRegion=REGION, **filtered("DETAILED_STATUS", "FAILED")) == {f"{account}/{REGION}"}
    assert listed(fleet, **filtered("DRIFT_STATUS", "DRIFTED")) == set()
    assert len(listed(fleet, **filtered("DRIFT_STATUS", "NOT_CHECKED"))) == 4


def test_instances_are_listed_by_their_last_operation(fleet: Fleet, half: str) -> None:
    other = fleet.accounts[1]
    later = fleet.begin("update_stack_instances", Accounts=[other])
    fleet.wait(later)

    assert listed(fleet, **filtered("LAST_OPERATION_ID", later)) == {f"{other}/{REGION}"}
    assert len(listed(fleet, **filtered("LAST_OPERATION_ID", half))) == 3
    assert fleet.instance(other)["LastOperationId"] == later


def test_results_are_listed_by_status(fleet: Fleet, half: str) -> None:
    found = fleet.cloudformation.list_stack_set_operation_results(
        StackSetName="s", OperationId=half, **filtered("OPERATION_RESULT_STATUS", "FAILED")
    )["Summaries"]

    assert [(result["Account"], result["StatusReason"]) for result in found] == [(fleet.accounts[0], "no luck")] * 2


def test_a_list_of_instances_has_no_overrides(fleet: Fleet) -> None:
    fleet.create_set(reserving())
    fleet.run("create_stack_instances", Accounts=fleet.accounts[:1], ParameterOverrides=parameters(Reserved=1))

    (summary,) = fleet.cloudformation.list_stack_instances(StackSetName="s")["Summaries"]

    assert "ParameterOverrides" not in summary
    assert fleet.instance(fleet.accounts[0])["ParameterOverrides"] == parameters(Reserved=1)
    assert summary["StackId"] == fleet.instance(fleet.accounts[0])["StackId"]


def test_a_set_is_described_with_what_it_was_made_of(fleet: Fleet) -> None:
    fleet.create_set(reserving(), Description="d", Tags=[{"Key": "k", "Value": "v"}])
    fleet.run("create_stack_instances", Accounts=fleet.accounts[:1], Regions=[REGION, OTHER_REGION])

    found = fleet.cloudformation.describe_stack_set(StackSetName="s")["StackSet"]

    assert found.pop("StackSetARN").startswith(f"arn:aws:cloudformation:{REGION}:{fleet.admin}:stackset/s:")
    assert found.pop("StackSetId").startswith("s:")
    assert '"Reserved"' in found.pop("TemplateBody")
    assert found == {
        "StackSetName": "s",
        "Description": "d",
        "Status": "ACTIVE",
        "Parameters": parameters(Reserved=0),
        "Capabilities": [],
        "Tags": [{"Key": "k", "Value": "v"}],
        "PermissionModel": "SELF_MANAGED",
        "ManagedExecution": {"Active": False},
        "OrganizationalUnitIds": [],
        "Regions": [OTHER_REGION, REGION],
    }


def test_the_value_of_a_noecho_parameter_is_hidden_and_used(fleet: Fleet) -> None:
    key = {"Type": "String", "NoEcho": True}
    topic = {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Ref": "Secret"}}}
    template = {"Parameters": {"Secret": key}, "Resources": {"T": topic}}
    fleet.create_set(template, Parameters=parameters(Secret="hush<&>"))
    fleet.run("create_stack_instances", Accounts=fleet.accounts[:1])

    found = fleet.cloudformation.describe_stack_set(StackSetName="s")["StackSet"]
    assert found["Parameters"] == parameters(Secret="****")
    client = fleet.client("sns", fleet.accounts[0])
    (topic,) = client.list_topics()["Topics"]
    assert client.get_topic_attributes(TopicArn=topic["TopicArn"])["Attributes"]["DisplayName"] == "hush<&>"


def test_an_operation_is_described_with_its_preferences_and_times(fleet: Fleet) -> None:
    fleet.create_set()
    preferences = {"FailureToleranceCount": 2, "MaxConcurrentCount": 3, "RegionOrder": [REGION]}
    fleet.run("create_stack_instances", OperationPreferences=preferences)
    operation = fleet.begin("delete_stack_instances", OperationPreferences=preferences)
    fleet.wait(operation)

    found = fleet.operation(operation)

    assert (found["Action"], found["RetainStacks"], found["OperationPreferences"]) == ("DELETE", False, preferences)
    assert isinstance(found["CreationTimestamp"], datetime)
    assert found["CreationTimestamp"] <= found["EndTimestamp"]
    listed = fleet.cloudformation.list_stack_set_operations(StackSetName="s")["Summaries"]
    assert [summary["Action"] for summary in listed] == ["DELETE", "CREATE"]


@pytest.mark.parametrize(
    ("call", "request_", "code"),
    [
        ("describe_stack_set_operation", {"OperationId": "x"}, "OperationNotFoundException"),
        ("list_stack_set_operation_results", {"OperationId": "x"}, "OperationNotFoundException"),
        (
            "describe_stack_instance",
            {"StackInstanceAccount": "111111111111", "StackInstanceRegion": REGION},
            "StackInstanceNotFoundException",
        ),
    ],
)
def test_a_missing_instance_or_operation_is_not_described(
    fleet: Fleet, call: str, request_: dict[str, str], code: str
) -> None:
    assert fleet.refusal(call, **request_).startswith("StackSetNotFoundException")
    fleet.create_set(QUEUE)
    assert fleet.refusal(call, **request_).startswith(code)
