"""What a preflight reads of an account, and what it decides."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from tapctl.account.floor_cache import recall
from tapctl.account.model import (
    AccountSettings,
    Concurrency,
    Holders,
    Identity,
    Increase,
    InFlight,
    LearnedFloor,
    LiveFunction,
    PastFailure,
    Quota,
    Stack,
)
from tapctl.account.quota_increase import WantedQuota
from tapctl.account.snapshot import dumps, load
from tapctl.aws.session import Aws, Connection
from tapctl.concurrency.remedy import RemedyAction, RemedyMode
from tapctl.concurrency.result import Preflight
from tapctl.concurrency.verdict import Verdict
from tapctl.concurrency.warnings import UNSET_PARAMETER
from tapctl.errors import ExitCode, TemplateError, UsageError
from tapctl.hints import Hint, advise
from tapctl.hints.judgement import JudgementAdvice
from tapctl.limits import CONCURRENCY, Limit, LimitKind, LimitSettings, catalogue
from tapctl.limits.row import each
from tapctl.report.hints import worded
from tapctl.report.preflight_json import as_json
from tapctl.report.render import RenderOptions
from tapctl.settings.settings import Settings
from tapctl.template.lint import Linting
from tapctl.template.load import load as load_template
from tapctl.template.parameters import KeptParameter
from tapctl.unknown import Unknown
from tapctl.workflows.deploy import awaited
from tapctl.workflows.deployer import DeployRequest
from tapctl.workflows.preflight import (
    DUPLICATE_KEY,
    KEPT_PARAMETER,
    MISSING_PATH,
    UNBUILT,
    WRONG_HANDLER,
    identified,
    judge,
    preflight,
    refuse_unbuilt,
    refuse_wrong_handlers,
)
from tapctl.workflows.read_inputs import stack_tree_for
from tapctl.workflows.survey import survey
from tests.support.fake_account import FakeAccount, fake_account
from tests.support.golden import Golden
from tests.support.hints import noted
from tests.support.templates import template

FITS, EXCEEDS, UNCERTAIN, UNKNOWN = Verdict.FITS, Verdict.EXCEEDS, Verdict.UNCERTAIN, Verdict.UNKNOWN
DENIED = Unknown("cloudformation:DescribeStacks was denied", noted("allow the action cloudformation:DescribeStacks"))
HANDLE = "Resources: {T: {Type: AWS::CloudFormation::WaitConditionHandle}}\n"
EXPORT = f"{HANDLE}Outputs: {{O: {{Value: 1, Export: {{Name: n}}}}}}"
TABLE = "Resources: {T: {Type: AWS::DynamoDB::Table}}"
WHOSE = f"{HANDLE}Outputs: {{O: {{Value: !Ref AWS::AccountId}}}}"
REMOTE = "Resources: {S: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: 'https://x/y'}}}"
FUNCTION = """
Parameters: {{Size: {{Type: Number, Default: 100}}}}
Resources:
  Fn:
    Type: AWS::Lambda::Function
    Properties:
      FunctionName: !Sub '${{AWS::StackName}}-Fn'
      ReservedConcurrentExecutions: {}
