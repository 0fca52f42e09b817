import json
from typing import Any

import pytest

from tests.support.sandbox_clients import function
from tests.support.stack_sets import OTHER_REGION, QUEUE, REGION, Fleet, parameters, reserving

TWO_CELLS = {"FailureToleranceCount": 1, "MaxConcurrentCount": 2}
WITH_LABEL = {
    "Parameters": {**reserving()["Parameters"], "Label": {"Type": "String", "Default": "a"}},
    "Resources": reserving()["Resources"],
}


def labelled(delay: str = "1") -> dict[str, Any]:
    """A template with two parameters that a queue shows."""
    return {
        "Parameters": {"Delay": {"Type": "Number", "Default": delay}, "Size": {"Type": "Number", "Default": 1024}},
        "Resources": {
            "Q": {
                "Type": "AWS::SQS::Queue",
                "Properties": {"DelaySeconds": {"Ref": "Delay"}, "MaximumMessageSize": {"Ref": "Size"}},
            }
        },
    }


def queue(fleet: Fleet, account: str, region: str = REGION) -> tuple[str, str]:
    """The values of both parameters as the queue of an account has them."""
    client = fleet.client("sqs", account, region)
    (url,) = client.list_queues()["QueueUrls"]
    found = client.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    return found["DelaySeconds"], found["MaximumMessageSize"]


def test_each_cell_has_a_real_stack_of_its_own(fleet: Fleet) -> None:
    fleet.create_set(reserving())
    account, other = fleet.accounts[:2]

    made = fleet.run("create_stack_instances", Accounts=[account, other], Regions=[REGION, OTHER_REGION])

    cells = {f"{target}/{region}" for target in (account, other) for region in (REGION, OTHER_REGION)}
    assert made == dict.fromkeys(cells, "SUCCEEDED")
    assert fleet.instances() == dict.fromkeys(cells, "CURRENT")
    (name,) = fleet.stacks(account)
    assert name.startswith("StackSet-s-")
    assert fleet.instance(account)["StackId"].split("/")[1] == name
    assert fleet.stacks(other, OTHER_REGION) != {}
    assert fleet.reserved(account) == [0]


def test_a_cell_beyond_its_limit_fails_with_the_reason_of_its_stack(fleet: Fleet) -> None:
    fleet.create_set(reserving())
    account, other = fleet.accounts[:2]
    fleet.limits(account, 10)
    fleet.run("create_stack_instances", Accounts=[account, other])

    operation = fleet.begin(
        "update_stack_instances",
        Accounts=[account, other],
        ParameterOverrides=parameters(Reserved=5),
        OperationPreferences=TWO_CELLS,
    )

    assert fleet.wait(operation) == "SUCCEEDED"
    assert fleet.operation(operation)["StatusDetails"] == {"FailedStackInstancesCount": 1}
    result = fleet.results(operation)[f"{account}/{REGION}"]
    assert result["Status"] == "FAILED"
    assert result["StatusReason"].startswith(
        "ResourceLogicalId:Fn, ResourceType:AWS::Lambda::Function,"
        ' ResourceStatusReason:Resource handler returned message: "Specified ReservedConcurrentExecutions'
    )
    assert "minimum value of [10]" in result["StatusReason"]
    assert fleet.instances() == {f"{account}/{REGION}": "OUTDATED", f"{other}/{REGION}": "CURRENT"}
    assert list(fleet.stacks(account).values()) == ["UPDATE_ROLLBACK_COMPLETE"]
    assert (fleet.reserved(account), fleet.reserved(other)) == ([0], [5])


def test_limits_of_one_region_hold_there_alone(fleet: Fleet) -> None:
    fleet.create_set(reserving(5))
    account = fleet.accounts[0]
    fleet.limits(f"{account}/{OTHER_REGION}", 10)

    made = fleet.run("create_stack_instances", Accounts=[account], Regions=[REGION, OTHER_REGION])

    assert made == {f"{account}/{REGION}": "SUCCEEDED", f"{account}/{OTHER_REGION}": "FAILED"}


