import json
from pathlib import Path

import pytest

from tapctl.account.model import Account, AccountSettings, Concurrency, Quota, Stack
from tapctl.errors import UsageError
from tapctl.settings.parameters_file import PREVIOUS
from tapctl.settings.settings import Settings
from tapctl.template.load import load
from tapctl.template.model import Template
from tapctl.unknown import Unknown
from tapctl.workflows.read_inputs import Trees, stack_tree_for

SETTINGS = AccountSettings(Concurrency(1000, 1000), Quota(1, 0), 0)


@pytest.fixture
def template(tmp_path: Path) -> Template:
    file = tmp_path / "t.json"
    parameters = {"Limit": {"Type": "Number", "Default": 3}}
    resources = {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Ref": "Limit"}}}}
    file.write_text(json.dumps({"Parameters": parameters, "Resources": resources}))
    return load(str(file))


def name_of(template: Template, stack: Stack | Unknown | None, *, stack_name: str | None = "shop") -> object:
    settings = Settings(template.file, stack_name=stack_name, kept=("Limit",))
    tree = stack_tree_for(template, settings, Account("us-east-1", SETTINGS, None, stack=stack))
    return tree.resolver.value({"Ref": "Limit"}, ("Resources", "Topic"))


def test_a_kept_parameter_has_the_value_of_the_stack(template: Template) -> None:
    assert name_of(template, Stack("shop", "CREATE_COMPLETE", {}, {"Limit": "7"}, {})) == "7"


@pytest.mark.parametrize(
    ("stack", "reason"),
    [
        pytest.param(None, "does not exist", id="no stack"),
        pytest.param(Stack("shop", "CREATE_COMPLETE", {}, {}, {}), "has no value of it", id="a stack without it"),
    ],
)
def test_a_kept_parameter_without_a_value_is_named(template: Template, stack: Stack | None, reason: str) -> None:
    with pytest.raises(UsageError, match=f"parameter Limit has UsePreviousValue, but stack shop {reason}"):
        name_of(template, stack)


@pytest.mark.parametrize(
    ("stack", "stack_name"),
    [
        pytest.param(Unknown("cloudformation:DescribeStacks was denied"), "shop", id="a denied read"),
        pytest.param(None, None, id="no stack named"),
    ],
)
def test_a_kept_parameter_is_unknown_while_the_stack_is(
    template: Template, stack: Unknown | None, stack_name: str | None
) -> None:
    assert name_of(template, stack, stack_name=stack_name) == PREVIOUS


@pytest.mark.parametrize(
    ("value", "region", "shared"),
    [
        pytest.param({"Ref": "Limit"}, "us-east-1", True, id="nothing of the account matters"),
        pytest.param({"Ref": "AWS::AccountId"}, "us-east-1", False, id="the account matters"),
        pytest.param({"Ref": "Limit"}, "eu-west-1", False, id="another Region"),
    ],
)
def test_accounts_share_a_tree_where_the_same_values_hold(
    value: object, region: str, shared: bool, tmp_path: Path
) -> None:
    topic = {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": value}}
    body = {"Parameters": {"Limit": {"Type": "Number", "Default": 3}}, "Resources": {"Topic": topic}}
    (tmp_path / "t.json").write_text(json.dumps(body))
    template = load(str(tmp_path / "t.json"))
    trees, settings = Trees.of(template), Settings(template.file)

    first, _ = trees.resolved(template, settings, Account("us-east-1", SETTINGS, "111111111111"))
    second, _ = trees.resolved(template, settings, Account(region, SETTINGS, "222222222222"))

    assert (first is second) is shared