"""


def settings(**changed: object) -> Settings:
    return Settings(**{"template": "template.yaml", "stack_name": "mine", **changed})  # type: ignore[arg-type]


def live(reserved: int | Unknown | None, parameters: Mapping[str, str | Unknown] | None = None) -> Stack:
    types = {"Fn": "AWS::Lambda::Function"}
    return Stack("mine", "UPDATE_COMPLETE", {"Fn": LiveFunction("mine-Fn", reserved, 0)}, parameters or {}, types)


def judged(setting: str, reader: FakeAccount, **changed: object) -> Preflight:
    return judge(template(FUNCTION.format(setting)), reader, settings(**changed))


def remedy(found: Preflight) -> tuple[str, int | None]:
    return found.plan.remedies["Fn"].action.value, found.plan.remedies["Fn"].value


class TestWhatIsRead:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            pytest.param(HANDLE, {"quota of cloudformation-stacks"}, id="a-handle"),
            pytest.param(
                FUNCTION.format(5),
                {
                    "quota of cloudformation-stacks",
                    "quota of lambda-code-storage",
                    "quota of logs-log-groups",
                    "stacks in flight",
                    "claimed peak",
                },
                id="a-function",
            ),
            pytest.param(EXPORT, {"quota of cloudformation-stacks", "exports"}, id="an-export"),
            pytest.param(TABLE, {"quota of cloudformation-stacks", "quota of dynamodb-tables"}, id="a-table"),
            pytest.param(WHOSE, {"quota of cloudformation-stacks", "identity"}, id="its-own-account"),
        ],
    )
    def test_it_is_what_the_template_touches_and_nothing_else(self, text: str, expected: set[str]) -> None:
        reader = fake_account()
        judge(template(text), reader, settings())
        assert sorted(reader.asked) == sorted({"settings", "stack of mine"} | expected)

    def test_a_live_stack_takes_no_place_among_the_stacks(self) -> None:
        reader = fake_account(stack=live(None))
        judge(template(FUNCTION.format(5)), reader, settings())
        assert sorted(reader.asked) == [
            "claimed peak", "settings", "stack of mine", "stacks in flight", "the running template",
            "what Fn provision",
        ]  # fmt: skip

    def test_a_stack_that_holds_the_demand_is_not_read_any_closer(self) -> None:
        reader = fake_account(stack=live(5))
        judge(template(FUNCTION.format(5)), reader, settings())
        assert sorted(reader.asked) == ["settings", "stack of mine", "the running template"]

    def test_without_a_name_no_stack_is_looked_for(self) -> None:
        reader = fake_account()
        judge(template(HANDLE), reader, settings(stack_name=None))
        assert "stack of mine" not in reader.asked

    def test_the_ssm_parameters_behind_the_demand_are_read(self) -> None:
        text = """
        Parameters: {Name: {Type: 'AWS::SSM::Parameter::Value<String>', Default: /first}}
        Resources:
          Fn:
            Type: AWS::Lambda::Function
            Properties:
              Description: '{{resolve:ssm:/not-asked}}'
              ReservedConcurrentExecutions: !Sub '{{resolve:ssm:/limits/${Name}}}'
        """
        reader = fake_account(lookups={"ssm:/first": "fn", "ssm:/limits/fn": "7"})
        found = judge(template(text), reader, settings())
        assert found.demand.functions[0].reserved == 7
        assert [read for read in reader.asked if read.startswith("look-up")] == [
            "look-up of ssm:/first",
            "look-up of ssm:/limits/fn",
        ]
        assert found.account.lookups == {"ssm:/first": "fn", "ssm:/limits/fn": "7"}

    def test_given_lookups_are_not_read(self) -> None:
        reader = fake_account()
        found = judged("'{{resolve:ssm:/a}}'", reader, lookups={"ssm:/a": "7"})
        assert found.demand.functions[0].reserved == 7
        assert not [read for read in reader.asked if read.startswith("look-up")]

    def test_a_missing_ssm_parameter_is_unknown_and_read_once(self) -> None:
        reader = fake_account()
        found = judged("'{{resolve:ssm:/a}}'", reader)
        assert found.verdict is UNKNOWN
        assert reader.asked.count("look-up of ssm:/a") == 1

    def test_an_unknown_parameter_is_refused_before_all_else(self) -> None:
        with pytest.raises(UsageError, match="`Sise`"):
            judged("5", fake_account(), parameters={"Sise": "1"})

    def test_an_error_in_the_template_comes_through(self) -> None:
        with pytest.raises(TemplateError) as caught:
            judged("-1", fake_account())
        assert (caught.value.file, caught.value.line) == ("template.yaml", 8)


@pytest.mark.parametrize("linted", [True, False], ids=["with cfn-lint", "without cfn-lint"])
def test_code_that_is_not_built_yet_is_warned_of_on_its_line(linted: bool, tmp_path: Path, golden: Golden) -> None:
    text = "Resources:\n  Fn:\n    Type: AWS::Lambda::Function\n    Properties:\n      Code: ./dist\n"
    (tmp_path / "t.yaml").write_text(text)
    linting = Linting(None) if linted else None
    found = preflight(load_template(str(tmp_path / "t.yaml")), fake_account(), settings(), linting)
    (warning,) = found.lint
    assert (warning.severity, warning.rule, warning.line) == ("warning", MISSING_PATH, 5)
    golden([warning.message, *warning.hints])
    assert (found.verdict, found.lint_errors) == (FITS, [])


class TestWhatOldVersionsHold:
    def test_a_reservation_below_it_exceeds_with_the_command_that_frees_it(self, golden: Golden) -> None:
        reader = fake_account(stack=live(30))
        reader.closer = {"Fn": LiveFunction("mine-Fn", 30, 20, {":7": 20})}
        found = judged("10", reader)
        assert found.verdict is EXCEEDS
        assert found.findings[0].hints == (advise(JudgementAdvice.DELETE_PROVISIONED_CONFIG, "mine-Fn", "7"),)
        golden(found.findings[0].message)

    def test_it_leaves_no_room_for_the_first_alias_inside_an_unchanged_reservation(self) -> None:
        reader = fake_account(1000, 200, stack=live(30))
        reader.closer = {"Fn": LiveFunction("mine-Fn", 30, 30, {":7": 30})}
        alias = (
            "  Live:\n    Type: AWS::Lambda::Alias\n    Properties:\n      FunctionName: !Ref Fn\n"
            "      ProvisionedConcurrencyConfig: {ProvisionedConcurrentExecutions: 1}\n"
        )
        assert judge(template(FUNCTION.format(30) + alias), reader, settings()).verdict is EXCEEDS

    def test_it_stays_claimed_where_the_reservation_goes(self) -> None:
        reader = fake_account(1000, 200, stack=live(50))
        reader.closer = {"Fn": LiveFunction("mine-Fn", 50, 40, {":7": 40})}
        assert judged("!Ref AWS::NoValue", reader).concurrency.outlook.final == 210


class TestReplacement:
    IMAGE = "Resources: {Fn: {Type: AWS::Lambda::Function, Properties: {PackageType: Image}}}"

    def test_a_change_of_a_create_only_property_replaces_the_function(self) -> None:
        reader = fake_account(130, 100, stack=live(30))
        reader.template = self.IMAGE
        found = judged("30", reader)
        assert (found.verdict, found.concurrency.outlook.peak) == (UNCERTAIN, 70)

    def test_the_same_template_replaces_nothing(self) -> None:
        reader = fake_account(130, 100, stack=live(30))
        reader.template = FUNCTION.format(30)
        assert judged("30", reader).verdict is FITS

    @pytest.mark.parametrize(
        ("more", "verdict"),
        [("", FITS), ("      PackageType: Image\n", UNCERTAIN)],
        ids=["nothing-of-the-kind", "with-one"],
    )
    def test_without_the_deployed_template_a_create_only_property_may_have_changed(
        self, more: str, verdict: Verdict
    ) -> None:
        reader = fake_account(130, 100, stack=live(30))
        reader.template = Unknown("cloudformation:GetTemplate was denied")
        assert judge(template(FUNCTION.format(30) + more), reader, settings()).verdict is verdict

    def test_the_change_set_knows_better(self) -> None:
        reader = fake_account(130, 100, stack=live(30))
        reader.template = self.IMAGE
        wanted = template(FUNCTION.format(30))
        assert judge(wanted, reader, settings(), frozenset()).verdict is FITS
        assert judge(wanted, reader, settings(), frozenset({"Fn"})).verdict is UNCERTAIN


class TestAFloorInAPastEvent:
    REFUSAL = (
        "Resource handler returned message: \"Specified ReservedConcurrentExecutions for function decreases account's"
        ' UnreservedConcurrentExecution below its minimum value of [40]. (Service: Lambda)"'
    )

    @pytest.fixture(autouse=True)
    def state(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TAPCTL_STATE_DIR", str(tmp_path))

    def failed(self, status: str) -> FakeAccount:
        reader = fake_account(400, account_id="123456789012", stack=Stack("mine", status))
        reader.failed = (PastFailure("something else", "2026-06-02"), PastFailure(self.REFUSAL, "2026-06-01"))
        return reader

    @pytest.mark.parametrize("status", ["ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_FAILED"])
    def test_it_decides_and_is_remembered_with_its_day_and_place(self, status: str) -> None:
        learned = LearnedFloor(40, 400, "2026-06-01", "an event of stack mine")
        found = judged("360", self.failed(status))
        assert (found.verdict, found.account.learned) == (FITS, learned)
        assert recall("123456789012", "eu-west-1") == learned

    def test_the_events_of_a_healthy_stack_are_not_read(self) -> None:
        reader = self.failed("UPDATE_COMPLETE")
        assert judged("360", reader).verdict is UNCERTAIN
        assert "past failures" not in reader.asked

    def test_what_was_seen_later_counts(self) -> None:
        later = LearnedFloor(50, 400, "2026-07-01", "elsewhere")
        assert judged("360", self.failed("ROLLBACK_COMPLETE"), learned=later).account.learned == later


class TestOthersAtWork:
    OTHERS = (InFlight("other", "UPDATE_IN_PROGRESS"), InFlight("mine", "UPDATE_IN_PROGRESS"))

    def test_they_are_named_and_the_stack_itself_is_none(self) -> None:
        found = judged("50", fake_account(stack=live(30), in_flight=self.OTHERS))
        assert (found.verdict, found.account.in_flight) == (FITS, self.OTHERS[:1])

    def test_they_are_not_read_where_nothing_grows(self) -> None:
        reader = fake_account(stack=live(30), in_flight=self.OTHERS)
        judged("30", reader)
        assert "stacks in flight" not in reader.asked


def test_where_no_remedy_helps_the_hint_is_a_value_to_write(golden: Golden) -> None:
    alias = "{FunctionName: !Ref Fn, ProvisionedConcurrencyConfig: {ProvisionedConcurrentExecutions: 2}}"
    text = f"{FUNCTION.format(0)}  A: {{Type: AWS::Lambda::Alias, Properties: {alias}}}\n"
    finding = judge(template(text), fake_account(), settings()).findings[0]
    assert (finding.verdict, finding.resource) == (EXCEEDS, "Fn")
    golden([finding.message, *finding.hints])


@pytest.mark.parametrize(
    ("reserved", "advice"),
    [("30", JudgementAdvice.LEAVE_BOTH_OUT), ("!Ref AWS::NoValue", JudgementAdvice.LEAVE_PROVISIONED_OUT)],
)
def test_what_to_leave_out_is_everything_that_the_function_claims(reserved: str, advice: JudgementAdvice) -> None:
    alias = "{FunctionName: !Ref Fn, ProvisionedConcurrencyConfig: {ProvisionedConcurrentExecutions: 5}}"
    text = f"{FUNCTION.format(reserved)}  A: {{Type: AWS::Lambda::Alias, Properties: {alias}}}\n"

    assert hints(judge(template(text), fake_account(10), settings()))[0] == advise(advice)


def test_a_name_that_no_function_has_is_a_warning() -> None:
    found = judged("5", fake_account(), priority=("fn",))
    assert (found.verdict, found.findings[-1].severity) == (FITS, "warning")


@pytest.mark.parametrize(("minimum", "warned"), [(100, False), (101, True)])
def test_a_minimum_above_the_request_is_a_warning(minimum: int, warned: bool, golden: Golden) -> None:
    found = judged("100", fake_account(), minimum={"Fn": minimum})
    warnings = [finding for finding in found.findings if finding.severity]
    assert (found.verdict, len(warnings)) == (FITS, warned)
    golden([warnings[0].message, *warnings[0].hints] if warned else [])


def test_a_minimum_of_a_stopped_function_gives_no_warning() -> None:
    found = judged("0", fake_account(), minimum={"Fn": 5})
    assert not [finding for finding in found.findings if "minimum" in finding.message]


KEPT = """
Parameters:
  Size: {Type: Number, Default: 5}
  Zones: {Type: CommaDelimitedList, Default: 'a, b'}
  Key: {Type: String, Default: none, NoEcho: true}
  Given: {Type: String, Default: x}
