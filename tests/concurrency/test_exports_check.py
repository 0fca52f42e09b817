"""Exports in use that an update removes or changes."""

import pytest

from tapctl.account.model import Stack
from tapctl.concurrency.verdict import Finding, Verdict
from tapctl.settings.settings import Settings
from tapctl.unknown import Unknown
from tapctl.workflows.preflight import judge
from tests.support.fake_account import FakeAccount, fake_account
from tests.support.golden import Golden
from tests.support.templates import template

FITS, EXCEEDS, UNKNOWN, UNCERTAIN = Verdict.FITS, Verdict.EXCEEDS, Verdict.UNKNOWN, Verdict.UNCERTAIN
BODY = """
Parameters: {P: {Type: String}}
Conditions: {Never: !Equals [a, b], Open: !Equals [!Ref P, a]}
Resources:
  Q: {Type: AWS::SQS::Queue}
"""
OUTPUT = "Outputs:\n  U:\n    {}Value: {}\n    Export: {}\n"
QUEUE = {"Q": "AWS::SQS::Queue"}
DENIED = Unknown("cloudformation:ListImports was denied")
Importers = tuple[str, ...] | Unknown


def reader(importers: Importers = ("orders",), resources: dict[str, str] | None = None, **nested: str) -> FakeAccount:
    prefixes = {f"{name}/": f"arn:aws:cloudformation:r:a:stack/{owner}/id" for name, owner in nested.items()}
    stack = Stack("mine", "UPDATE_COMPLETE", resources=resources or QUEUE, exports={"n": "v"}, nested=prefixes)
    exports = {"n": "mine", **{f"of-{name}": owner for name, owner in nested.items()}}
    imports = dict.fromkeys(exports, importers)
    return fake_account(stack=stack, exports=exports, imports=imports)


def findings(outputs: str, account: FakeAccount) -> list[Finding]:
    found = judge(template(BODY + outputs), account, Settings("t.yaml", stack_name="mine")).findings
    return [finding for finding in found if finding.limit == "cloudformation-exports"]


def output(value: object = "v", export: str = "{Name: n}", condition: str = "") -> str:
    return OUTPUT.format(condition, value, export)


@pytest.mark.parametrize(
    ("outputs", "expected"),
    [
        pytest.param("", EXCEEDS, id="all-outputs-go"),
        pytest.param("Outputs: {U: {Value: v}}\n", EXCEEDS, id="it-is-exported-no-more"),
        pytest.param(output(export="{Name: m}"), EXCEEDS, id="renamed"),
        pytest.param(output(condition="Condition: Never\n    "), EXCEEDS, id="left-out-by-its-condition"),
        pytest.param(output(condition="Condition: Open\n    "), UNKNOWN, id="maybe-left-out"),
        pytest.param(output(export="!If [Never, {Name: n}, !Ref AWS::NoValue]"), EXCEEDS, id="unset-by-a-condition"),
        pytest.param(output(export="{Name: !Ref P}"), UNKNOWN, id="maybe-renamed"),
        pytest.param(output(), FITS, id="the-same"),
        pytest.param(output("w"), EXCEEDS, id="another-value"),
        pytest.param(output("!Ref P"), FITS, id="a-value-that-is-not-known"),
        pytest.param(output("!Ref Q"), FITS, id="of-a-resource-that-stays"),
        pytest.param(output("!GetAtt Q.Arn"), FITS, id="an-attribute-of-a-resource-that-stays"),
    ],
)
def test_an_export_in_use_stays_as_it_is(outputs: str, expected: Verdict) -> None:
    worst = [finding.verdict for finding in findings(outputs, reader()) if finding.verdict is not FITS]
    assert (worst or [FITS])[-1] is expected


@pytest.mark.parametrize(
    ("resources", "expected"),
    [
        pytest.param({"Other": "AWS::SQS::Queue"}, EXCEEDS, id="of-a-new-resource"),
        pytest.param({"Q": "AWS::SNS::Topic"}, EXCEEDS, id="of-a-resource-of-another-type"),
        pytest.param(QUEUE, FITS, id="of-the-same"),
    ],
)
def test_a_reference_changes_with_its_resource(resources: dict[str, str], expected: Verdict) -> None:
    assert findings(output("!Ref Q"), reader(resources=resources))[-1].verdict is expected


