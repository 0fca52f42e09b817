"""The switches that CloudFormation knows: what they ask for, and what does not go together."""

from typing import Any

import pytest

from tapctl.errors import UsageError
from tapctl.settings.settings import Settings
from tapctl.stacks.options import Options
from tests.support.stubbed_stacks import somewhere


@pytest.mark.parametrize(
    ("options", "nested", "asked", "executed"),
    [
        pytest.param(Options(), False, {}, {}, id="nothing"),
        pytest.param(Options(), True, {"IncludeNestedStacks": True}, {}, id="nested stacks"),
        pytest.param(Options(import_existing=True), False, {"ImportExistingResources": True}, {}, id="import"),
        pytest.param(
            Options(revert_drift=True), True, {"DeploymentMode": "REVERT_DRIFT"}, {}, id="drift, which excludes nested"
        ),
        pytest.param(
            Options(express=True),
            False,
            {"DeploymentConfig": {"Mode": "EXPRESS", "DisableRollback": False}},
            {},
            id="express, always with rollback",
        ),
        pytest.param(Options(disable_rollback=True), False, {}, {"DisableRollback": True}, id="without rollback"),
    ],
)
def test_each_asks_for_what_it_means_and_nothing_else(
    options: Options, nested: bool, asked: dict[str, Any], executed: dict[str, Any]
) -> None:
    assert options.asked(nested=nested) == asked
    assert options.executed() == executed


@pytest.mark.parametrize(
    ("options", "settings", "message"),
    [
        pytest.param(
            Options(express=True),
            Settings("t", env="prod", protected=True),
            "environment prod is protected, and an express deploy says done before resources are",
            id="express where what is deployed must be ready",
        ),
        pytest.param(
            Options(express=True, disable_rollback=True),
            Settings("t"),
            "--express without rollback may leave a stack that takes no update at all",
            id="express without rollback",
        ),
    ],
)
def test_what_does_not_go_together_is_refused(options: Options, settings: Settings, message: str) -> None:
    with pytest.raises(UsageError) as raised:
        options.check(settings)
    assert raised.value.message == message
    assert raised.value.hint


def test_drift_is_reverted_only_where_there_is_a_stack() -> None:
    Options(revert_drift=True).check_target(creates=False)
    with pytest.raises(UsageError, match="--revert-drift is for a stack that exists"):
        Options(revert_drift=True).check_target(creates=True)


def test_what_this_botocore_knows_is_asked_for_and_what_it_lacks_is_named() -> None:
    every = Options(import_existing=True, revert_drift=True, express=True)
    client = somewhere().client("cloudformation")
    every.check_known(client)

    members = client.meta.service_model.operation_model("CreateChangeSet").input_shape.members
    del members["DeploymentConfig"]
    with pytest.raises(UsageError) as raised:
        every.check_known(client)

    assert raised.value.message == (
        "this version of boto3 does not know --express: CreateChangeSet takes no DeploymentConfig"
    )
