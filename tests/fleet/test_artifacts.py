"""Code and templates of a fleet: how a template names them, and buckets that every account may read."""

import json
from pathlib import Path
from typing import Any

import pytest

from tapctl.errors import ExitCode, TemplateError, UsageError
from tapctl.fleet.artifacts import RegionalStore
from tapctl.packaging.package import MAX_BODY
from tests.support.golden import Golden
from tests.support.queued_answers import offline_aws
from tests.support.rollouts import SET, FakeUI, FleetProject, both_regions, reserving
from tests.support.sandbox_clients import function
from tests.support.stack_sets import OTHER_REGION, REGION

BUCKET = "tapctl-artifacts-123456789012-${AWS::Region}"
STORE = RegionalStore(offline_aws(), None, "123456789012")


def test_each_text_that_names_the_bucket_is_completed_by_cloudformation() -> None:
    body = {
        "Code": {"S3Bucket": BUCKET, "S3Key": "k.zip"},
        "List": [{"Script": f"s3://{BUCKET}/s"}, "other", 5],
        "TemplateURL": STORE.url("k.template"),
    }

    assert STORE.placed(body) == {
        "Code": {"S3Bucket": {"Fn::Sub": BUCKET}, "S3Key": "k.zip"},
        "List": [{"Script": {"Fn::Sub": f"s3://{BUCKET}/s"}}, "other", 5],
        "TemplateURL": {"Fn::Sub": f"https://s3.${{AWS::Region}}.${{AWS::URLSuffix}}/{BUCKET}/k.template"},
    }


def test_sam_takes_no_function_around_a_uri() -> None:
    assert STORE.placed({"CodeUri": f"s3://{BUCKET}/k.zip"}) == {
        "CodeUri": {"Bucket": {"Fn::Sub": BUCKET}, "Key": "k.zip"}
    }


def test_a_configured_bucket_is_one_of_each_region() -> None:
    assert RegionalStore(offline_aws(), "mine-{region}", "1").bucket == "mine-${AWS::Region}"


@pytest.fixture
def coded(project: FleetProject, function_folder: Path) -> FleetProject:
    """A project whose template has a function with code in a folder."""
    project.section = both_regions()
    project.template({"Resources": {"Fn": function(Code=str(function_folder.name), Handler="index.handle")}})
    return project


def policy(project: FleetProject, region: str) -> list[dict[str, Any]]:
    bucket = f"tapctl-artifacts-{project.fleet.admin}-{region}"
    found = project.fleet.client("s3", region=region).get_bucket_policy(Bucket=bucket)["Policy"]
    return [statement for statement in json.loads(found)["Statement"] if statement["Sid"].startswith("TapctlFleetRead")]


def test_each_region_has_a_bucket_that_the_accounts_may_read(coded: FleetProject) -> None:
    rollout = coded.deploy(ui := FakeUI())

    assert (rollout.exit_code, len(rollout.deployed)) == (ExitCode.OK, 8)
    assert sum("uploaded" in step for step in ui.steps) == 2
    roots = [f"arn:aws:iam::{account}:root" for account in sorted(coded.fleet.accounts)]
    for region in (REGION, OTHER_REGION):
        assert [statement["Principal"] for statement in policy(coded, region)] == [{"AWS": roots}]
        client = coded.fleet.client("lambda", coded.fleet.accounts[1], region)
        name = client.list_functions()["Functions"][0]["FunctionName"]
        assert client.invoke(FunctionName=name)["Payload"].read() == b"1"
    assert coded.deploy().ends == []


def test_an_organization_is_let_in_beside_the_accounts_that_are_named(coded: FleetProject) -> None:
    store = coded.request().accounts.cell(REGION)
    coded.section = {}
    coded.deploy()
    from tapctl.packaging.bucket import ArtifactStore

    ArtifactStore(store, None, coded.fleet.admin).grant(["999999999999"], "")
    ArtifactStore(store, None, coded.fleet.admin).grant([], "o-abcdefghij")

    accounts, organization = policy(coded, REGION)
    assert len(accounts["Principal"]["AWS"]) == 5
    assert organization["Condition"] == {"StringEquals": {"aws:PrincipalOrgID": "o-abcdefghij"}}


def test_a_long_template_is_uploaded_where_the_stack_set_is(project: FleetProject) -> None:
    body = reserving(300)
    project.template({**body, "Metadata": {"Notes": "x" * MAX_BODY}})

    rollout = project.deploy(ui := FakeUI())

    assert (rollout.exit_code, len(rollout.deployed)) == (ExitCode.OK, 4)
    assert any(step.startswith("the template: ") for step in ui.steps)
    assert project.deploy().ends == []


def test_a_bucket_of_one_region_is_refused_before_anything_is_made(coded: FleetProject, golden: Golden) -> None:
    coded.settings = {"artifact_bucket": "mine"}

    with pytest.raises(UsageError) as failure:
        coded.deploy()

    golden(failure.value)
    assert coded.fleet.cloudformation.list_stack_sets()["Summaries"] == []


def test_a_macro_is_refused_before_anything_is_made(project: FleetProject, golden: Golden) -> None:
    unit = project.fleet.unit("team")
    project.fleet.join(unit)
    project.template({**reserving(), "Transform": "Own"})
    project.section = {"accounts": [], "permission": "service", "ous": [unit]}

    with pytest.raises(TemplateError) as failure:
        project.deploy()

    golden(failure.value)
    assert project.fleet.cloudformation.list_stack_sets()["Summaries"] == []
    assert SET not in project.fleet.stacks(project.fleet.admin)