Resources: {T: {Type: AWS::SNS::Topic}}
"""


class TestUnsetParameters:
    """A deploy is refused without a value for each parameter; a preflight says so, where it can know."""

    PARAMETERS = "Parameters: {Stage: {Type: String}, Size: {Type: Number, Default: 5}}\n"
    TEXT = f"{PARAMETERS}Resources: {{T: {{Type: AWS::SNS::Topic}}}}\n"

    def unset(self, stack: Stack | Unknown | None = None, *, is_snapshot: bool = False, **changed: object) -> list[str]:
        reader = fake_account(stack=stack, is_snapshot=is_snapshot)
        found = [
            finding
            for finding in judge(template(self.TEXT), reader, settings(**changed)).findings
            if finding.rule == UNSET_PARAMETER
        ]
        assert all((finding.line, finding.severity, finding.verdict) == (1, "warning", FITS) for finding in found)
        return [str(hint.values[0]) for finding in found for hint in finding.hints]

    def test_one_without_a_value_is_named(self) -> None:
        assert self.unset() == ["Stage"]

    def test_one_with_a_value_is_not(self) -> None:
        assert self.unset(parameters={"Stage": "prod"}) == []
        assert self.unset(live(None, {"Stage": "prod"})) == []

    def test_without_the_stack_it_is_not_known_what_it_keeps(self) -> None:
        assert self.unset(stack_name=None) == []
        assert self.unset(Unknown("denied")) == []
        assert self.unset(is_snapshot=True) == []


class TestKeptParameters:
    """A parameter keeps the stack's value; where the default has changed, that is a surprise."""

    VALUES: Mapping[str, str | Unknown] = {"Size": "3", "Zones": "a,b", "Key": Unknown("not returned"), "Given": "y"}

    def kept(self, default: object, **changed: object) -> Preflight:
        stack = Stack("mine", "UPDATE_COMPLETE", {}, self.VALUES, {})
        deployed = {"Parameters": {"Size": {"Type": "Number", "Default": default}}, "Resources": {"T": {"Type": "X"}}}
        reader = fake_account(stack=stack)
        reader.template = Unknown("left out") if default is None else deployed
        return judge(template(KEPT), reader, settings(parameters={"Given": "z"}, **changed))

    def test_it_is_named_with_both_values(self, golden: Golden) -> None:
        found = self.kept(3)
        assert found.kept == (KeptParameter("Size", "3", "5"),)
        (warning,) = (finding for finding in found.findings if finding.rule == KEPT_PARAMETER)
        assert (found.verdict, warning.line) == (FITS, 3)
        assert warning.hints == (advise(JudgementAdvice.PASS_PARAMETER, "Size"),)
        document = json.loads(as_json(found, RenderOptions(80, color=False)))
        assert document["kept_parameters"] == [{"parameter": "Size", "value": "3", "default": "5"}]
        golden(warning.message)

    def test_a_default_that_is_as_before_is_none(self) -> None:
        assert self.kept(5).kept == ()

    def test_it_is_named_where_the_deployed_template_is_not_known(self) -> None:
        assert self.kept(None).kept == (KeptParameter("Size", "3", "5"),)

    def test_one_that_is_given_keeps_nothing(self) -> None:
        stack = Stack("mine", "UPDATE_COMPLETE", {}, {"Size": "3"}, {})
        reader = fake_account(stack=stack)
        assert judge(template(KEPT), reader, settings(parameters={"Size": "3"})).kept == ()
        assert "the running template" not in reader.asked