def test_deleted_instances_leave_no_stack(fleet: Fleet) -> None:
    fleet.create_set()
    fleet.run("create_stack_instances")

    assert set(fleet.run("delete_stack_instances").values()) == {"SUCCEEDED"}
    fleet.cloudformation.delete_stack_set(StackSetName="s")

    assert [fleet.stacks(account) for account in fleet.accounts] == [{}] * 4
    assert fleet.cloudformation.list_stack_sets(Status="ACTIVE")["Summaries"] == []
    assert [stack_set["Status"] for stack_set in fleet.cloudformation.list_stack_sets()["Summaries"]] == ["DELETED"]


def test_retained_stacks_are_left_when_their_instances_go(fleet: Fleet) -> None:
    fleet.create_set()
    fleet.run("create_stack_instances")

    fleet.run("delete_stack_instances", RetainStacks=True)

    assert fleet.instances() == {}
    assert [len(fleet.stacks(account)) for account in fleet.accounts] == [1] * 4


def test_only_cells_with_an_instance_are_deleted(fleet: Fleet) -> None:
    fleet.create_set()
    account, other = fleet.accounts[:2]
    fleet.run("create_stack_instances", Accounts=[account])

    assert fleet.run("delete_stack_instances", Accounts=[account, other]) == {f"{account}/{REGION}": "SUCCEEDED"}


def test_an_override_list_is_replaced_whole(fleet: Fleet) -> None:
    fleet.create_set(labelled())
    account = fleet.accounts[0]

    def override(**request: Any) -> tuple[str, str]:
        assert set(fleet.run("update_stack_instances", Accounts=[account], **request).values()) == {"SUCCEEDED"}
        return queue(fleet, account)

    fleet.run("create_stack_instances", Accounts=[account], ParameterOverrides=parameters(Delay=2, Size=2048))
    assert queue(fleet, account) == ("2", "2048")
    assert override() == ("2", "2048")
    assert override(ParameterOverrides=parameters(Delay=3)) == ("3", "1024")
    kept = {"ParameterKey": "Delay", "UsePreviousValue": True}
    assert override(ParameterOverrides=[kept, *parameters(Size=4096)]) == ("3", "4096")
    assert override(ParameterOverrides=parameters(Size=4096)) == ("1", "4096")
    assert fleet.instance(account)["ParameterOverrides"] == parameters(Size=4096)
    assert override(ParameterOverrides=[]) == ("1", "1024")
    previous = [{"ParameterKey": "Size", "UsePreviousValue": True}]
    assert override(ParameterOverrides=previous) == ("1", "1024")
    assert fleet.instance(account).get("ParameterOverrides", []) == []


def test_overrides_outlive_an_update_of_the_set(fleet: Fleet) -> None:
    fleet.create_set(labelled())
    account, other = fleet.accounts[:2]
    fleet.run("create_stack_instances", Accounts=[account, other])
    fleet.run("update_stack_instances", Accounts=[account], ParameterOverrides=parameters(Delay=5))

    fleet.run("update_stack_set", UsePreviousTemplate=True, Parameters=parameters(Delay=7, Size=2048))

    assert (queue(fleet, account), queue(fleet, other)) == (("5", "2048"), ("7", "2048"))


def test_an_update_names_only_cells_with_an_instance_or_does_nothing(fleet: Fleet) -> None:
    fleet.create_set(labelled())
    account, other = fleet.accounts[:2]
    fleet.run("create_stack_instances", Accounts=[account])

    wanted: dict[str, Any] = {"Accounts": [account, other], "ParameterOverrides": parameters(Delay=9)}
    assert fleet.refusal("update_stack_instances", **wanted).startswith("StackInstanceNotFoundException")
    targets: dict[str, Any] = {"Accounts": [account, other], "Regions": [REGION], "UsePreviousTemplate": True}
    assert fleet.refusal("update_stack_set", **targets).startswith("StackInstanceNotFoundException")

    assert queue(fleet, account) == ("1", "1024")
    assert len(fleet.cloudformation.list_stack_set_operations(StackSetName="s")["Summaries"]) == 1


