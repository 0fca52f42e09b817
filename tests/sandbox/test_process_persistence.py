import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tapctl import sandbox
from tapctl.sandbox import AccountLimits, Sandbox
from tests.support.sandbox_clients import Aws, function, table, wait_for_a_save

pytestmark = pytest.mark.sandbox
BOOTSTRAP_BUCKET = "cdk-hnb659fds-assets-000000000000-us-east-1"
COUNTER = """
import os, boto3
def handle(event, context):
    boto3.client("dynamodb").put_item(TableName=os.environ["TABLE"], Item={"id": {"S": event["id"]}})
    return "written"
"""


@pytest.fixture
def clients(state: Path) -> Iterator[list[Aws]]:
    """The clients of every sandbox that a test starts one after the other."""
    started: list[Aws] = []
    yield started
    for aws in started:
        aws.close()


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Sandbox]:
    """The folder of a sandbox that has a used stack and was stopped, and that sandbox as it was."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TAPCTL_STATE_DIR", str(tmp_path_factory.mktemp("stopped")))
        aws = Aws(sandbox.start(AccountLimits(1000)))
        try:
            deploy_and_use(aws)
        finally:
            aws.close()
            sandbox.stop()
        return sandbox.status().folder, aws.sandbox


@pytest.fixture
def used(stopped: tuple[Path, Sandbox], state: Path) -> Sandbox:
    """A copy of that folder in the state folder of the test."""
    folder, before = stopped
    shutil.copytree(folder, state)
    return before


def started(clients: list[Aws], limits: AccountLimits | None = None) -> Aws:
    clients.append(Aws(sandbox.start(limits)))
    return clients[-1]


def deploy_and_use(aws: Aws) -> None:
    aws.s3.create_bucket(Bucket="artifacts")
    aws.s3.put_object(Bucket="artifacts", Key="a.zip", Body=b"zip")
    resources: dict[str, Any] = {
        "Table": table("t", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}),
        "Fn": function(
            "fn", COUNTER, ReservedConcurrentExecutions=100, Environment={"Variables": {"TABLE": {"Ref": "Table"}}}
        ),
    }
    outputs = {"Arn": {"Value": {"Fn::GetAtt": ["Fn", "Arn"]}, "Export": {"Name": "s-arn"}}}
    assert aws.create("s", resources, outputs=outputs) == "CREATE_COMPLETE"
    invoke(aws, "before")


def invoke(aws: Aws, item: str) -> None:
    answer = aws.client("lambda").invoke(FunctionName="fn", Payload=f'{{"id": "{item}"}}')
    assert answer["Payload"].read() == b'"written"'


def items(aws: Aws) -> set[str]:
    return {item["id"]["S"] for item in aws.dynamodb.scan(TableName="t")["Items"]}


def assert_everything_is_there(aws: Aws) -> None:
    assert aws.describe("s")["StackStatus"] == "CREATE_COMPLETE"
    assert [export["Name"] for export in aws.cloudformation.list_exports()["Exports"]] == ["s-arn"]
    assert items(aws) == {"before"}
    invoke(aws, "after")
    assert items(aws) == {"before", "after"}
    assert (aws.reserved("fn"), aws.unreserved()) == (100, 900)
    recovery = aws.dynamodb.describe_continuous_backups(TableName="t")["ContinuousBackupsDescription"]
    assert recovery["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"
    assert aws.s3.get_object(Bucket="artifacts", Key="a.zip")["Body"].read() == b"zip"


def test_stop_and_start_keep_everything_and_the_address(used: Sandbox, clients: list[Aws]) -> None:
    after = started(clients)

    assert (after.sandbox.endpoint, after.sandbox.secret) == (used.endpoint, used.secret)
    assert after.sandbox.pid != used.pid
    assert after.sandbox.limits == AccountLimits(1000)
    assert_everything_is_there(after)


@pytest.mark.usefixtures("used")
def test_a_stack_is_still_updated_and_deleted_after_a_restart(clients: list[Aws]) -> None:
    aws = started(clients)

    fn = function("fn", COUNTER, ReservedConcurrentExecutions=901)
    assert aws.update("s", {"Fn": fn}) == "UPDATE_ROLLBACK_COMPLETE"
    assert aws.reserved("fn") == 100
    aws.delete("s")
    assert (aws.functions(), aws.unreserved()) == ([], 1000)


def test_a_killed_sandbox_loses_nothing_that_is_a_few_seconds_old(clients: list[Aws], state: Path) -> None:
    before = started(clients, AccountLimits(1000))
    deploy_and_use(before)
    wait_for_a_save(state / "state")

    os.kill(before.sandbox.pid, signal.SIGKILL)

    assert_everything_is_there(started(clients))


def test_a_stack_in_review_holds_up_no_save(clients: list[Aws], state: Path) -> None:
    aws = started(clients)
    template = '{"Resources": {"Q": {"Type": "AWS::SQS::Queue"}}}'
    aws.cloudformation.create_change_set(
        StackName="s", ChangeSetName="c", ChangeSetType="CREATE", TemplateBody=template
    )

    wait_for_a_save(state / "state")
    os.kill(aws.sandbox.pid, signal.SIGKILL)

    assert started(clients).describe("s")["StackStatus"] == "REVIEW_IN_PROGRESS"


@pytest.mark.parametrize("running", [pytest.param(True, id="running"), pytest.param(False, id="stopped")])
@pytest.mark.usefixtures("used")
def test_reset_drops_everything_but_the_limits(clients: list[Aws], running: bool) -> None:
    if running:
        assert started(clients).functions() == ["fn"]

    sandbox.reset()

    for _ in range(2):
        aws = started(clients)
        assert aws.functions() == []
        assert aws.cloudformation.describe_stacks()["Stacks"] == []
        assert aws.dynamodb.list_tables()["TableNames"] == []
        assert [bucket["Name"] for bucket in aws.s3.list_buckets()["Buckets"]] == [BOOTSTRAP_BUCKET]
        assert aws.unreserved() == 1000
        sandbox.stop()