def hints(found: Preflight) -> list[Hint]:
    return [*found.findings[0].hints]


@pytest.mark.parametrize(("env", "option"), [("prod", " --env prod"), (None, "")])
def test_the_remedy_is_written_for_the_environment_that_was_chosen(env: str | None, option: str) -> None:
    assert hints(judged("100", fake_account(10), env=env))[0].values == (option,)


class TestHolders:
    HOLDERS = Holders({"mine-Fn": 20, "b": 300, "a": 300, "c": 30, "d": 4}, not_read=7)

    def reader(self, unreserved: int, **more: object) -> FakeAccount:
        return fake_account(1000, unreserved, **{"holders": self.HOLDERS, **more})

    def test_the_largest_others_are_named(self) -> None:
        found = judged("400", self.reader(346, stack=live(20)))
        assert found.reserved_by_others == 634
        assert hints(found)[1] == advise(JudgementAdvice.FREE_RESERVATIONS_OF, "a 300, b 300, c 30 and 1 more")

    def test_where_no_remedy_is_allowed_the_hint_is_to_free_it(self) -> None:
        found = judged("400", self.reader(366), remedy=RemedyMode.FAIL)
        assert hints(found)[0].advice is JudgementAdvice.FREE_RESERVATIONS_OF

    def test_without_their_names_the_hint_is_the_same_in_general(self) -> None:
        found = judged("400", self.reader(366, holders=denied("lambda:ListFunctions")), remedy=RemedyMode.FAIL)
        assert hints(found)[0] == advise(JudgementAdvice.FREE_RESERVATIONS)

    @pytest.mark.parametrize("reserved", ["100", "0"])
    def test_they_are_not_read_where_it_fits(self, reserved: str) -> None:
        reader = self.reader(366)
        assert judged(reserved, reader).verdict is FITS
        assert "holders" not in reader.asked

    def test_where_others_reserve_nothing_nothing_is_to_be_freed(self, golden: Golden) -> None:
        reader = fake_account(10)
        found = judged("5", reader, remedy=RemedyMode.FAIL)
        assert "holders" not in reader.asked
        assert {JudgementAdvice.FREE_RESERVATIONS_OF, JudgementAdvice.FREE_RESERVATIONS}.isdisjoint(
            hint.advice for hint in hints(found)
        )
        golden(found.findings[0].hints[0])

    def test_a_survey_reads_them_if_asked(self) -> None:
        assert survey(self.reader(366), settings(), holders=True).holders == self.HOLDERS
        assert isinstance(survey(self.reader(366), settings()).holders, Unknown)