def test_a_new_parameter_reaches_the_set_before_an_override(fleet: Fleet) -> None:
    fleet.create_set(reserving())
    fleet.run("create_stack_instances", Accounts=fleet.accounts[:1])
    new: dict[str, Any] = {"Accounts": fleet.accounts[:1], "ParameterOverrides": parameters(Label="b")}

    assert fleet.refusal("update_stack_instances", **new) == (
        "ValidationError: Parameters: [Label] do not exist in the template"
    )
    fleet.run("update_stack_set", TemplateBody=json.dumps(WITH_LABEL))
    assert set(fleet.run("update_stack_instances", **new).values()) == {"SUCCEEDED"}


def test_an_update_of_the_set_reaches_all_instances(fleet: Fleet) -> None:
    fleet.create_set(labelled())
    fleet.run("create_stack_instances", Accounts=fleet.accounts[:2])

    updated = fleet.run("update_stack_set", TemplateBody=json.dumps(labelled(delay="3")))

    assert updated == {f"{account}/{REGION}": "SUCCEEDED" for account in fleet.accounts[:2]}
    # The set kept the value that it had: a default counts where there is none.
    assert queue(fleet, fleet.accounts[0]) == ("1", "1024")


def test_an_update_of_some_cells_leaves_the_others_outdated(fleet: Fleet) -> None:
    fleet.create_set(labelled())
    account, other = fleet.accounts[:2]
    fleet.run("create_stack_instances", Accounts=[account, other])
    some: dict[str, Any] = {"Accounts": [account], "Regions": [REGION], "UsePreviousTemplate": True}

    fleet.run("update_stack_set", **some, Description="new")
    assert set(fleet.instances().values()) == {"CURRENT"}
    fleet.run("update_stack_set", **some, Parameters=parameters(Delay=4))

    assert fleet.instances() == {f"{account}/{REGION}": "CURRENT", f"{other}/{REGION}": "OUTDATED"}
    assert fleet.instance(other)["StackInstanceStatus"] == {"DetailedStatus": "PENDING"}
    assert (queue(fleet, account), queue(fleet, other)) == (("4", "1024"), ("1", "1024"))
    fleet.run("update_stack_instances", Accounts=[other])
    assert fleet.instances()[f"{other}/{REGION}"] == "CURRENT"
    assert queue(fleet, other) == ("4", "1024")


def test_a_failed_update_of_the_set_keeps_its_new_values(fleet: Fleet) -> None:
    fleet.create_set(reserving())
    account = fleet.accounts[0]
    fleet.limits(account, 10)
    fleet.run("create_stack_instances", Accounts=[account])

    operation = fleet.begin("update_stack_set", UsePreviousTemplate=True, Parameters=parameters(Reserved=5))

    assert fleet.wait(operation) == "FAILED"
    assert fleet.cloudformation.describe_stack_set(StackSetName="s")["StackSet"]["Parameters"] == parameters(Reserved=5)
    assert (fleet.instances(), fleet.reserved(account)) == ({f"{account}/{REGION}": "OUTDATED"}, [0])


@pytest.mark.parametrize(
    ("rule", "given", "expected"),
    [
        pytest.param("keep", {}, {"Delay": "3", "Size": "2048"}, id="all are kept"),
        pytest.param("keep", {"Size": 4096}, {"Delay": "3", "Size": "4096"}, id="the others are kept"),
        pytest.param("default", {"Size": 4096}, {"Delay": "1", "Size": "4096"}, id="the others take their defaults"),
        pytest.param("default", {}, {"Delay": "1", "Size": "1024"}, id="all take their defaults"),
    ],
)
def test_parameters_that_an_update_leaves_out(
    fleet: Fleet, rule: str, given: dict[str, object], expected: dict[str, str]
) -> None:
    fleet.rules(omitted_parameters=rule)
    fleet.create_set(labelled(), Parameters=parameters(Delay=3, Size=2048))

    more: dict[str, Any] = {"Parameters": parameters(**given)} if given else {}
    fleet.run("update_stack_set", UsePreviousTemplate=True, **more)

    found = fleet.cloudformation.describe_stack_set(StackSetName="s")["StackSet"]["Parameters"]
    assert {parameter["ParameterKey"]: parameter["ParameterValue"] for parameter in found} == expected


