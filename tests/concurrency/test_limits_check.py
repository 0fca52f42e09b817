"""Every limit but concurrency: what is used and what is added, against what is allowed."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tapctl.account.model import (
    NOT_LISTED,
    UNREAD,
    Account,
    AccountSettings,
    Concurrency,
    Increase,
    Quota,
    QuotaSource,
    Stack,
)
from tapctl.concurrency.additions import Before, additions, largest
from tapctl.concurrency.change import diff
from tapctl.concurrency.counting import Inventory, coverage, measured, number
from tapctl.concurrency.judge import judge
from tapctl.concurrency.limits_check import EARLIER, check_limits, depends_on_replacements, touched
from tapctl.concurrency.read_demand import read_demand
from tapctl.concurrency.replacement import UpdateEffects
from tapctl.concurrency.result import Preflight
from tapctl.concurrency.verdict import Finding, Verdict
from tapctl.hints import advise
from tapctl.hints.judgement import JudgementAdvice
from tapctl.limits import Limit, LimitSettings, QuotaValue, catalogue
from tapctl.limits.row import Call, each
from tapctl.template.load import load
from tapctl.template.nested import stack_tree
from tapctl.template.parameters import Parameters
from tapctl.unknown import Unknown
from tests.support.golden import Golden
from tests.support.hints import noted
from tests.support.templates import stack_tree_of

FITS, EXCEEDS, UNCERTAIN, UNKNOWN = Verdict.FITS, Verdict.EXCEEDS, Verdict.UNCERTAIN, Verdict.UNKNOWN
DENIED = Unknown("dynamodb:ListTables was denied", noted("allow the action dynamodb:ListTables"))
TABLES, STACKS, KEYS, ROLES = (
    "dynamodb/L-F98FE922", "cloudformation/L-0485CB21", "kms/L-C2F1777E", "iam/L-FE177D64",
)  # fmt: skip
STORAGE, LOG_GROUPS = "lambda/L-2ACBD22F", "logs/L-C7B9AAAB"
PACKAGE = 262_144_000
PARAMETERS = "Parameters: {P: {Type: String}}\nConditions: {C: !Equals [!Ref P, a], Never: !Equals [a, b]}\n"
TWO_TABLES = "Resources:\n  T1: {Type: AWS::DynamoDB::Table}\n  T2: {Type: AWS::DynamoDB::Table}\n"
LIVE = Stack("mine", "UPDATE_COMPLETE", resources={"T1": "AWS::DynamoDB::Table", "Gone": "AWS::DynamoDB::Table"})
BY_HAND = Stack("mine", "CREATE_COMPLETE")


def findings(
    text: str,
    quotas: Mapping[str, Quota] | None = None,
    stack: Stack | Unknown | None = None,
    exports: Mapping[str, str] | Unknown = UNREAD,
    more: Mapping[str, Any] | None = None,
) -> tuple[Finding, ...]:
    return check_limits(preflight(text, quotas, stack, exports, more))


def preflight(
    text: str,
    quotas: Mapping[str, Quota] | None = None,
    stack: Stack | Unknown | None = None,
    exports: Mapping[str, str] | Unknown = UNREAD,
    more: Mapping[str, Any] | None = None,
) -> Preflight:
    tree = stack_tree_of(text)
    pool = Concurrency(1000, 1000)
    account = Account("eu-west-1", AccountSettings(pool), stack=stack, quotas=quotas or {}, exports=exports)
    changes = diff(read_demand(tree), stack.functions if isinstance(stack, Stack) else {})
    demand, judgement = read_demand(tree), judge(changes, pool)
    return Preflight(tree.resolver.template, tree, account, demand, changes, judgement, **(more or {}))


def one(key: str, found: tuple[Finding, ...]) -> Finding:
    row = limit(key)
    (finding,) = [finding for finding in found if finding.limit == row.id]
    return finding


def limit(key: str) -> Limit:
    return next(row for row in catalogue() if row.key == key)


class TestCounting:
    @pytest.mark.parametrize(
        ("stack", "usage", "expected"),
        [
            pytest.param(None, 8, FITS, id="exactly-full-fits"),
            pytest.param(None, 9, EXCEEDS, id="one-too-many-exceeds"),
            pytest.param(LIVE, 9, FITS, id="what-the-stack-holds-is-counted-already"),
            pytest.param(LIVE, 10, EXCEEDS, id="what-goes-goes-too-late"),
            pytest.param(BY_HAND, 8, FITS, id="a-hand-written-stack-with-room-for-all"),
            pytest.param(BY_HAND, 9, UNCERTAIN, id="a-hand-written-stack-may-hold-them-already"),
            pytest.param(Unknown("denied"), 8, FITS, id="an-unread-stack-with-room-for-all"),
            pytest.param(Unknown("denied"), 9, UNCERTAIN, id="an-unread-stack-may-hold-them-already"),
        ],
    )
    def test_what_is_new_is_added_to_what_is_used(
        self, stack: Stack | Unknown | None, usage: int, expected: Verdict
    ) -> None:
        assert one(TABLES, findings(TWO_TABLES, {TABLES: Quota(10, usage)}, stack)).verdict is expected

    def test_the_sums_are_reported_on_the_first_resource_that_counts(self, golden: Golden) -> None:
        found = one(TABLES, findings(TWO_TABLES, {TABLES: Quota(2500, 2499)}))
        assert (found.verdict, found.resource, found.file, found.line) == (EXCEEDS, "T1", "template.yaml", 2)
        golden(found.message)

    @pytest.mark.parametrize(
        ("condition", "usage", "expected"),
        [
            pytest.param("Never", 10, None, id="one-that-is-not-there-spends-nothing"),
            pytest.param("C", 9, FITS, id="one-that-may-be-there-has-room"),
            pytest.param("C", 10, UNCERTAIN, id="one-that-may-be-there-may-be-too-many"),
        ],
    )
    def test_conditions_count(self, condition: str, usage: int, expected: Verdict | None) -> None:
        text = f"{PARAMETERS}Resources:\n  T: {{Type: AWS::DynamoDB::Table, Condition: {condition}}}\n"
        found = [
            finding for finding in findings(text, {TABLES: Quota(10, usage)}) if finding.limit == "dynamodb-tables"
        ]
        assert [finding.verdict for finding in found] == ([] if expected is None else [expected])

    def test_another_type_by_the_same_name_is_new(self) -> None:
        stack = Stack(
            "mine",
            "UPDATE_COMPLETE",
            resources={"T1": "AWS::CloudFormation::WaitConditionHandle", "T2": "AWS::DynamoDB::Table"},
        )
        assert one(TABLES, findings(TWO_TABLES, {TABLES: Quota(10, 10)}, stack)).verdict is EXCEEDS

    @pytest.mark.parametrize(
        ("quota", "reason"),
        [(Quota(DENIED, 3), DENIED.reason), (Quota(10, DENIED), DENIED.reason)],
        ids=["the-quota", "the-usage"],
    )
    def test_what_was_denied_is_unknown_with_the_permission(self, quota: Quota, reason: str) -> None:
        found = one(TABLES, findings(TWO_TABLES, {TABLES: quota}))
        assert (found.verdict, found.judged) == (UNKNOWN, False)
        assert reason in found.message
        assert found.hints == (DENIED.resolution,)

    def test_what_was_never_asked_is_shown_and_not_judged(self) -> None:
        found = one(TABLES, findings(TWO_TABLES))
        assert (found.verdict, found.judged) == (UNKNOWN, False)

    @pytest.mark.parametrize("usage", [{}, {"a": 1}], ids=["of-none", "of-one"])
    def test_a_usage_by_parents_says_nothing_of_the_account(self, usage: dict[str, int]) -> None:
        found = one(TABLES, findings(TWO_TABLES, {TABLES: Quota(10, usage)}))
        assert (found.verdict, found.judged) == (UNKNOWN, False)

    def test_keys_are_bounded_from_above_only(self) -> None:
        text = "Resources:\n  K: {Type: AWS::KMS::Key}\n"
        assert one(KEYS, findings(text, {KEYS: Quota(10, 9)})).verdict is FITS
        assert one(KEYS, findings(text, {KEYS: Quota(10, 10)})).verdict is UNCERTAIN


class TestCoverage:
    @pytest.mark.parametrize(
        ("resources", "expected"),
        [
            pytest.param("{V: {Type: Custom::V}, W: {Type: Custom::V}}", {"Custom::V": 2}, id="counted"),
            pytest.param("{F: {Type: AWS::Lambda::Function}, T: {Type: AWS::DynamoDB::Table}}", {}, id="known"),
            pytest.param("{V: {Type: Custom::V, Condition: Never}}", {}, id="one-that-does-not-exist"),
            pytest.param("{V: {Type: Custom::V, Condition: C}}", {"Custom::V": 1}, id="one-that-may-exist"),
            pytest.param(
                "{B: {Type: Custom::B}, A: {Type: AWS::CloudFormation::CustomResource}}",
                {"AWS::CloudFormation::CustomResource": 1, "Custom::B": 1},
                id="sorted",
            ),
            pytest.param("{Q: {Type: AWS::SQS::Queue}}", {}, id="known-to-have-none"),
        ],
    )
    def test_a_type_that_no_limit_knows_is_named(self, resources: str, expected: dict[str, int]) -> None:
        assert coverage(stack_tree_of(f"{PARAMETERS}Resources: {resources}\n")) == expected

    def test_nested_stacks_are_covered_too(self, tmp_path: Path) -> None:
        (tmp_path / "inner.yaml").write_text("Resources: {V: {Type: Custom::V}}")
        text = "Resources: {S: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: inner.yaml}}}"
        (tmp_path / "outer.yaml").write_text(text)
        tree = stack_tree(load(str(tmp_path / "outer.yaml")), Parameters({}), {})
        assert coverage(tree) == {"Custom::V": 1}


class TestStacks:
    ROOT = "Resources:\n  T: {Type: AWS::CloudFormation::WaitConditionHandle}\n"
    NESTED = "Resources:\n  S: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: 'https://x/y'}}\n"

    @pytest.mark.parametrize(
        ("text", "stack", "expected"),
        [
            pytest.param(ROOT, None, (1, 1), id="a-new-one"),
            pytest.param(ROOT, LIVE, (0, 0), id="a-live-one"),
            pytest.param(ROOT, Unknown("denied"), (0, 1), id="one-that-could-not-be-read"),
            pytest.param(NESTED, None, (2, 2), id="a-new-one-with-another-in-it"),
            pytest.param(NESTED, LIVE, (1, 1), id="a-live-one-with-a-new-one-in-it"),
        ],
    )
    def test_the_deployed_one_counts_when_it_is_new(
        self, text: str, stack: Stack | Unknown | None, expected: tuple[int, int]
    ) -> None:
        found = largest(additions(limit(STACKS), Inventory(stack_tree_of(text)), Before(stack)))
        assert (found.least, found.most) == expected


class TestStorage:
    @pytest.mark.parametrize(
        ("properties", "spent"),
        [
            ("{}", PACKAGE), ("{Code: {S3Bucket: b, S3Key: k}}", PACKAGE), ("{Code: ./src}", PACKAGE),
            ("{Code: {ZipFile: x}}", 4 * 1024 * 1024), ("{PackageType: Image}", 0),
            ("{PackageType: !Ref P, Code: {ImageUri: x}}", PACKAGE),
        ],
    )  # fmt: skip
    def test_a_function_takes_at_most_a_package(self, properties: str, spent: int) -> None:
        text = f"{PARAMETERS}Resources:\n  F: {{Type: AWS::Lambda::Function, Properties: {properties}}}\n"
        assert largest(additions(limit(STORAGE), Inventory(stack_tree_of(text)))).most == spent

    def test_too_much_is_uncertain_because_packages_are_smaller(self, golden: Golden) -> None:
        text = "Resources:\n  F: {Type: AWS::Lambda::Function}\n"
        assert one(STORAGE, findings(text, {STORAGE: Quota(PACKAGE, 0)})).verdict is FITS
        found = one(STORAGE, findings(text, {STORAGE: Quota(PACKAGE, 1)}))
        assert found.verdict is UNCERTAIN
        golden(found.message)


class TestExports:
    def export(self, name: str, more: str = "") -> str:
        return f"{PARAMETERS}{self.BODY}Outputs:\n  O: {{{more}Value: x, Export: {name}}}\n"

    BODY = "Resources: {T: {Type: AWS::CloudFormation::WaitConditionHandle}}\n"

    @pytest.mark.parametrize(
        ("export", "exports", "expected"),
        [
            pytest.param("{Name: n}", {}, FITS, id="none-is-taken"),
            pytest.param("{Name: n}", {"m": "other"}, FITS, id="another-is-taken"),
            pytest.param("{Name: n}", {"n": "other"}, EXCEEDS, id="it-is-taken"),
            pytest.param("{Name: n}", {"n": "mine"}, FITS, id="it-is-the-stack-s-own"),
            pytest.param("{Name: 5}", {"5": "other"}, EXCEEDS, id="a-number-is-taken"),
            pytest.param("{Name: !Sub 'a${AWS::NoValue}'}", {"a": "other"}, EXCEEDS, id="a-made-up-one-is-taken"),
            pytest.param("{Name: !Ref P}", {"n": "other"}, UNKNOWN, id="the-name-is-unknown"),
            pytest.param("{Name: !Ref P}", {}, FITS, id="the-name-is-unknown-and-none-is-taken"),
            pytest.param(
                "!If [Never, {Name: n}, !Ref AWS::NoValue]", {"n": "other"}, FITS, id="not-exported-after-all"
            ),
            pytest.param("!If [Never, !Ref AWS::NoValue, {Name: n}]", {"n": "other"}, EXCEEDS, id="exported-after-all"),
            pytest.param("!If [C, {Name: n}, !Ref AWS::NoValue]", {"n": "other"}, UNKNOWN, id="maybe-exported"),
            pytest.param("{Name: [n]}", {"n": "other"}, FITS, id="a-list-is-cfn-lint-s-business"),
            pytest.param("n", {"m": "other"}, FITS, id="so-is-a-bare-name"),
            pytest.param("{Name: n}", Unknown("cloudformation:ListExports was denied"), UNKNOWN, id="denied"),
        ],
    )
    def test_a_name_may_exist_once(self, export: str, exports: Mapping[str, str] | Unknown, expected: Verdict) -> None:
        found = findings(self.export(export), stack=LIVE, exports=exports)
        (finding,) = [finding for finding in found if finding.limit == "cloudformation-exports"]
        assert finding.verdict is expected

    @pytest.mark.parametrize(("condition", "expected"), [("Never", FITS), ("C", UNKNOWN)])
    def test_the_output_may_not_be_there(self, condition: str, expected: Verdict) -> None:
        found = findings(self.export("{Name: n}", f"Condition: {condition}, "), exports={"n": "other"})
        (finding,) = [finding for finding in found if finding.limit == "cloudformation-exports"]
        assert finding.verdict is expected

    def test_what_an_include_exports_is_unknown(self) -> None:
        include = "{Name: AWS::Include, Parameters: {Location: s3://bucket/key}}"
        found = findings(f"{PARAMETERS}{self.BODY}Outputs:\n  Fn::Transform: {include}\n", stack=LIVE, exports={})
        verdicts = [finding.verdict for finding in found if finding.limit == "cloudformation-exports"]
        assert verdicts == [UNKNOWN]

    def test_a_conflict_names_the_output_its_line_and_the_other_stack(self, golden: Golden) -> None:
        found = findings(self.export("{Name: n}"), exports={"n": "other"})
        (finding,) = [finding for finding in found if finding.limit == "cloudformation-exports"]
        assert (finding.verdict, finding.resource, finding.line) == (EXCEEDS, "O", 5)
        golden([finding.message, *finding.hints])

    def test_what_was_never_read_is_not_judged(self) -> None:
        found = findings(self.export("{Name: n}"))
        (finding,) = [finding for finding in found if finding.limit == "cloudformation-exports"]
        assert (finding.verdict, finding.judged) == (UNKNOWN, False)


_SECRET = "'{{resolve:secretsmanager:s}}'"


def _entries(count: int) -> str:
    return ", ".join(f"k{index}: {{a: b}}" for index in range(count))


class TestTheTemplateItself:
    @pytest.mark.parametrize(
        ("count", "expected"), [(500, FITS), (501, EXCEEDS)], ids=["exactly-full-fits", "one-more"]
    )
    def test_it_has_five_hundred_resources(self, count: int, expected: Verdict) -> None:
        text = "Resources:\n" + "".join(
            f"  T{index}: {{Type: AWS::CloudFormation::WaitConditionHandle}}\n" for index in range(count)
        )
        (finding,) = [finding for finding in findings(text) if finding.limit == "cloudformation-template-resources"]
        assert (finding.verdict, f": {count} of 500" in finding.message) == (expected, True)

    @pytest.mark.parametrize("over", [0, 1], ids=["exactly-full-fits", "one-more"])
    @pytest.mark.parametrize(
        ("name", "largest", "text"),
        [
            ("description", 1024, lambda size: f"Description: {'d' * size}\n"),
            ("parameter-value", 4096, lambda size: f"Parameters: {{P: {{Type: String, Default: {'p' * size}}}}}\n"),
            ("mapping-attributes", 200, lambda size: f"Mappings: {{M: {{{_entries(size)}}}, N: {{{_entries(1)}}}}}\n"),
            ("dynamic-references", 60, lambda size: f"Metadata: [{', '.join([_SECRET] * size)}]\n"),
        ],
    )
    def test_it_has_limits_of_its_own(self, name: str, largest: int, text: Callable[[int], str], over: int) -> None:
        template = text(largest + over) + "Resources: {T: {Type: AWS::CloudFormation::WaitConditionHandle}}\n"
        id_ = f"cloudformation-template-{name}"
        (finding,) = [finding for finding in findings(template) if finding.limit == id_]
        assert finding.verdict is (EXCEEDS if over else FITS)

    def test_its_nested_stacks_count_with_it(self, tmp_path: Path) -> None:
        handles = "".join(f"  T{index}: {{Type: AWS::CloudFormation::WaitConditionHandle}}\n" for index in range(3))
        (tmp_path / "nested.yaml").write_text(f"Resources:\n{handles}")
        stack = "{Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: nested.yaml}}"
        (tmp_path / "root.yaml").write_text(f"Resources:\n  A: {stack}\n  B: {stack}\n")
        tree = stack_tree(load(str(tmp_path / "root.yaml")), Parameters({}, {}, {}), {})
        (row,) = [row for row in catalogue() if row.id == "cloudformation-template-nested-resources"]
        assert [measured(row, member) for member in tree.members()] == [8, 0, 0]

    @pytest.mark.parametrize(
        ("more", "expected"), [(0, FITS), (1, EXCEEDS)], ids=["exactly-full-fits", "one-byte-more"]
    )
    def test_it_has_a_megabyte(self, more: int, expected: Verdict) -> None:
        text = "Resources: {T: {Type: AWS::CloudFormation::WaitConditionHandle}}\n#é"
        text += "x" * (1_048_576 - len(text.encode()) + more)
        (finding,) = [finding for finding in findings(text) if finding.limit == "cloudformation-template-size"]
        assert finding.verdict is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("Resources: {A: {Type: AWS::CloudFormation::WaitConditionHandle}}", set(), id="an-uncovered-type"),
        pytest.param("Resources: {A: {Type: AWS::DynamoDB::Table}}", {"dynamodb-tables"}, id="a-table"),
        pytest.param(
            "Resources: {A: {Type: AWS::IAM::Role}, B: {Type: AWS::KMS::Key}}", {"iam-roles", "kms-keys"}, id="two"
        ),
        pytest.param(
            "Resources: {A: {Type: AWS::Lambda::Function}}",
            {"lambda-reserved-concurrency", "lambda-code-storage", "logs-log-groups"}, id="a-function",
        ),
        pytest.param(
            "Resources: {A: {Type: AWS::CloudFormation::WaitConditionHandle}}\n"
            "Outputs: {O: {Value: 1, Export: {Name: n}}}",
            {"cloudformation-exports", "cloudformation-template-outputs"}, id="an-export",
        ),
    ],
)  # fmt: skip
def test_only_what_is_touched_is_ever_read(text: str, expected: set[str]) -> None:
    always = {"cloudformation-template-size", "cloudformation-template-resources"}
    assert {row.id for row in touched(stack_tree_of(text), Before(LIVE))} == expected | always


def test_every_limit_that_is_touched_has_its_finding_also_where_it_fits() -> None:
    text = f"{TWO_TABLES}  F: {{Type: AWS::Lambda::Function}}\n  R: {{Type: AWS::IAM::Role}}\n"
    roomy = {key: Quota(10**9, 0) for key in (TABLES, STACKS, KEYS, ROLES, STORAGE, LOG_GROUPS)}
    assert {(finding.limit, finding.verdict) for finding in findings(text, roomy)} == {
        ("lambda-reserved-concurrency", FITS), ("lambda-code-storage", FITS), ("dynamodb-tables", FITS),
        ("logs-log-groups", FITS),
        ("iam-roles", FITS), ("cloudformation-stacks", FITS), ("cloudformation-template-size", FITS),
        ("cloudformation-template-resources", FITS),
    }  # fmt: skip


VPCS, SUBNETS, STANDARD, ADDRESSES = "vpc/L-F678F1CE", "vpc/L-407747CB", "ec2/L-1216C47A", "ec2/L-0263D0A3"
SIX_ADDRESSES = "Resources:\n" + "".join(f"  A{index}: {{Type: AWS::EC2::EIP}}\n" for index in range(6))


class TestPerParent:
    TWO = "Resources:\n" + "".join(
        f"  S{index}: {{Type: AWS::EC2::Subnet, Properties: {{VpcId: {vpc}}}}}\n"
        for index, vpc in enumerate(["vpc-1", "vpc-1", "vpc-2"])
    )

    @pytest.mark.parametrize(
        ("usage", "expected"),
        [
            pytest.param({"vpc-1": 198, "vpc-2": 199}, FITS, id="both-are-full"),
            pytest.param({"vpc-1": 10, "vpc-2": 200}, EXCEEDS, id="the-one-that-gets-less-is-too-full"),
            pytest.param({"vpc-3": 200}, FITS, id="another-one-is-full"),
            pytest.param(199, EXCEEDS, id="only-the-fullest-is-known"),
        ],
    )
    def test_each_parent_has_a_sum_of_its_own(self, usage: int | dict[str, int], expected: Verdict) -> None:
        assert one(SUBNETS, findings(self.TWO, {SUBNETS: Quota(200, usage)})).verdict is expected

    def test_a_new_parent_has_nothing_yet(self) -> None:
        text = "Resources:\n  V: {Type: AWS::EC2::VPC}\n  S: {Type: AWS::EC2::Subnet, Properties: {VpcId: !Ref V}}\n"
        found = one(SUBNETS, findings(text, {SUBNETS: Quota(200, 200)}))
        assert (found.verdict, found.resource) == (FITS, "S")

    def test_a_limit_that_is_read_parent_by_parent_has_those_of_the_account(self) -> None:
        text = "Parameters: {P: {Type: String}}\nResources:\n  A: {Type: AWS::AppConfig::Application}\n" + "".join(
            f"  E{index}: {{Type: AWS::AppConfig::Environment, Properties: {{ApplicationId: {parent}}}}}\n"
            for index, parent in enumerate(["app-1", "app-2", "app-1", "!Ref A", "!Ref P"])
        )
        limits = {limit.id: limit for limit in touched(stack_tree_of(text))}
        usage = limits["appconfig-environments-per-application"].usage
        assert isinstance(usage, Call)
        assert usage.parents == ("app-1", "app-2")


POLICIES, STAGES = "iam/L-0DA4ABF3", "apigateway/L-379E48B0"


class TestAParentElsewhere:
    """What a role or an API has that the template only names."""

    ATTACHED = "Resources:\n  P: {Type: AWS::IAM::ManagedPolicy, Properties: {Roles: [one], PolicyDocument: {}}}\n"
    STAGE = "Resources:\n  S: {Type: AWS::ApiGatewayV2::Stage, Properties: {ApiId: %s, StageName: a}}\n"

    @pytest.mark.parametrize(
        ("usage", "expected", "judged"),
        [
            pytest.param({"one": 19}, FITS, True, id="read-with-room"),
            pytest.param({"one": 20}, EXCEEDS, True, id="read-and-full"),
            pytest.param({"other": 1}, UNKNOWN, False, id="read-of-another"),
            pytest.param(NOT_LISTED, UNKNOWN, False, id="read-of-none"),
            pytest.param(19, FITS, True, id="given-with-room"),
            pytest.param(20, EXCEEDS, True, id="given-and-full"),
            pytest.param(0, FITS, True, id="given-as-none"),
        ],
    )
    def test_is_as_much_as_was_read_of_it(
        self, usage: int | dict[str, int] | Unknown, expected: Verdict, judged: bool
    ) -> None:
        found = one(POLICIES, findings(self.ATTACHED, {POLICIES: Quota(20, usage)}))
        assert (found.verdict, found.judged) == (expected, judged)

    def test_a_denied_read_names_the_action(self) -> None:
        denied = Unknown(
            "iam:ListAttachedRolePolicies was denied", noted("allow the action iam:ListAttachedRolePolicies")
        )
        found = one(POLICIES, findings(self.ATTACHED, {POLICIES: Quota(20, denied)}))
        assert (found.verdict, found.judged, found.hints) == (UNKNOWN, False, (denied.resolution,))

    @pytest.mark.parametrize(("api", "allowed"), [("api-1", 10), ("!Ref P", 10)], ids=["named", "not-known"])
    def test_a_parent_without_a_read_is_not_judged(self, api: str, allowed: int, golden: Golden) -> None:
        text = f"Parameters: {{P: {{Type: String}}}}\n{self.STAGE % api}"
        found = one(STAGES, findings(text, {STAGES: Quota(allowed, NOT_LISTED)}))
        assert (found.verdict, found.judged) == (UNKNOWN, False)
        golden(found.message)

    def test_gets_too_much_whatever_it_has(self) -> None:
        text = (
            self.STAGE % "api-1" + "  T: {Type: AWS::ApiGatewayV2::Stage, Properties: {ApiId: api-1, StageName: b}}\n"
        )
        assert one(STAGES, findings(text, {STAGES: Quota(1, NOT_LISTED)})).verdict is EXCEEDS

    @pytest.mark.parametrize("usage", [NOT_LISTED, DENIED])
    def test_hides_no_other(self, usage: Unknown) -> None:
        role = "  R: {Type: AWS::IAM::Role, Properties: {ManagedPolicyArns: [a, b, c]}}\n"
        found = one(POLICIES, findings(self.ATTACHED + role, {POLICIES: Quota(2, usage)}))
        assert (found.verdict, found.resource) == (EXCEEDS, "R")

    def test_may_be_named_by_its_arn(self) -> None:
        text = (
            "Resources:\n  E: {Type: AWS::Events::Rule, Properties: {EventBusName: 'arn:aws:events:r:1:event-bus/a'}}"
        )
        found = one("events/L-244521F2", findings(text, {"events/L-244521F2": Quota(300, {"a": 300, "default": 5})}))
        assert found.verdict is EXCEEDS

    def test_of_a_list_of_all_has_none_where_it_is_not_in_it(self) -> None:
        text = "Resources:\n  E: {Type: AWS::Events::Rule, Properties: {EventBusName: b}}"
        found = one("events/L-244521F2", findings(text, {"events/L-244521F2": Quota(300, {"a": 300})}))
        assert found.verdict is FITS


class TestDefaults:
    @pytest.mark.parametrize(
        ("source", "key", "text", "expected"),
        [
            pytest.param(QuotaSource.DOCUMENTED, ADDRESSES, SIX_ADDRESSES, EXCEEDS, id="a-verified-default"),
            pytest.param(
                QuotaSource.DOCUMENTED, "ec2/L-A2478D36", SIX_ADDRESSES.replace("EIP", "TransitGateway"), UNCERTAIN,
                id="a-likely-default",
            ),
            pytest.param(
                QuotaSource.AWS_DEFAULT, "ec2/L-A2478D36", SIX_ADDRESSES.replace("EIP", "TransitGateway"), EXCEEDS,
                id="a-likely-default-that-aws-named",
            ),
        ],
    )  # fmt: skip
    def test_only_a_verified_one_says_exceeds(
        self, source: QuotaSource, key: str, text: str, expected: Verdict
    ) -> None:
        found = one(key, findings(text, {key: Quota(5, 0, source)}))
        assert (found.verdict, source.value in found.message) == (expected, True)

    def test_one_that_aws_never_raises_needs_no_read_for_what_is_new(self) -> None:
        hooks = "  H%d: {Type: AWS::AutoScaling::LifecycleHook, Properties: {AutoScalingGroupName: !Ref G}}\n"
        text = "Resources:\n  G: {Type: AWS::AutoScaling::AutoScalingGroup}\n" + "".join(
            hooks % index for index in range(51)
        )
        assert one("autoscaling/hooks-per-group", findings(text)).verdict is EXCEEDS

    def test_one_that_is_the_same_in_every_account_needs_no_read(self) -> None:
        rules = ", ".join(["{Status: Enabled, ExpirationInDays: 1}"] * 1001)
        properties = f"LifecycleConfiguration: {{Rules: [{rules}]}}"
        text = f"Resources: {{B: {{Type: AWS::S3::Bucket, Properties: {{{properties}}}}}}}"
        assert one("s3/lifecycle-rules", findings(text)).verdict is EXCEEDS


class TestNear:
    @pytest.mark.parametrize(("usage", "severity"), [(73, ""), (74, "warning")])
    def test_what_is_four_fifths_full_after_the_deploy_is_a_warning(self, usage: int, severity: str) -> None:
        found = one(ADDRESSES, findings(SIX_ADDRESSES, {ADDRESSES: Quota(100, usage)}))
        assert (found.verdict, found.severity) == (FITS, severity)


class TestAmounts:
    GROUP = (
        "Resources:\n  G: {Type: AWS::AutoScaling::AutoScalingGroup, Properties: {DesiredCapacity: '%d', MinSize: '1',"
        " MaxSize: '9', LaunchConfigurationName: !Ref L}}\n"
        "  L: {Type: AWS::AutoScaling::LaunchConfiguration, Properties: {InstanceType: m5.large}}\n"
    )
    HELD = Stack("mine", "UPDATE_COMPLETE", resources={"G": "AWS::AutoScaling::AutoScalingGroup"})

    @pytest.mark.parametrize(
        ("before", "expected"),
        [
            pytest.param(3, (0, 0), id="the-same"),
            pytest.param(2, (2, 2), id="more"),
            pytest.param(5, (0, 0), id="less"),
            pytest.param(None, (0, 6), id="unknown"),
        ],
    )
    def test_an_update_adds_what_the_deployed_template_has_not(
        self, before: int | None, expected: tuple[int, int]
    ) -> None:
        deployed = None if before is None else Inventory(stack_tree_of(self.GROUP % before))
        found = largest(
            additions(limit(STANDARD), Inventory(stack_tree_of(self.GROUP % 3)), Before(self.HELD, deployed))
        )
        assert (found.least, found.most) == expected

    def test_what_may_be_more_is_unknown_unless_the_certain_part_exceeds(self) -> None:
        text = self.GROUP % 3 + "  I: {Type: AWS::EC2::Instance, Properties: {InstanceType: !Ref P}}\n"
        text = f"{PARAMETERS}{text}"
        assert one(STANDARD, findings(text, {STANDARD: Quota(10, 0)})).verdict is UNKNOWN
        assert one(STANDARD, findings(text, {STANDARD: Quota(5, 0)})).verdict is EXCEEDS

    @pytest.mark.parametrize(
        ("quota", "severities"), [pytest.param(18, [""], id="room"), pytest.param(17, ["", "warning"], id="too-little")]
    )
    def test_a_maximum_size_above_the_room_is_a_warning(self, quota: int, severities: list[str]) -> None:
        found = [
            one for one in findings(self.GROUP % 3, {STANDARD: Quota(quota, 0)}) if one.limit == limit(STANDARD).id
        ]
        assert [(one.verdict, one.severity) for one in found] == [(FITS, severity) for severity in severities]

    def test_the_longest_list_of_a_resource_counts(self) -> None:
        interfaces = "NetworkInterfaces: [{GroupSet: [a, b, c, d, e, f]}, {GroupSet: [a]}]"
        text = f"Resources:\n  I: {{Type: AWS::EC2::Instance, Properties: {{{interfaces}}}}}\n"
        assert largest(additions(limit("vpc/L-2AFB9258"), Inventory(stack_tree_of(text)))).most == 6

    def test_a_list_that_an_import_brings_is_not_judged(self) -> None:
        subnets = "SubnetIds: {'Fn::Split': [',', {'Fn::ImportValue': x}]}, DBSubnetGroupDescription: a"
        text = f"Resources:\n  G: {{Type: AWS::RDS::DBSubnetGroup, Properties: {{{subnets}}}}}\n"
        found = one("rds/subnets-per-group", findings(text))
        assert (found.verdict, found.judged) == (UNKNOWN, False)


@pytest.mark.parametrize(("timeout", "expected", "severity"), [(900, FITS, ""), (901, EXCEEDS, "")])
def test_a_value_at_its_bound_is_no_warning(timeout: int, expected: Verdict, severity: str, golden: Golden) -> None:
    text = f"Resources: {{F: {{Type: AWS::Lambda::Function, Properties: {{Timeout: {timeout}}}}}}}\n"
    finding = one("lambda/timeout", findings(text))
    assert (finding.verdict, finding.severity) == (expected, severity)
    golden(finding.message)


class TestWhatTapctlTomlGives:
    TICKET = LimitSettings({ADDRESSES: QuotaValue(20, "ticket 123")})

    @pytest.mark.parametrize(
        ("value", "usage", "expected"),
        [
            pytest.param(5, 0, FITS, id="it-beats-what-was-read"),
            pytest.param(DENIED, 14, FITS, id="it-stands-in-for-what-was-denied"),
            pytest.param(DENIED, 15, EXCEEDS, id="it-is-sure"),
            pytest.param(100, 15, EXCEEDS, id="it-may-be-lower-too"),
        ],
    )
    def test_a_value_is_in_force(self, value: int | Unknown, usage: int, expected: Verdict) -> None:
        found = one(ADDRESSES, findings(SIX_ADDRESSES, {ADDRESSES: Quota(value, usage)}, more={"limits": self.TICKET}))
        assert (found.verdict, "tapctl.toml: ticket 123" in found.message) == (expected, True)

    def test_a_denied_usage_stays_not_judged(self) -> None:
        found = one(ADDRESSES, findings(SIX_ADDRESSES, {ADDRESSES: Quota(5, DENIED)}, more={"limits": self.TICKET}))
        assert (found.verdict, found.judged, found.hints) == (UNKNOWN, False, (DENIED.resolution,))

    @pytest.mark.parametrize(("near", "severity"), [(0.5, "warning"), (0.9, "")])
    def test_the_share_for_warnings_is_its(self, near: float, severity: str) -> None:
        found = findings(SIX_ADDRESSES, {ADDRESSES: Quota(10, 1)}, more={"limits": LimitSettings(near=near)})
        assert one(ADDRESSES, found).severity == severity

    THINGS = Limit(
        "iot-l-1", "iot/L-1", "Things", "", (each("Custom::Thing", units=2),),
        usage=Call("cloudcontrol", "ListResources", "ResourceDescriptions", {"TypeName": "Custom::Thing"}),
    )  # fmt: skip

    @pytest.mark.parametrize(("usage", "expected"), [(4, FITS), (5, EXCEEDS)])
    def test_a_row_is_judged_as_one_of_the_catalogue(self, usage: int, expected: Verdict) -> None:
        text = "Resources: {A: {Type: Custom::Thing}, B: {Type: Custom::Thing}}"
        more = {"limits": LimitSettings(own=(self.THINGS,))}
        (found,) = [
            finding for finding in findings(text, {"iot/L-1": Quota(8, usage)}, more=more) if finding.limit == "iot-l-1"
        ]
        assert found.verdict is expected
        assert coverage(stack_tree_of(text), (self.THINGS,)) == {}


class TestSums:
    OLD = Stack("mine", "UPDATE_COMPLETE", resources={"Old": "AWS::DynamoDB::Table"})

    def test_what_the_update_removes_is_named_and_comes_too_late(self, golden: Golden) -> None:
        found = one(TABLES, findings(TWO_TABLES, {TABLES: Quota(10, 9)}, self.OLD))
        assert found.verdict is EXCEEDS
        golden(found.message)

    def test_removing_it_earlier_makes_room(self) -> None:
        assert EARLIER in one(TABLES, findings(TWO_TABLES, {TABLES: Quota(10, 9)}, self.OLD)).hints
        assert EARLIER not in one(TABLES, findings(TWO_TABLES, {TABLES: Quota(10, 10)}, self.OLD)).hints

    def test_what_a_remote_stack_holds_is_not_taken_for_removed(self) -> None:
        remote = "  S: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: 'https://x/y'}}\n"
        held = Stack("mine", "UPDATE_COMPLETE", resources={"S/T": "AWS::DynamoDB::Table"})
        found = one(TABLES, findings(f"{ONE_TABLE}{remote}", {TABLES: Quota(10, 10)}, held))
        assert EARLIER not in found.hints
        assert "less once" not in found.message

    def test_more_than_allowed_before_the_deploy_is_named(self, golden: Golden) -> None:
        found = one(TABLES, findings(TWO_TABLES, {TABLES: Quota(10, 12)}))
        assert found.verdict is EXCEEDS
        golden(found.message)

    def test_a_range_and_the_age_of_a_metric_are_named(self, golden: Golden) -> None:
        text = TestAmounts.GROUP.replace("DesiredCapacity: '%d', ", "")
        golden(one(STANDARD, findings(text, {STANDARD: Quota(12, 1)})).message)


class TestReplaced:
    ONE = "Resources:\n  A: {Type: AWS::EC2::EIP}\n  B: {Type: AWS::EC2::EIP}\n"
    HELD = Stack("mine", "UPDATE_COMPLETE", resources={"A": "AWS::EC2::EIP", "B": "AWS::EC2::EIP"})

    @pytest.mark.parametrize(
        ("surely", "maybe", "used", "expected"),
        [
            pytest.param("", "", 5, None, id="nothing"),
            pytest.param("A", "", 4, FITS, id="one-beside-which-there-is-room"),
            pytest.param("A", "", 5, EXCEEDS, id="one-that-exists-twice"),
            pytest.param("AB", "", 4, EXCEEDS, id="two-that-exist-twice"),
            pytest.param("", "A", 5, UNCERTAIN, id="one-that-may-exist-twice"),
            pytest.param("A", "B", 4, UNCERTAIN, id="one-and-maybe-another"),
        ],
    )
    def test_it_exists_beside_its_replacement(
        self, surely: str, maybe: str, used: int, expected: Verdict | None, golden: Golden
    ) -> None:
        effects = UpdateEffects(replaced=frozenset(surely + maybe), maybe_replaced=frozenset(maybe))
        found = findings(self.ONE, {ADDRESSES: Quota(5, used)}, self.HELD, more={"effects": effects})
        about = [finding for finding in found if finding.limit == "ec2-elastic-ips"]
        assert [finding.verdict for finding in about] == ([] if expected is None else [expected])
        golden([finding.message for finding in about])

    def test_deleting_it_earlier_is_no_hint(self) -> None:
        effects = UpdateEffects(replaced=frozenset("A"))
        found = one(ADDRESSES, findings(self.ONE, {ADDRESSES: Quota(5, 5)}, self.HELD, more={"effects": effects}))
        assert found.hints == (advise(JudgementAdvice.REQUEST_INCREASE, "ec2", "L-0263D0A3", 6, "eu-west-1"),)

    @pytest.mark.parametrize(("usage", "severity"), [(6, ""), (7, "warning")])
    def test_the_warning_is_about_what_is_left_after_it(self, usage: int, severity: str) -> None:
        effects = UpdateEffects(replaced=frozenset("A"))
        text = f"{self.ONE}  C: {{Type: AWS::EC2::EIP}}\n"
        found = one(ADDRESSES, findings(text, {ADDRESSES: Quota(10, usage)}, self.HELD, more={"effects": effects}))
        assert (found.verdict, found.severity) == (FITS, severity)

    @pytest.mark.parametrize(("used", "depends"), [(4, True), (3, False)])
    def test_a_verdict_may_depend_on_what_was_not_compared(self, used: int, depends: bool) -> None:
        assert depends_on_replacements(preflight(self.ONE, {ADDRESSES: Quota(5, used)}, self.HELD)) is depends


ONE_TABLE = "Resources:\n  T1: {Type: AWS::DynamoDB::Table}\n"


class TestIncreases:
    REQUEST = advise(JudgementAdvice.REQUEST_INCREASE, "dynamodb", "L-F98FE922", 11, "eu-west-1")

    @pytest.mark.parametrize(
        ("increase", "expected"),
        [
            pytest.param((), (REQUEST,), id="none"),
            pytest.param(
                ((10, "2026-11-01"),), (REQUEST, advise(JudgementAdvice.INCREASE_PENDING, 10, "2026-11-01")), id="less"
            ),
            pytest.param(
                ((11, "2026-11-01"),), (advise(JudgementAdvice.WAIT_FOR_INCREASE, 11, "2026-11-01"),), id="enough"
            ),
        ],
    )
    def test_a_pending_one_stands_beside_the_request_or_replaces_it(
        self, increase: tuple[tuple[int, str], ...], expected: tuple[object, ...]
    ) -> None:
        pending = {TABLES: tuple(Increase(*fields) for fields in increase)}
        found = one(TABLES, findings(ONE_TABLE, {TABLES: Quota(10, 10)}, more={"increases": pending}))
        assert found.hints == expected

    def test_they_are_asked_for_only_where_one_would_help(self) -> None:
        result = preflight(f"{ONE_TABLE}  R: {{Type: AWS::IAM::Role}}\n", {TABLES: Quota(9, 9), ROLES: Quota(1000, 1)})
        needed = [finding.increase for finding in check_limits(result) if finding.increase]
        assert [(increase.limit.key, increase.value) for increase in needed] == [(TABLES, 10)]


@pytest.mark.parametrize("text", ["abc", "nan", "inf", "-inf", "1e999", "", "9" * 400])
def test_a_property_that_is_not_a_number_is_unknown(text: str) -> None:
    assert isinstance(number(text), Unknown)


def test_half_a_character_in_a_parameter_is_counted() -> None:
    parameters = '{"P": {"Type": "String", "Default": "\\ud800"}}'
    text = f'{{"Parameters": {parameters}, "Resources": {{"T": {{"Type": "AWS::SNS::Topic"}}}}}}'
    (finding,) = [finding for finding in findings(text) if finding.limit == "cloudformation-template-parameter-value"]
    assert ": 3 of 4,096" in finding.message