class TestAHigherQuota:
    CODE = ("lambda", "L-B99A9384")

    def test_the_hint_requests_a_value_that_aws_accepts(self) -> None:
        assert hints(judged("100", fake_account(10)))[1:] == [
            advise(JudgementAdvice.OR_REQUEST_INCREASE, *self.CODE, 1001)
        ]

    def test_the_region_is_named_where_it_is_known(self) -> None:
        found = judged("100", fake_account(10), region="eu-west-1")
        assert hints(found)[1:] == [
            advise(JudgementAdvice.OR_REQUEST_INCREASE_IN_REGION, *self.CODE, 1001, "eu-west-1")
        ]

    def test_the_floor_of_the_higher_limit_counts(self) -> None:
        assert hints(judged("1000", fake_account(50)))[1:] == [
            advise(JudgementAdvice.OR_REQUEST_INCREASE, *self.CODE, 1100)
        ]

    def test_in_the_sandbox_no_quota_of_aws_is_requested(self) -> None:
        found = judged("100", fake_account(10), sandbox=True)
        assert hints(found)[1:] == [advise(JudgementAdvice.OR_RAISE_SANDBOX_LIMIT, 200)]

    def test_a_sandbox_whose_limit_was_lowered_below_its_reservations_needs_room_for_them(self) -> None:
        found = judged("50", fake_account(10, 0, holders=Holders({"other": 100})), sandbox=True)
        assert hints(found)[-1] == advise(JudgementAdvice.OR_RAISE_SANDBOX_LIMIT, 250)

    def test_a_pending_increase_that_is_enough_is_not_requested_again(self) -> None:
        reader = fake_account(10)
        reader.increases = (Increase(1001, "2026-11-01"),)
        found = judged("100", reader)
        assert hints(found)[1:] == [advise(JudgementAdvice.WAIT_FOR_INCREASE, 1001, "2026-11-01")]
        assert found.pending_increases == reader.increases

    def test_a_pending_increase_that_is_not_enough_is_named_too(self) -> None:
        reader = fake_account(1000)
        reader.increases = (Increase(1200, "2026-11-01"),)
        assert hints(judged("1200", reader))[1:] == [
            advise(JudgementAdvice.OR_REQUEST_INCREASE, *self.CODE, 1300),
            advise(JudgementAdvice.INCREASE_PENDING, 1200, "2026-11-01"),
        ]

    def test_pending_increases_are_not_read_where_it_fits(self) -> None:
        reader = fake_account()
        judged("100", reader)
        assert "pending increases of lambda-reserved-concurrency" not in reader.asked


class TestWaitingForIncreases:
    TWO = f"{TABLE[:-1]}, U: {{Type: AWS::DynamoDB::Table}}}}"
    TABLES, STACKS = "dynamodb/L-F98FE922", "cloudformation/L-0485CB21"

    def awaited(self, quotas: Mapping[str, Quota], value: int, **changed: object) -> tuple[WantedQuota, ...]:
        reader = fake_account(quotas=quotas)
        reader.increases = (Increase(value, "2026-11-01"),)
        found = judge(template(self.TWO), reader, settings(region="eu-west-1"))
        aws = Aws(Connection("eu-west-1"))
        return awaited(DeployRequest(aws, found.template, settings(), **{"wait_increase": True, **changed}), found)  # type: ignore[arg-type]

    def test_a_deploy_waits_for_those_that_are_enough(self) -> None:
        found = self.awaited({self.TABLES: Quota(10, 9), self.STACKS: Quota(2000, 1)}, 11)
        assert [(wanted.limit.key, wanted.value) for wanted in found] == [(self.TABLES, 11)]

    @pytest.mark.parametrize(
        ("quotas", "value", "changed"),
        [
            pytest.param({TABLES: Quota(10, 9)}, 11, {"wait_increase": False}, id="it-was-not-asked-for"),
            pytest.param({TABLES: Quota(10, 9)}, 10, {}, id="it-is-not-enough"),
            pytest.param({TABLES: Quota(10, 8)}, 11, {}, id="it-fits"),
            pytest.param({TABLES: Quota(10, 9), STACKS: Quota(20, 20)}, 11, {}, id="another-limit-has-none"),
        ],
    )
    def test_else_it_does_not_wait(
        self, quotas: Mapping[str, Quota], value: int, changed: Mapping[str, object]
    ) -> None:
        assert self.awaited(quotas, value, **changed) == ()


class TestSumOverSeveralFunctions:
    TWO = """
    Resources:
      A: {Type: AWS::Lambda::Function, Properties: {ReservedConcurrentExecutions: 700}}
      B: {Type: AWS::Lambda::Function, Properties: {ReservedConcurrentExecutions: 300}}
      C: {Type: AWS::Lambda::Function}
    """

    def test_is_one_finding_that_names_them(self, golden: Golden) -> None:
        found = judge(template(self.TWO), fake_account(1000), settings())
        (finding,) = [entry for entry in found.findings if entry.limit == CONCURRENCY.id]
        assert (finding.verdict, finding.resource, finding.resources, finding.line) == (EXCEEDS, None, ("A", "B"), 3)
        golden(finding.message)

    def test_a_function_at_fault_alone_is_blamed_alone(self) -> None:
        alias = "{FunctionName: !Ref B, ProvisionedConcurrencyConfig: {ProvisionedConcurrentExecutions: 301}}"
        text = f"{self.TWO.rstrip()}\n      L: {{Type: AWS::Lambda::Alias, Properties: {alias}}}\n"
        found = judge(template(text), fake_account(1000), settings())
        (finding,) = [entry for entry in found.findings if entry.limit == CONCURRENCY.id]
        assert (finding.verdict, finding.resource, finding.resources) == (EXCEEDS, "B", ())

    def test_a_long_list_is_cut(self, golden: Golden) -> None:
        function = "{Type: AWS::Lambda::Function, Properties: {ReservedConcurrentExecutions: 100}}"
        text = "Resources:\n" + "".join(f"  F{number:02}: {function}\n" for number in range(12))
        finding = judge(template(text), fake_account(1000), settings()).findings[0]
        assert finding.resources == tuple(f"F{number:02}" for number in range(12))
        golden(finding.message)


