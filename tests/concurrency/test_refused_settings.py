"""Settings that Lambda refuses whatever the account has left."""

from dataclasses import replace

import pytest

from tapctl.account.model import LiveFunction, Stack
from tapctl.concurrency.refused_settings import EXCLUSIONS
from tapctl.concurrency.verdict import Finding, Verdict
from tapctl.resource_types import FUNCTION
from tapctl.settings.settings import Settings
from tapctl.workflows.preflight import judge
from tests.support.fake_account import fake_account
from tests.support.golden import Golden
from tests.support.templates import template

EXCEEDS, UNCERTAIN, UNKNOWN = Verdict.EXCEEDS, Verdict.UNCERTAIN, Verdict.UNKNOWN
HEAD = """
Parameters: {{P: {{Type: String}}}}
Conditions: {{Always: !Equals [a, a], Never: !Equals [a, b], Open: !Equals [!Ref P, a]}}
Resources:
  Fn: {{Type: AWS::Lambda::Function, Properties: {{{function}}}}}
  V:
    Type: AWS::Lambda::Version
    Properties: {{FunctionName: !Ref Fn{version}}}
  A:
    Type: AWS::Lambda::Alias
    Properties:
      FunctionName: !Ref Fn
      Name: live
      FunctionVersion: {points}
      {alias}
  B:
    Type: AWS::Lambda::Alias
    Properties: {{FunctionName: !Ref Fn, Name: other, FunctionVersion: {other}}}
"""
THREE = "ProvisionedConcurrencyConfig: {ProvisionedConcurrentExecutions: 3}"
LEFT_OUT = "ProvisionedConcurrencyConfig: !If [Never, {ProvisionedConcurrentExecutions: 3}, !Ref AWS::NoValue]"
OWN = "!GetAtt V.Version"


def findings(text: str, room: int = 1000) -> list[Finding]:
    found = judge(template(text), fake_account(1000, room), Settings("t.yaml")).findings
    return [finding for finding in found if finding.limit == "lambda-concurrency-settings"]


def found_in(
    alias: str = THREE, points: str = OWN, version: str = "", function: str = "", other: str = OWN
) -> list[Finding]:
    values = {"alias": alias, "points": points, "version": version, "function": function, "other": other}
    found = findings(HEAD.format(**values))
    return [finding for finding in found if finding.verdict is not Verdict.FITS]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        pytest.param({}, [], id="on-a-published-version"),
        pytest.param({"points": "'7'"}, [], id="on-an-earlier-version"),
        pytest.param({"points": "$LATEST"}, [EXCEEDS], id="on-latest"),
        pytest.param({"points": "!If [Always, $LATEST, '1']"}, [EXCEEDS], id="on-latest-by-a-condition"),
        pytest.param({"points": "!If [Never, $LATEST, '1']"}, [], id="not-on-latest-by-a-condition"),
        pytest.param({"points": "!Ref P"}, [UNKNOWN], id="on-an-unknown-version"),
        pytest.param({"points": "$LATEST", "alias": ""}, [], id="latest-without-any"),
        pytest.param(
            {"points": "$LATEST", "alias": "ProvisionedConcurrencyConfig: {ProvisionedConcurrentExecutions: !Ref P}"},
            [EXCEEDS], id="on-latest-however-many",
        ),
        pytest.param(
            {"points": "$LATEST", "alias": LEFT_OUT}, [], id="left-out-by-a-condition",
        ),
        pytest.param({"version": f", {THREE}"}, [EXCEEDS], id="a-version-and-its-alias"),
        pytest.param({"version": f", {THREE}", "points": "'1'"}, [], id="a-version-and-an-alias-of-another"),
        pytest.param({"version": f", {THREE}", "alias": ""}, [], id="a-version-alone"),
        pytest.param({"other": f"{OWN}, {THREE}"}, [EXCEEDS], id="two-aliases-of-one-version"),
        pytest.param({"other": f"'7', {THREE}", "points": "7"}, [EXCEEDS], id="two-aliases-of-one-number"),
        pytest.param({"other": f"'7', {THREE}"}, [], id="two-aliases-of-two-versions"),
        pytest.param({"alias": THREE.replace("3", "0")}, [EXCEEDS], id="zero"),
        pytest.param({"function": "SnapStart: {ApplyOn: PublishedVersions}"}, [EXCEEDS], id="with-snap-start"),
        pytest.param({"function": "SnapStart: {ApplyOn: None}"}, [], id="without-snap-start"),
        pytest.param({"function": "SnapStart: {ApplyOn: !Ref P}"}, [UNKNOWN], id="maybe-with-snap-start"),
        pytest.param(
            {"function": "SnapStart: {ApplyOn: PublishedVersions}", "points": "'7'"},
            [UNCERTAIN], id="with-snap-start-on-an-earlier-version",
        ),
        pytest.param(
            {"function": "SnapStart: {ApplyOn: PublishedVersions}", "alias": ""}, [], id="snap-start-without-any"
        ),
        pytest.param({"function": "TenancyConfig: {TenantIsolationMode: PER_TENANT}"}, [EXCEEDS], id="with-tenants"),
        pytest.param(
            {"function": "TenancyConfig: !If [Never, {TenantIsolationMode: PER_TENANT}, !Ref AWS::NoValue]"},
            [], id="without-tenants-by-a-condition",
        ),
        pytest.param(
            {"function": "TenancyConfig: !If [Open, {TenantIsolationMode: PER_TENANT}, !Ref AWS::NoValue]"},
            [UNKNOWN], id="maybe-with-tenants",
        ),
    ],
)  # fmt: skip
def test_provisioned_concurrency_that_lambda_refuses(
    settings: dict[str, str], expected: list[Verdict], golden: Golden
) -> None:
    found = found_in(**settings)
    assert [finding.verdict for finding in found] == expected
    for finding in found:
        assert (finding.resource, finding.file) == ("Fn", "template.yaml")
        golden([f"line {finding.line}: {finding.message}", *finding.hints])


