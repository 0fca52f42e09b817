"""A deploy that was rolled back: its output, and the next deploy."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.cli.conftest import local, sandboxed
from tests.support.golden import Golden
from tests.support.shared_sandbox import SharedSandbox
from tests.support.terminal import Answer, Terminal

pytestmark = pytest.mark.xdist_group("cli rolled back")

# A custom resource that answers with the status of its property.
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
def terminal(shared_sandbox: SharedSandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    """A terminal in a folder with a template that deploys and one that fails."""
    files = {"good.json": json.dumps(template("SUCCESS", 1)), "bad.json": json.dumps(template("FAILED", 2))}
    with sandboxed(shared_sandbox, tmp_path_factory.mktemp("project"), {**files, "tapctl.toml": local()}) as terminal:
        yield terminal


def deploy(terminal: Terminal, stack: str, file: str, *options: str) -> Answer:
    return terminal.tapctl("deploy", file, "--env", "local", "--stack-name", stack, "--yes", "--no-lint", *options)


def test_redeploying_the_last_good_template_verifies_it_once(terminal: Terminal) -> None:
    codes = [deploy(terminal, "back", file).code for file in ("good.json", "bad.json")]
    again = deploy(terminal, "back", "good.json")
    once_more = deploy(terminal, "back", "good.json")

    assert (codes, again.code, once_more.code) == ([0, 6], 0, 0)
    assert "verification" in again.out
    assert "verification" not in once_more.out
    assert "retrying" not in again.err
    assert terminal.tapctl("verify", "--env", "local", "--stack-name", "back").code == 0


def test_verify_reports_a_failed_creation_in_one_check(terminal: Terminal, golden: Golden) -> None:
    assert deploy(terminal, "never", "bad.json").code == 6
    answer = terminal.tapctl("verify", "--env", "local", "--stack-name", "never", "--format", "json", "--retry", "60")

    assert answer.code == 8
    [check] = answer.json()["checks"]
    golden([check["message"], check["hint"]])


def test_the_document_of_a_failed_deploy_has_the_outcome_the_changes_and_the_first_cause(terminal: Terminal) -> None:
    assert deploy(terminal, "told", "good.json").code == 0
    answer = deploy(terminal, "told", "bad.json", "--format", "json")

    assert answer.code == 6
    document = answer.json()
    assert (document["status"], document["changed"], document["declined"]) == ("UPDATE_ROLLBACK_COMPLETE", True, False)
    assert ":stack/told/" in document["stack_id"]
    assert {"Queue", "Migration"} <= {change["logical_id"] for change in document["changes"]}
    assert (document["error"]["logical_id"], document["error"]["reason"]) == ("Migration", "the migration broke")


def test_the_hint_of_a_failed_custom_resource_is_its_function(terminal: Terminal, golden: Golden) -> None:
    answer = deploy(terminal, "hinted", "bad.json")

    assert answer.code == 6
    assert "hinted-Worker-" in answer.err
    golden(answer.err.splitlines()[-1])