class TestTheReferenceFailure:
    """A function asks for 100 and the account can spare none."""

    def test_it_exceeds_and_the_setting_goes(self) -> None:
        found = judged("100", fake_account(10))
        assert (found.verdict, found.concurrency.outlook.final, found.concurrency.outlook.peak) == (EXCEEDS, -90, -90)
        assert (found.plan.possible, remedy(found)) == (True, ("drop", None))

    @pytest.mark.parametrize(
        ("limit", "expected", "value"),
        [
            pytest.param(1000, FITS, ("keep", 100), id="a-thousand-keep-it"),
            pytest.param(150, UNCERTAIN, ("lower", 50), id="a-hundred-and-fifty-lower-it"),
            pytest.param(100, EXCEEDS, ("drop", None), id="a-hundred-drop-it"),
            pytest.param(50, EXCEEDS, ("drop", None), id="fifty-drop-it"),
            pytest.param(5, EXCEEDS, ("drop", None), id="five-drop-it"),
        ],
    )
    def test_the_remedy_depends_on_the_limit(
        self, limit: int, expected: Verdict, value: tuple[str, int | None]
    ) -> None:
        found = judged("100", fake_account(limit))
        assert (found.verdict, remedy(found)) == (expected, value)

    def test_where_no_remedy_is_wanted_there_is_none(self) -> None:
        found = judged("100", fake_account(10), remedy=RemedyMode.FAIL)
        assert (found.verdict, found.plan.possible, found.plan.changes) == (EXCEEDS, False, {})

    def test_a_finding_names_function_file_and_line(self) -> None:
        (finding,) = [entry for entry in judged("100", fake_account(10)).findings if entry.verdict is EXCEEDS]
        assert (finding.limit, finding.resource, finding.file, finding.line) == (
            "lambda-reserved-concurrency", "Fn", "template.yaml", 8,
        )  # fmt: skip

    def test_the_floor_may_be_pinned_or_learned(self) -> None:
        assert judged("300", fake_account(340)).verdict is UNCERTAIN
        assert judged("300", fake_account(340), min_unreserved=40).verdict is FITS
        learned = LearnedFloor(40, 340, "2026-06-01", "stack a")
        assert judged("300", fake_account(340), learned=learned).verdict is FITS

    def test_the_first_in_priority_is_served(self) -> None:
        text = (
            "Resources:\n  A: {Type: AWS::Lambda::Function, Properties: {ReservedConcurrentExecutions: 50}}\n"
            "  B: {Type: AWS::Lambda::Function, Properties: {ReservedConcurrentExecutions: 50}}\n"
        )
        found = judge(template(text), fake_account(1000, 150), settings(priority=("B",)))
        assert {name: remedy.action for name, remedy in found.plan.remedies.items()} == {
            "A": RemedyAction.DROP,
            "B": RemedyAction.KEEP,
        }


class TestALiveStack:
    def test_what_it_holds_is_credited(self) -> None:
        assert judged("100", fake_account(1000, 100, stack=live(100))).verdict is FITS
        assert judged("101", fake_account(1000, 100, stack=live(100))).verdict is EXCEEDS

    def test_its_own_name_is_no_replacement(self) -> None:
        found = judged("100", fake_account(1000, 100, stack=live(100)))
        assert [change.replaced for change in found.changes] == [False]

    def test_a_changed_name_replaces_the_function(self) -> None:
        stack = Stack("mine", "UPDATE_COMPLETE", {"Fn": LiveFunction("other", 100, 0)})
        found = judged("100", fake_account(1000, 100, stack=stack))
        assert ([change.replaced for change in found.changes], found.verdict) == ([True], EXCEEDS)
        assert found.first_step

    def test_functions_that_the_template_no_longer_has_go(self) -> None:
        found = judge(template(HANDLE), fake_account(1000, 100, stack=live(100)), settings())
        assert found.verdict is FITS
        assert (found.concurrency.outlook.final, found.concurrency.outlook.peak) == (200, 100)

    def test_its_values_are_kept_unless_others_are_given(self) -> None:
        reader = fake_account(stack=live(None, {"Size": "7", "Gone": "x"}))
        assert judged("!Ref Size", reader).demand.functions[0].reserved == 7
        assert judged("!Ref Size", reader, parameters={"Size": "8"}).demand.functions[0].reserved == 8
        assert judged("!Ref Size", fake_account()).demand.functions[0].reserved == 100

    def test_a_hidden_value_is_unknown(self) -> None:
        found = judged(
            "!Ref Size", fake_account(stack=live(None, {"Size": Unknown("hidden", noted("--parameter Size=VALUE"))}))
        )
        assert (found.verdict, found.concurrency.reason) == (UNKNOWN, "hidden")

    def test_a_function_that_could_not_be_read_is_unknown(self) -> None:
        found = judged("101", fake_account(1000, 200, stack=live(DENIED)))
        assert (found.verdict, found.concurrency.resolution) == (UNKNOWN, DENIED.resolution)

    @pytest.mark.parametrize(("setting", "expected"), [("100", UNKNOWN), ("0", FITS), ("!Ref AWS::NoValue", FITS)])
    def test_one_that_could_not_be_read_is_unknown_where_something_grows(self, setting: str, expected: Verdict) -> None:
        found = judged(setting, fake_account(10, stack=DENIED))
        assert found.concurrency.verdict is expected
        assert not found.plan.changes


class TestWhatCannotBeSeen:
    @pytest.mark.parametrize(
        "text",
        [
            pytest.param(REMOTE, id="a-remote-stack"),
            pytest.param(f"Transform: MyMacro\n{HANDLE}", id="a-macro"),
            pytest.param(
                "Transform: AWS::LanguageExtensions\nParameters: {L: {Type: CommaDelimitedList}}\n"
                "Resources:\n  Fn::ForEach::X:\n    - V\n    - !Ref L\n    - F${V}: {Type: AWS::Lambda::Function}\n",
                id="a-loop-over-the-unknown",
            ),
        ],
    )
    def test_the_verdict_is_unknown(self, text: str) -> None:
        assert judge(template(text), fake_account(), settings()).verdict is UNKNOWN


def denied(action: str) -> Unknown:
    return Unknown(f"{action} was denied", noted(f"allow the action {action}"))


NO_SETTINGS = denied("lambda:GetAccountSettings")
ALIAS_ALONE = "Resources: {A: {Type: AWS::Lambda::Alias, Properties: {FunctionName: other, FunctionVersion: '1'}}}"