def test_the_set_has_a_value_for_each_parameter(fleet: Fleet) -> None:
    body = json.dumps(reserving(None))

    assert fleet.refusal("create_stack_set", TemplateBody=body) == (
        "ValidationError: Parameters: [Reserved] must have values"
    )
    fleet.create_set(labelled())
    assert fleet.refusal("update_stack_set", TemplateBody=body).endswith("Parameters: [Reserved] must have values")
    both = [{"ParameterKey": "Delay", "ParameterValue": "1", "UsePreviousValue": True}]
    assert fleet.refusal("update_stack_set", UsePreviousTemplate=True, Parameters=both).startswith("ValidationError")


@pytest.mark.parametrize(
    "request_",
    [
        pytest.param({}, id="no template"),
        pytest.param({"TemplateBody": "{"}, id="an unreadable template"),
        pytest.param({"TemplateBody": json.dumps(QUEUE), "Parameters": parameters(X=1)}, id="an unknown parameter"),
        pytest.param({"TemplateBody": json.dumps(QUEUE), "name": "1s"}, id="a name that begins with a digit"),
        pytest.param({"TemplateURL": "http://x/bucket/key"}, id="a template that is not there"),
    ],
)
def test_an_invalid_template_of_a_stack_set_is_refused(fleet: Fleet, request_: dict[str, Any]) -> None:
    assert fleet.refusal("create_stack_set", **request_).startswith("ValidationError")


def test_a_template_behind_a_url_may_be_larger_than_one_in_a_request(fleet: Fleet) -> None:
    large = {**QUEUE, "Metadata": {"Text": "x" * 60_000}}
    fleet.client("s3").create_bucket(Bucket="templates")
    fleet.client("s3").put_object(Bucket="templates", Key="t.json", Body=json.dumps(large))

    fleet.cloudformation.create_stack_set(StackSetName="s", TemplateURL=f"{fleet.sandbox.endpoint}/templates/t.json")

    assert set(fleet.run("create_stack_instances").values()) == {"SUCCEEDED"}
    assert fleet.refusal("create_stack_set", name="t", TemplateBody=json.dumps(large)).startswith("ValidationError")


@pytest.mark.parametrize("given", [[], ["CAPABILITY_IAM"]])
def test_capabilities_are_acknowledged_in_every_call_with_a_template(fleet: Fleet, given: list[str]) -> None:
    role = {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "r", "AssumeRolePolicyDocument": {}}}
    body = json.dumps({"Resources": {"R": role}})
    named = ["CAPABILITY_NAMED_IAM"]

    refused = "InsufficientCapabilitiesException: Requires capabilities : [CAPABILITY_NAMED_IAM]"
    assert fleet.refusal("create_stack_set", TemplateBody=body, Capabilities=given) == refused
    fleet.cloudformation.create_stack_set(StackSetName="s", TemplateBody=body, Capabilities=named)
    assert fleet.refusal("update_stack_set", UsePreviousTemplate=True, Capabilities=given) == refused
    fleet.run("update_stack_set", UsePreviousTemplate=True, Capabilities=named)


def test_a_macro_runs_in_a_self_managed_set_that_acknowledges_it(fleet: Fleet) -> None:
    code = {"InlineCode": "def handle(*_): return 1", "Runtime": "python3.11", "Handler": "index.handle"}
    fn = {"Type": "AWS::Serverless::Function", "Properties": {**code, "ReservedConcurrentExecutions": 3}}
    body = json.dumps({"Transform": "AWS::Serverless-2016-10-31", "Resources": {"Fn": fn}})
    capabilities = ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]

    assert fleet.refusal("create_stack_set", TemplateBody=body, Capabilities=capabilities[:1]).startswith(
        "InsufficientCapabilitiesException"
    )
    fleet.cloudformation.create_stack_set(StackSetName="s", TemplateBody=body, Capabilities=capabilities)
    fleet.run("create_stack_instances", Accounts=fleet.accounts[:1])

    assert fleet.reserved(fleet.accounts[0]) == [3]


