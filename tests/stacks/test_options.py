"""The options that CloudFormation knows: their parameters, and which exclude each other."""

from typing import Any

import pytest

from tapctl.errors import UsageError
from tapctl.settings.settings import Settings
from tapctl.stacks.options import Options
from tests.support.golden import Golden
from tests.support.stubbed_stacks import unreachable_aws


@pytest.mark.parametrize(
    ("options", "nested", "created", "executed"),
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
def test_each_option_sends_its_parameters_and_no_others(
    options: Options, nested: bool, created: dict[str, Any], executed: dict[str, Any]
) -> None:
    assert options.change_set_parameters(nested=nested) == created
    assert options.execution_parameters() == executed


@pytest.mark.parametrize(
    ("options", "settings"),
    [
        pytest.param(
            Options(express=True),
            Settings("t", env="prod", protected=True),
            id="express in a protected environment",
        ),
        pytest.param(
            Options(express=True, disable_rollback=True),
            Settings("t"),
            id="express without rollback",
        ),
    ],
)
def test_options_that_exclude_each_other_are_refused(options: Options, settings: Settings, golden: Golden) -> None:
    with pytest.raises(UsageError) as raised:
        options.check(settings)
    golden(raised.value)


def test_drift_is_reverted_only_where_there_is_a_stack() -> None:
    Options(revert_drift=True).check_target(creates=False)
    with pytest.raises(UsageError, match="--revert-drift"):
        Options(revert_drift=True).check_target(creates=True)


def test_an_option_that_botocore_lacks_is_named(golden: Golden) -> None:
    every = Options(import_existing=True, revert_drift=True, express=True)
    aws = unreachable_aws()
    every.check_supported(aws)

    members = aws.client("cloudformation").meta.service_model.operation_model("CreateChangeSet").input_shape.members
    del members["DeploymentConfig"]
    with pytest.raises(UsageError) as raised:
        every.check_supported(aws)

    golden(raised.value)