def test_each_excluded_property_is_one_of_the_function_s_schema() -> None:
    from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", FUNCTION).schema
    assert {exclusion.property for exclusion in EXCLUSIONS} <= set(schema["properties"])


QUEUES = """
Parameters: {{P: {{Type: Number}}}}
Resources:
  Fn: {{Type: AWS::Lambda::Function, Properties: {{FunctionName: work, ReservedConcurrentExecutions: {reserved}}}}}
  Live: {{Type: AWS::Lambda::Alias, Properties: {{FunctionName: !Ref Fn, FunctionVersion: '1', Name: live}}}}
  One:
    Type: AWS::Lambda::EventSourceMapping
    Properties: {{FunctionName: !Ref Fn, ScalingConfig: {{MaximumConcurrency: 20}}}}
  Two:
    Type: AWS::Lambda::EventSourceMapping
    Properties: {{FunctionName: {target}, ScalingConfig: {{MaximumConcurrency: {second}}}}}
"""


@pytest.mark.parametrize(
    ("reserved", "second", "room", "expected"),
    [
        pytest.param(100, 30, 1000, Verdict.FITS, id="enough"),
        pytest.param(50, 30, 1000, Verdict.FITS, id="just-enough"),
        pytest.param(49, 30, 1000, UNCERTAIN, id="more-than-the-template-reserves"),
        pytest.param(100, 30, 140, UNCERTAIN, id="more-than-the-remedy-leaves"),
        pytest.param(100, 30, 100, Verdict.FITS, id="where-the-reservation-is-dropped"),
        pytest.param(0, 30, 1000, Verdict.FITS, id="where-the-function-is-stopped"),
        pytest.param("!Ref AWS::NoValue", 30, 1000, Verdict.FITS, id="where-nothing-is-reserved"),
        pytest.param(50, "!Ref P", 1000, UNKNOWN, id="one-is-not-known"),
        pytest.param(19, "!Ref P", 1000, UNCERTAIN, id="too-many-without-the-unknown-one"),
    ],
)
def test_sources_that_run_more_at_once_than_is_reserved(
    reserved: object, second: object, room: int, expected: Verdict, golden: Golden
) -> None:
    (finding,) = findings(QUEUES.format(reserved=reserved, second=second, target="!GetAtt Fn.Arn"), room)
    assert finding.verdict is expected
    if expected is not Verdict.FITS:
        assert (finding.resource, finding.line) == ("Fn", 6)
        golden([finding.message, *finding.hints])


@pytest.mark.parametrize(
    "target",
    [
        "!Ref Fn", "!GetAtt Fn.Arn", "work", "!Ref Live", "!Sub '${Fn}:live'", "!Join [':', [!Ref Fn, live]]",
        "'arn:aws:lambda:eu-west-1:123456789012:function:work:live'", "'123456789012:function:work'",
    ],
)  # fmt: skip
def test_a_source_names_its_function_in_any_way(target: str) -> None:
    (finding,) = findings(QUEUES.format(reserved=49, second=30, target=target))
    assert finding.verdict is UNCERTAIN


def test_a_source_of_another_function_counts_for_that_one() -> None:
    (finding,) = findings(QUEUES.format(reserved=49, second=30, target="theirs"))
    assert finding.verdict is Verdict.FITS