def test_a_set_is_known_by_name_and_id_in_its_region_alone(fleet: Fleet) -> None:
    fleet.create_set()
    known = fleet.cloudformation.describe_stack_set(StackSetName="s")["StackSet"]["StackSetId"]

    assert fleet.cloudformation.describe_stack_set(StackSetName=known)["StackSet"]["StackSetName"] == "s"
    elsewhere = fleet.client("cloudformation", region=OTHER_REGION)
    with pytest.raises(elsewhere.exceptions.StackSetNotFoundException):
        elsewhere.describe_stack_set(StackSetName="s")
    stranger = fleet.client("cloudformation", fleet.accounts[0])
    assert stranger.list_stack_sets()["Summaries"] == []


def test_a_name_is_taken_until_its_set_is_deleted(fleet: Fleet) -> None:
    body = json.dumps(QUEUE)
    first = fleet.cloudformation.create_stack_set(StackSetName="s", TemplateBody=body, ClientRequestToken="t")

    again = fleet.cloudformation.create_stack_set(StackSetName="s", TemplateBody=body, ClientRequestToken="t")
    assert again["StackSetId"] == first["StackSetId"]
    assert fleet.refusal("create_stack_set", TemplateBody=body).startswith("NameAlreadyExistsException")
    fleet.cloudformation.delete_stack_set(StackSetName="s")
    assert fleet.refusal("describe_stack_set").startswith("StackSetNotFoundException")
    fleet.create_set()


def test_a_set_with_instances_is_not_deleted(fleet: Fleet) -> None:
    fleet.create_set()
    fleet.run("create_stack_instances", Accounts=fleet.accounts[:1])

    assert fleet.refusal("delete_stack_set").startswith("StackSetNotEmptyException")
    fleet.cloudformation.delete_stack_set(StackSetName="other")


def test_one_operation_at_a_time(fleet: Fleet) -> None:
    fleet.hold()
    fleet.create_set()
    operation = fleet.begin("create_stack_instances", Accounts=fleet.accounts[:1])

    busy = "OperationInProgressException: Another Operation on StackSet arn:aws:cloudformation:us-east-1:"
    assert fleet.refusal("create_stack_instances", Accounts=fleet.accounts[1:2]).startswith(busy)
    assert fleet.refusal("update_stack_set", UsePreviousTemplate=True).startswith(busy)
    assert fleet.refusal("delete_stack_set").startswith(busy)
    fleet.release()
    assert fleet.wait(operation) == "SUCCEEDED"
    assert len(fleet.instances()) == 1


def test_an_operation_id_is_used_once_in_a_set(fleet: Fleet) -> None:
    fleet.create_set()
    fleet.run("create_stack_instances", OperationId="mine")

    assert fleet.refusal("create_stack_instances", OperationId="mine").startswith("OperationIdAlreadyExistsException")
    fleet.create_set(name="t")
    assert fleet.begin("create_stack_instances", name="t", OperationId="mine") == "mine"
    fleet.wait("mine", name="t")


def test_a_later_operation_retries_outdated_instances(fleet: Fleet) -> None:
    fleet.create_set(reserving(5))
    account, other = fleet.accounts[:2]
    fleet.limits(account, 10)
    accounts: dict[str, Any] = {"Accounts": [account, other], "OperationPreferences": TWO_CELLS}
    fleet.run("create_stack_instances", **accounts)
    assert fleet.instances()[f"{account}/{REGION}"] == "OUTDATED"

    fleet.limits(account, 1000)
    assert set(fleet.run("create_stack_instances", **accounts).values()) == {"SUCCEEDED"}

    assert set(fleet.instances().values()) == {"CURRENT"}
    assert len(fleet.stacks(account)) == 1


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        pytest.param({"Regions": []}, "Regions must be specified", id="no Region"),
        pytest.param({"Accounts": []}, "Accounts must be specified", id="no account"),
        pytest.param({"Accounts": ["12"]}, "12 digits", id="a short account id"),
        pytest.param(
            {"OperationPreferences": {"MaxConcurrentCount": 1, "MaxConcurrentPercentage": 1}},
            "but not both",
            id="two ways to say the concurrency",
        ),
        pytest.param(
            {"OperationPreferences": {"FailureToleranceCount": 1, "FailureTolerancePercentage": 1}},
            "but not both",
            id="two ways to say the tolerance",
        ),
        pytest.param(
            {"DeploymentTargets": {"OrganizationalUnitIds": ["ou-abcd-12345678"]}},
            "can only have accounts as target",
            id="a unit of an organization",
        ),
        pytest.param(
            {"Accounts": ["111111111111"], "DeploymentTargets": {"Accounts": ["111111111111"]}},
            "but not both",
            id="two kinds of targets",
        ),
        pytest.param(
            {"DeploymentTargets": {"AccountsUrl": "s3://bucket/key.csv"}}, "AccountsUrl", id="a file of accounts"
        ),
    ],
)
def test_targets_and_preferences_that_no_operation_can_have(fleet: Fleet, request_: dict[str, Any], words: str) -> None:
    fleet.create_set()

    assert words in fleet.refusal("create_stack_instances", **request_)