class TestWhatTheSumDoesNotNeed:
    """A denied read that the sum of the concurrency does not need is shown and does not block."""

    @staticmethod
    def unread(found: Preflight) -> set[tuple[str | None, str]]:
        """The limits that were not judged, each with the IAM action that is missing."""
        findings = [finding for finding in found.findings if not finding.judged]
        assert all(finding.verdict is UNKNOWN for finding in findings)
        return {(finding.limit, finding.message.rpartition(": ")[2].split()[0]) for finding in findings}

    def without_settings(self) -> FakeAccount:
        reader = fake_account(quotas={"lambda/L-2ACBD22F": Quota(NO_SETTINGS, NO_SETTINGS)})
        account = replace(reader.account, settings=AccountSettings(Concurrency(NO_SETTINGS, NO_SETTINGS)))
        return replace(reader, account=account)

    @pytest.mark.parametrize("strict", [False, True])
    def test_a_quota(self, strict: bool) -> None:
        reader = fake_account(quotas={"dynamodb/L-F98FE922": Quota(2500, denied("dynamodb:ListTables"))})
        found = judge(template(TABLE), reader, settings(strict=strict))
        verdict = UNKNOWN if strict else FITS
        assert (found.verdict, found.verdict_after_remedy) == (verdict, verdict)
        assert self.unread(found) == {("dynamodb-tables", "dynamodb:ListTables")}

    def test_exports(self) -> None:
        found = judge(template(EXPORT), fake_account(exports=denied("cloudformation:ListExports")), settings())
        assert found.verdict is FITS
        assert self.unread(found) == {("cloudformation-exports", "cloudformation:ListExports")}

    @pytest.mark.parametrize("strict", [False, True])
    @pytest.mark.parametrize("text", [FUNCTION.format(0), ALIAS_ALONE])
    def test_the_account_settings_where_nothing_is_claimed(self, text: str, strict: bool) -> None:
        found = judge(template(text), self.without_settings(), settings(strict=strict))
        verdict = UNKNOWN if strict else FITS
        assert (found.concurrency.verdict, found.verdict, found.verdict_after_remedy) == (FITS, verdict, verdict)
        assert (CONCURRENCY.id, "lambda:GetAccountSettings") in self.unread(found)

    def test_where_the_sum_needs_them_the_verdict_is_unknown(self) -> None:
        found = judge(template(FUNCTION.format(5)), self.without_settings(), settings())
        (finding,) = [finding for finding in found.findings if finding.limit == CONCURRENCY.id]
        assert (found.verdict, finding.verdict, finding.judged) == (UNKNOWN, UNKNOWN, True)
        assert NO_SETTINGS.reason in finding.message

    def test_the_stack_where_nothing_is_claimed(self) -> None:
        found = judge(template(FUNCTION.format(0)), fake_account(stack=DENIED), settings())
        assert found.verdict is FITS
        assert self.unread(found) == {(CONCURRENCY.id, "cloudformation:DescribeStacks")}

    def test_another_limit_is_judged_all_the_same(self) -> None:
        quotas = {"dynamodb/L-F98FE922": Quota(2500, 2500), "lambda/L-2ACBD22F": Quota(NO_SETTINGS, NO_SETTINGS)}
        text = "Resources: {T: {Type: AWS::DynamoDB::Table}, F: {Type: AWS::Lambda::Function}}"
        assert judge(template(text), fake_account(quotas=quotas), settings()).verdict is EXCEEDS


class TestPseudoParameters:
    @pytest.mark.parametrize(
        ("region", "partition", "suffix"),
        [
            ("eu-west-1", "aws", "amazonaws.com"),
            ("cn-north-1", "aws-cn", "amazonaws.com.cn"),
            ("us-gov-west-1", "aws-us-gov", "amazonaws.com"),
        ],
    )
    def test_the_region_implies_the_partition(self, region: str, partition: str, suffix: str) -> None:
        pseudo = stack_tree_for(template(HANDLE), settings(region=region)).resolver.pseudo
        assert pseudo == {
            "AWS::Region": region, "AWS::Partition": partition, "AWS::URLSuffix": suffix, "AWS::StackName": "mine",
        }  # fmt: skip

    def test_unknown_pseudo_parameters_are_left_out(self) -> None:
        assert stack_tree_for(template(HANDLE), settings(stack_name=None)).resolver.pseudo == {}

    def test_a_stack_that_is_named_by_an_alias_has_its_own_name(self) -> None:
        account = replace(fake_account().account, stack=live(5))
        pseudo = stack_tree_for(template(HANDLE), settings(stack_name="alias"), account).resolver.pseudo
        assert pseudo["AWS::StackName"] == "mine"

    def test_the_account_is_known_where_the_template_asks_for_it(self) -> None:
        text = (
            FUNCTION.format("!If [Here, 5, 6]") + "Conditions: {Here: !Equals [!Ref AWS::AccountId, '123456789012']}\n"
        )
        found = judge(template(text), fake_account(account_id="123456789012"), settings())
        assert found.demand.functions[0].reserved == 5