class TestALiveStack:
    SAME = QUEUES.format(reserved=49, second=30, target="!Ref Fn")

    @pytest.mark.parametrize(
        ("before", "live", "expected"),
        [
            pytest.param(SAME, 49, Verdict.FITS, id="as-it-was-accepted"),
            pytest.param(QUEUES.format(reserved=50, second=30, target="!Ref Fn"), 50, UNCERTAIN, id="lowered"),
            pytest.param(QUEUES.format(reserved=49, second=29, target="!Ref Fn"), 49, UNCERTAIN, id="a-source-raised"),
            pytest.param(SAME.replace("Two:", "Other:"), 49, UNCERTAIN, id="a-source-added"),
        ],
    )
    def test_sources_that_lambda_accepted_already_fit(self, before: str, live: int, expected: Verdict) -> None:
        stack = Stack("mine", "UPDATE_COMPLETE", {"Fn": LiveFunction("work", live, 0)}, id="mine")
        account = replace(fake_account(1000, 900, stack=stack), template=before)
        found = judge(template(self.SAME), account, Settings("t.yaml", stack_name="mine")).findings
        verdicts = [finding.verdict for finding in found if finding.limit == "lambda-concurrency-settings"]
        assert verdicts == [expected]

    def test_with_a_change_set_they_are_compared_too(self) -> None:
        stack = Stack("mine", "UPDATE_COMPLETE", {"Fn": LiveFunction("work", 49, 0)}, id="mine")
        account = replace(fake_account(1000, 900, stack=stack), template=self.SAME)
        found = judge(template(self.SAME), account, Settings("t.yaml", stack_name="mine"), frozenset())
        assert found.verdict is Verdict.FITS

    @pytest.mark.parametrize(("number", "expected"), [("'7'", EXCEEDS), ("'8'", Verdict.FITS)])
    def test_a_version_that_provisions_outside_of_the_stack_takes_no_second(
        self, number: str, expected: Verdict
    ) -> None:
        text = HEAD.format(alias=THREE, points=number, version="", function="", other=OWN)
        held = LiveFunction("work", None, 5, {":7": 5})
        account = fake_account(stack=Stack("mine", "UPDATE_COMPLETE", {"Fn": held}))
        found = judge(template(text), account, Settings("t.yaml", stack_name="mine")).findings
        assert [finding.verdict for finding in found if finding.limit == "lambda-concurrency-settings"] == [expected]

    @pytest.mark.parametrize(
        ("aliases", "version", "expected"),
        [
            pytest.param({"A": "a", "B": "b3"}, "", UNCERTAIN, id="from-one-to-the-other"),
            pytest.param({"B": "b3"}, "", EXCEEDS, id="from-one-that-is-deleted"),
            pytest.param({"A": "other3"}, "", EXCEEDS, id="from-the-one-that-it-replaces"),
            pytest.param({"A": "a3"}, "", Verdict.FITS, id="kept"),
            pytest.param({"A": "a", "B": "b3"}, ", Description: other", Verdict.FITS, id="with-another-version"),
            pytest.param({"B": "b3"}, ", Description: !Ref P", UNCERTAIN, id="maybe-with-another-version"),
            pytest.param({"A": "a", "B": "b7"}, "", Verdict.FITS, id="to-an-alias-of-another-version"),
            pytest.param({"A": "a7", "B": "b3"}, "", UNCERTAIN, id="from-one-that-moves-to-another-version"),
        ],
    )
    def test_provisioned_concurrency_that_moves_within_a_version(
        self, aliases: dict[str, str], version: str, expected: Verdict, golden: Golden
    ) -> None:
        stack = Stack("mine", "UPDATE_COMPLETE", {"Fn": LiveFunction("work", None, 3, {"A": 3})}, id="mine")
        account = replace(fake_account(1000, 900, stack=stack), template=self._moving({"A": "a3"}, ""))
        settings = Settings("t.yaml", stack_name="mine")
        found = judge(template(self._moving(aliases, version)), account, settings).findings
        (finding,) = [finding for finding in found if finding.limit == "lambda-concurrency-settings"]
        assert finding.verdict is expected
        if expected is not Verdict.FITS:
            golden([finding.message, *finding.hints])

    def _moving(self, aliases: dict[str, str], version: str) -> str:
        def alias(name: str, points: str, provisioned: str) -> str:
            properties = f"FunctionName: !Ref Fn, Name: {name}, FunctionVersion: {points}{provisioned}"
            return f"{{Type: AWS::Lambda::Alias, Properties: {{{properties}}}}}"

        own, three = "!GetAtt V.Version", f", {THREE}"
        written = {
            "a": alias("live", own, ""),
            "a3": alias("live", own, three),
            "a7": alias("live", "'7'", three),
            "b3": alias("new", own, three),
            "b7": alias("new", "'7'", three),
            "other3": alias("other", own, three),
        }
        return (
            "Parameters: {P: {Type: String}}\nResources:\n  Fn: {Type: AWS::Lambda::Function, Properties: {}}\n"
            f"  V: {{Type: AWS::Lambda::Version, Properties: {{FunctionName: !Ref Fn{version}}}}}\n"
            + "".join(f"  {name}: {written[key]}\n" for name, key in aliases.items())
        )