def test_a_customized_administration_role_is_named_in_every_update(fleet: Fleet) -> None:
    role = f"arn:aws:iam::{fleet.admin}:role/Mine"
    fleet.create_set(AdministrationRoleARN=role, ExecutionRoleName="Theirs")

    assert fleet.refusal("update_stack_set", UsePreviousTemplate=True).startswith("ValidationError")
    operation = fleet.begin("update_stack_set", UsePreviousTemplate=True, AdministrationRoleARN=role)
    fleet.wait(operation)
    found = fleet.operation(operation)
    assert (found["AdministrationRoleARN"], found["ExecutionRoleName"]) == (role, "Theirs")


def test_tags_and_description_reach_the_stacks_or_stay(fleet: Fleet) -> None:
    account = fleet.accounts[0]
    fleet.create_set(Tags=[{"Key": "team", "Value": "a"}], Description="d")
    fleet.run("create_stack_instances", Accounts=[account])

    def tags() -> list[dict[str, str]]:
        (stack,) = fleet.client("cloudformation", account).describe_stacks()["Stacks"]
        return list(stack["Tags"])

    assert tags() == [{"Key": "team", "Value": "a"}]
    fleet.run("update_stack_set", UsePreviousTemplate=True)
    assert tags() == [{"Key": "team", "Value": "a"}]
    fleet.run("update_stack_set", UsePreviousTemplate=True, Tags=[{"Key": "team", "Value": "b"}])
    assert tags() == [{"Key": "team", "Value": "b"}]
    assert fleet.cloudformation.describe_stack_set(StackSetName="s")["StackSet"]["Description"] == "d"


def test_a_stop_cancels_waiting_cells_and_lets_running_ones_end(fleet: Fleet) -> None:
    fleet.hold()
    fleet.create_set()
    operation = fleet.begin("create_stack_instances")
    fleet.cloudformation.stop_stack_set_operation(StackSetName="s", OperationId=operation)

    assert fleet.operation(operation)["Status"] == "STOPPING"
    fleet.release()
    assert fleet.wait(operation) == "STOPPED"

    first, *others = fleet.accounts
    statuses = {cell: result["Status"] for cell, result in fleet.results(operation).items()}
    assert statuses == {f"{first}/{REGION}": "SUCCEEDED"} | {f"{account}/{REGION}": "CANCELLED" for account in others}
    assert fleet.instance(others[0])["StackInstanceStatus"] == {"DetailedStatus": "CANCELLED"}
    assert fleet.refusal("stop_stack_set_operation", OperationId=operation).startswith("InvalidOperationException")
    assert fleet.refusal("stop_stack_set_operation", OperationId="x").startswith("OperationNotFoundException")


def test_a_function_without_a_parameter_keeps_its_reservation(fleet: Fleet) -> None:
    fleet.create_set({"Resources": {"Fn": function(ReservedConcurrentExecutions=7)}})
    fleet.run("create_stack_instances", Accounts=fleet.accounts[:1])

    assert fleet.reserved(fleet.accounts[0]) == [7]
