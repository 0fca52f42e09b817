"""What a deploy that failed and was undone says, and how one comes back from it."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.cli.conftest import local, sandboxed
from tests.support.shared_sandbox import SharedSandbox
from tests.support.terminal import Answer, Terminal

pytestmark = pytest.mark.xdist_group("cli rolled back")

# A custom resource that answers as its property says.
ANSWER = """
import json, urllib.request
def handle(event, context):
    ids = {name: event[name] for name in ("StackId", "RequestId", "LogicalResourceId")}
    status = "SUCCESS" if event["RequestType"] == "Delete" else event["ResourceProperties"]["Status"]
    body = {"Status": status, "Reason": "the migration broke", "PhysicalResourceId": "it", **ids}
    urllib.request.urlopen(urllib.request.Request(event["ResponseURL"], json.dumps(body).encode(), method="PUT"))
"""


def template(answer: str, delay: int) -> dict[str, Any]:
    worker = {
        "Runtime": "python3.12",
        "Handler": "index.handle",
        "Role": "arn:aws:iam::000000000000:role/any",
        "Code": {"ZipFile": ANSWER},
    }
    migration = {"ServiceToken": {"Fn::GetAtt": ["Worker", "Arn"]}, "Status": answer}
    return {
        "Resources": {
            "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"DelaySeconds": delay}},
            "Worker": {"Type": "AWS::Lambda::Function", "Properties": worker},
            "Migration": {"Type": "Custom::Migration", "Properties": migration, "DependsOn": "Queue"},
        },
        "Outputs": {"Url": {"Value": {"Ref": "Queue"}}},
    }


@pytest.fixture(scope="module")
def desk(shared_sandbox: SharedSandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    """A terminal in a folder with a template that works and one that does not, whose sandbox runs."""
    files = {"good.json": json.dumps(template("SUCCESS", 1)), "bad.json": json.dumps(template("FAILED", 2))}
    with sandboxed(shared_sandbox, tmp_path_factory.mktemp("desk"), {**files, "tapctl.toml": local()}) as terminal:
        yield terminal


def deploy(desk: Terminal, stack: str, file: str, *options: str) -> Answer:
    return desk.tapctl("deploy", file, "--env", "local", "--stack-name", stack, "--yes", "--no-lint", *options)


def test_the_good_version_deployed_again_is_verified_at_once_and_then_nothing_is_owed(desk: Terminal) -> None:
    codes = [deploy(desk, "back", file).code for file in ("good.json", "bad.json")]
    again = deploy(desk, "back", "good.json")
    once_more = deploy(desk, "back", "good.json")

    assert (codes, again.code, once_more.code) == ([0, 6], 0, 0)
    assert "back is UPDATE_ROLLBACK_COMPLETE: its last update failed and was rolled back" in again.out
    assert "retrying" not in again.err
    assert "no changes; verification skipped" in once_more.err
    assert desk.tapctl("verify", "--env", "local", "--stack-name", "back").code == 0


def test_a_creation_that_was_undone_leaves_no_working_stack_and_verify_says_just_that(desk: Terminal) -> None:
    assert deploy(desk, "never", "bad.json").code == 6
    answer = desk.tapctl("verify", "--env", "local", "--stack-name", "never", "--format", "json", "--retry", "60")

    assert answer.code == 8
    [only] = answer.json()["checks"]
    assert only["message"].endswith("its creation failed and was rolled back; there is no working stack")
    assert only["hint"] == "`tapctl deploy --stack-name never --env local` recreates it"


def test_the_document_of_a_failed_deploy_has_the_outcome_the_changes_and_the_first_cause(desk: Terminal) -> None:
    assert deploy(desk, "told", "good.json").code == 0
    answer = deploy(desk, "told", "bad.json", "--format", "json")

    assert answer.code == 6
    told = answer.json()
    assert (told["status"], told["changed"], told["declined"]) == ("UPDATE_ROLLBACK_COMPLETE", True, False)
    assert ":stack/told/" in told["stack_id"]
    assert {"Queue", "Migration"} <= {each["logical_id"] for each in told["changes"]}
    assert (told["error"]["logical_id"], told["error"]["reason"]) == ("Migration", "the migration broke")


def test_behind_a_custom_resource_the_next_step_is_its_function(desk: Terminal) -> None:
    answer = deploy(desk, "hinted", "bad.json")

    assert answer.code == 6
    assert "last log lines of hinted-Worker-" in answer.err
    hint = "hint: fix the function behind Migration, whose log is above, and run `tapctl deploy` again"
    assert answer.err.splitlines()[-1] == hint
