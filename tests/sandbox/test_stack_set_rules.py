from pathlib import Path
from typing import Any

import pytest

from tapctl.errors import UsageError
from tapctl.sandbox import stack_set_rules
from tapctl.sandbox.stack_set_rules import Failure, StackSetRules
from tests.support.golden import Golden


def test_rules_are_read_as_they_were_saved(tmp_path: Path) -> None:
    given = StackSetRules(
        failed_create_leaves="ROLLBACK_COMPLETE",
        omitted_parameters="default",
        managed_execution="parallel",
        cell_seconds=0.5,
        without_role=("111111111111",),
        disabled=("eu-south-1", "111111111111/us-east-1"),
        delegated_admins=("222222222222",),
        trusted_access=False,
        fail={"111111111111/us-east-1": Failure("no luck", 2), "111111111111/eu-west-1": Failure("never")},
    )

    stack_set_rules.save(tmp_path, given)

    assert stack_set_rules.read(tmp_path) == given


def test_without_a_file_aws_is_taken_at_its_word(tmp_path: Path) -> None:
    assert stack_set_rules.read(tmp_path) == StackSetRules()


@pytest.mark.parametrize(("region", "disabled"), [("us-east-1", True), ("eu-south-1", True), ("eu-west-1", False)])
def test_a_region_is_disabled_everywhere_or_in_one_account(region: str, disabled: bool) -> None:
    rules = StackSetRules(disabled=("eu-south-1", "111111111111/us-east-1"))

    assert rules.is_disabled("111111111111", region) is disabled
    assert not rules.is_disabled("222222222222", "us-east-1")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("{", id="truncated"),
        pytest.param("[]", id="a list"),
        pytest.param('{"cells": 1}', id="an unknown name"),
        pytest.param('{"cell_seconds": "1"}', id="a number as text"),
        pytest.param('{"managed_execution": "both"}', id="an unknown choice"),
        pytest.param('{"fail": {"111111111111/us-east-1": "no"}}', id="a failure as text"),
    ],
)
def test_an_unusable_file_is_a_usage_error_that_names_it(tmp_path: Path, text: str, golden: Golden) -> None:
    (tmp_path / stack_set_rules.FILE).write_text(text)

    with pytest.raises(UsageError) as failure:
        stack_set_rules.read(tmp_path)

    golden(failure.value)


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"failed_create_leaves": "a mess"}, id="what a failed create leaves"),
        pytest.param({"omitted_parameters": ""}, id="omitted parameters"),
        pytest.param({"list_seconds": True}, id="a boolean as a number"),
    ],
)
def test_impossible_rules_are_refused(fields: dict[str, Any], golden: Golden) -> None:
    with pytest.raises(UsageError) as failure:
        StackSetRules(**fields)

    golden(failure.value)