class TestSurvey:
    def test_it_reads_everything_that_is_counted(self) -> None:
        reader = fake_account(account_id="123456789012", stack=live(5), exports={"n": "other"})
        found = survey(reader, settings())
        counted = [row for row in catalogue() if row.kind is LimitKind.COUNT]
        assert sorted(reader.asked) == sorted(
            ["settings", "identity", "stack of mine", "exports", *(f"quota of {row.id}" for row in counted)]
        )
        assert (found.account_id, found.region, found.stack) == ("123456789012", "eu-west-1", live(5))
        assert set(found.quotas) == {row.key for row in counted}
        assert found.taken_at
        assert found.taken_at.endswith("Z")

    def test_with_a_template_only_what_it_touches_is_read(self) -> None:
        reader = fake_account(account_id="123456789012")
        found = survey(reader, settings(), template(TABLE))
        assert sorted(found.quotas) == ["cloudformation/L-0485CB21", "dynamodb/L-F98FE922"]

    def test_own_limits_are_read_too(self) -> None:
        own = Limit("iot-l-1", "iot/L-1", "Things", "", (each("Custom::Thing"),))
        found = survey(fake_account(), settings(limits=LimitSettings(own=(own,))))
        assert "iot/L-1" in found.quotas

    def test_without_a_stack_s_name_none_is_read(self) -> None:
        assert survey(fake_account(), settings(stack_name=None)).stack is None

    def test_whose_account_it_is_may_be_unknown(self) -> None:
        found = survey(fake_account(), settings(region="us-east-1"))
        assert (found.account_id, found.region) == (None, "us-east-1")

    @pytest.mark.parametrize("limit", [10, 150, 1000])
    def test_a_verdict_by_what_was_saved_is_the_live_one(self, tmp_path: Path, limit: int) -> None:
        reader = fake_account(limit, account_id="123456789012")
        path = tmp_path / "account.json"
        path.write_text(dumps(survey(reader, settings()), worded), encoding="utf-8")
        saved = load(path)
        assert saved.identity() == Identity("123456789012", "eu-west-1")
        by_file, by_aws = (judge(template(FUNCTION.format(100)), account, settings()) for account in (saved, reader))
        assert (by_file.verdict, by_file.plan, by_file.concurrency) == (by_aws.verdict, by_aws.plan, by_aws.concurrency)

    def test_its_stack_keeps_the_parameters_of_the_live_one(self, tmp_path: Path) -> None:
        values: dict[str, str | Unknown] = {"Size": "3", "Key": Unknown("not returned"), "Token": "from a variable"}
        reader = fake_account(1000, 900, stack=live(3, values))
        path = tmp_path / "account.json"
        path.write_text(dumps(survey(reader, settings(hidden=frozenset({"Token"}))), worded), encoding="utf-8")
        assert "from a variable" not in path.read_text()
        by_file, by_aws = (
            judge(template(FUNCTION.format("!Ref Size")), account, settings()) for account in (load(path), reader)
        )
        assert by_file.demand.functions[0].reserved == by_aws.demand.functions[0].reserved == 3
        assert by_file.tree.parameters.previous.keys() == by_aws.tree.parameters.previous.keys()


def test_a_key_that_is_given_twice_is_a_warning_with_both_lines(tmp_path: Path, golden: Golden) -> None:
    twice = "Resources:\n  T:\n    Type: AWS::SNS::Topic\n    Type: AWS::SQS::Queue\n"
    nested = "{Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: n.yaml}}"
    (tmp_path / "n.yaml").write_text(twice)
    (tmp_path / "t.yaml").write_text(f"{twice}  A: {nested}\n  B: {nested}\n")
    found = judge(load_template(str(tmp_path / "t.yaml")), fake_account(), settings())
    warnings = [finding for finding in found.findings if finding.rule == DUPLICATE_KEY]
    assert found.verdict is FITS
    assert [(warning.severity, warning.verdict, warning.file, warning.line) for warning in warnings] == [
        ("warning", FITS, f"{tmp_path}/{name}", 4) for name in ("t.yaml", "n.yaml")
    ]
    golden(warnings[0].message)


@pytest.mark.parametrize(
    "text",
    [
        "Resources: {W: {Type: Acme::X::Y::MODULE}}",
        "Transform: Mine\nResources: {T: {Kind: x}}",
        "Resources: {Fn::Transform: {Name: AWS::Include, Parameters: {Location: s3://b/k}}}",
        "Fn::Transform: {Name: Mine}\nResources: {T: {Type: AWS::SNS::Topic}}",
    ],
)
def test_a_module_macro_or_remote_include_never_fits(text: str, golden: Golden) -> None:
    found = judge(template(text), fake_account(), settings())
    (unknown,) = [finding for finding in found.findings if finding.verdict is UNKNOWN and finding.judged]
    assert (found.verdict, unknown.file) == (UNKNOWN, "template.yaml")
    golden(f"{unknown.line} {unknown.message}")


def test_an_image_that_is_not_built_is_a_warning_and_refuses_a_deploy(golden: Golden) -> None:
    image = "{Type: 'AWS::Serverless::Function', Properties: {PackageType: Image}}"
    source = template(f"Transform: AWS::Serverless-2016-10-31\nResources:\n  Fn: {image}\n")
    result = preflight(source, fake_account(), settings())
    (found,) = result.lint
    assert (result.verdict, found.rule, found.severity, found.line) == (FITS, UNBUILT, "warning", 3)
    with pytest.raises(TemplateError) as caught:
        refuse_unbuilt(result.tree)
    assert caught.value.message.endswith(found.message)
    golden(caught.value)


def test_a_report_names_the_account_that_no_verdict_needs() -> None:
    reader = fake_account(account_id="123456789012")
    result = judge(template(FUNCTION.format(5)), reader, settings())
    unnamed = replace(result, account=replace(result.account, account_id=None))

    assert identified(unnamed, reader).account.account_id == "123456789012"
    assert identified(unnamed, fake_account()) == unnamed


def test_a_handler_that_is_not_in_its_code_is_a_warning_and_refuses_a_deploy(tmp_path: Path, golden: Golden) -> None:
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "app.py").write_text("def handler(event, context): pass\n")
    function = "Properties: {Code: code, Runtime: python3.13, Role: r,\n    Handler: app.main}"
    (tmp_path / "t.yaml").write_text(f"Resources:\n  Fn:\n    Type: AWS::Lambda::Function\n    {function}\n")
    result = preflight(load_template(str(tmp_path / "t.yaml")), fake_account(), settings(), Linting(None))
    (found,) = result.lint
    assert (result.verdict, found.rule, found.severity, found.line) == (FITS, WRONG_HANDLER, "warning", 5)
    with pytest.raises(TemplateError) as caught:
        refuse_wrong_handlers(result.tree, settings().function)
    assert caught.value.exit_code is ExitCode.USAGE
    assert caught.value.message.endswith(found.message)
    golden([found.message, *found.hints])
