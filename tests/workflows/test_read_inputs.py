import json
from dataclasses import replace
from pathlib import Path

import pytest

from tapctl.account.model import Account, AccountSettings, Concurrency, Quota, Stack
from tapctl.concurrency.verdict import Verdict
from tapctl.errors import UsageError
from tapctl.settings.parameters_file import PREVIOUS
from tapctl.settings.settings import Settings
from tapctl.template.load import load
from tapctl.template.model import Template
from tapctl.unknown import Unknown
from tapctl.workflows.preflight import decide, with_findings
from tapctl.workflows.read_inputs import Inputs, Trees, read_inputs, stack_tree_for
from tests.support.fake_account import fake_account
from tests.support.golden import Golden

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
    "stack",
    [
        pytest.param(None, id="no stack"),
        pytest.param(Stack("shop", "CREATE_COMPLETE", {}, {}, {}), id="a stack without it"),
    ],
)
def test_a_kept_parameter_without_a_value_is_named(template: Template, stack: Stack | None, golden: Golden) -> None:
    with pytest.raises(UsageError) as refused:
        name_of(template, stack)

    golden(refused.value)


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


ADDRESSES = "ec2/L-0263D0A3"


class TestReplacements:
    """Of an address whose group, a create-only property, is another one than the stack was deployed with."""

    HELD = Stack("shop", "UPDATE_COMPLETE", resources={"A": "AWS::EC2::EIP"}, id="root")

    @staticmethod
    def body(group: object) -> dict[str, object]:
        address = {"Type": "AWS::EC2::EIP", "Properties": {"NetworkBorderGroup": group}}
        return {"Parameters": {"P": {"Type": "String"}}, "Resources": {"A": address}}

    def read(
        self, path: Path, deployed: object, group: object = "b", replacements: frozenset[str] | None = None
    ) -> Inputs:
        path.write_text(json.dumps(self.body(group)))
        reader = fake_account(stack=self.HELD, quotas={ADDRESSES: Quota(5, 5)})
        reader.template = deployed if isinstance(deployed, Unknown) else self.body(deployed)
        return read_inputs(load(str(path)), reader, Settings(str(path), stack_name="shop"), replacements)

    @pytest.mark.parametrize(
        ("deployed", "group", "replaced", "maybe"),
        [
            pytest.param("b", "b", False, False, id="the same"),
            pytest.param("a", "b", True, False, id="another"),
            pytest.param("a", {"Ref": "P"}, True, True, id="one that is not known"),
            pytest.param(Unknown("cloudformation:GetTemplate was denied"), "b", True, True, id="denied"),
            pytest.param(Unknown("left out", judged=False), "b", False, False, id="left out"),
        ],
    )
    def test_a_limit_is_read_where_a_resource_that_counts_is_replaced(
        self, deployed: object, group: object, replaced: bool, maybe: bool, tmp_path: Path
    ) -> None:
        inputs = self.read(tmp_path / "t.json", deployed, group)
        assert ("A" in inputs.effects.replaced, "A" in inputs.effects.maybe_replaced) == (replaced, maybe)
        assert (ADDRESSES in inputs.account.quotas) is replaced

    @pytest.mark.parametrize(
        ("deployed", "maybe"),
        [
            pytest.param("a", False, id="as the templates say"),
            pytest.param("b", True, id="although the templates say no"),
            pytest.param(Unknown("not read", judged=False), False, id="without the deployed template"),
        ],
    )
    def test_what_a_change_set_replaces_is_counted(self, deployed: object, maybe: bool, tmp_path: Path) -> None:
        inputs = self.read(tmp_path / "t.json", deployed, replacements=frozenset({"A"}))
        assert "A" in inputs.effects.replaced
        assert ("A" in inputs.effects.maybe_replaced) is maybe

    @pytest.mark.parametrize(
        ("deployed", "verdict", "shown"),
        [
            pytest.param("a", Verdict.EXCEEDS, False, id="replaced"),
            pytest.param(Unknown("denied"), Verdict.UNCERTAIN, True, id="denied"),
            pytest.param(Unknown("left out", judged=False), Verdict.FITS, True, id="not compared"),
        ],
    )
    def test_what_was_not_compared_is_named_where_it_matters(
        self, deployed: object, verdict: Verdict, shown: bool, tmp_path: Path
    ) -> None:
        inputs = self.read(tmp_path / "t.json", deployed)
        full = replace(inputs.account, quotas={ADDRESSES: Quota(5, 5)})
        settings = Settings(str(tmp_path / "t.json"))
        result = with_findings(decide(load(settings.template), replace(inputs, account=full), settings), settings)
        assert (result.verdict, bool(result.not_compared)) == (verdict, shown)