NAMED = "Resources:\n  Q: {{Type: AWS::SQS::Queue, Properties: {{{}}}}}\n"


@pytest.mark.parametrize(
    ("before", "after", "value", "expected"),
    [
        pytest.param("QueueName: a", "QueueName: b", "!GetAtt Q.QueueName", EXCEEDS, id="another name"),
        pytest.param("QueueName: a", "QueueName: b", "!Ref Q", EXCEEDS, id="by Ref"),
        pytest.param("QueueName: a", "", "!GetAtt Q.Arn", EXCEEDS, id="a name that CloudFormation gives"),
        pytest.param("QueueName: a", "QueueName: !Ref P", "!Ref Q", UNKNOWN, id="a name that is not known"),
        pytest.param("QueueName: a", "QueueName: b", "!Sub 'x-${Q.QueueName}'", EXCEEDS, id="within a text"),
        pytest.param("QueueName: a", "QueueName: b", "!If [Open, !Ref Q, y]", UNKNOWN, id="under an open condition"),
        pytest.param("QueueName: a", "QueueName: b", "fixed", FITS, id="of another value"),
        pytest.param("DelaySeconds: 1", "DelaySeconds: 2", "!Ref Q", FITS, id="a change in place"),
        pytest.param("QueueName: a", "QueueName: a", "!Ref Q", FITS, id="no change"),
    ],
)
def test_a_resource_that_is_replaced_changes_what_is_exported_of_it(
    before: str, after: str, value: str, expected: Verdict
) -> None:
    parameters = "Parameters: {P: {Type: String}}\nConditions: {Open: !Equals [!Ref P, a]}\n"
    deployed = template(parameters + NAMED.format(before)).body
    stack = Stack("mine", "UPDATE_COMPLETE", resources=QUEUE, exports={"n": "fixed"})
    account = fake_account(stack=stack, exports={"n": "mine"}, imports={"n": ("orders",)})
    account.template = deployed
    found = judge(
        template(parameters + NAMED.format(after) + output(value)), account, Settings("t.yaml", stack_name="mine")
    ).findings

    worst = [
        finding.verdict
        for finding in found
        if finding.limit == "cloudformation-exports" and finding.verdict is not FITS
    ]
    assert (worst or [FITS])[-1] is expected


def test_a_change_set_shows_what_is_replaced() -> None:
    found = judge(template(BODY + output("!Ref Q")), reader(), Settings("t.yaml", stack_name="mine"), frozenset({"Q"}))
    assert found.verdict is EXCEEDS


@pytest.mark.parametrize("outputs", ["", output("w")], ids=["removed", "changed"])
def test_the_importers_are_named(outputs: str, golden: Golden) -> None:
    (found,) = findings(outputs, reader(("orders", "shop")))
    assert (found.verdict, found.file) == (EXCEEDS, "template.yaml")
    golden([f"line {found.line}: {found.message}", *map(str, found.hints)])


def test_an_export_that_no_stack_imports_may_go() -> None:
    assert [finding.verdict for finding in findings("", reader(()))] == [FITS]


def test_a_denied_read_is_not_judged() -> None:
    (found,) = findings("", reader(DENIED))
    assert (found.verdict, found.judged) == (UNKNOWN, False)


def test_only_what_goes_or_changes_is_asked_for() -> None:
    changing, same = reader(), reader()
    findings(output("w"), changing)
    findings(output(), same)
    assert [ask for ask in changing.asked if "imports" in ask] == ["imports of n"]
    assert [ask for ask in same.asked if "imports" in ask] == []


def test_without_exports_in_the_template_the_region_s_are_not_read() -> None:
    account = reader()
    findings("", account)
    assert "exports" not in account.asked


@pytest.mark.parametrize(
    ("importers", "expected"),
    [(("orders",), EXCEEDS), (("mine-Gone-1",), UNCERTAIN)],
    ids=["another", "one-of-its-own"],
)
def test_a_nested_stack_that_goes_takes_its_exports_with_it(importers: Importers, expected: Verdict) -> None:
    found = findings(output(), reader(importers, Gone="mine-Gone-1"))
    assert [finding.verdict for finding in found] == [expected]
    assert "of-Gone" in found[0].message
