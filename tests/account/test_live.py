"""The account as AWS answers for it: values, refusals, and no request sent twice."""

import json
from collections.abc import Callable
from typing import Any
from unittest.mock import ANY

import pytest

from tapctl.account.live import RUNNING, LiveAccount
from tapctl.account.model import (
    AccountSettings,
    Concurrency,
    Holders,
    Identity,
    Increase,
    InFlight,
    LiveFunction,
    PastFailure,
    Quota,
    QuotaSource,
    Stack,
)
from tapctl.account.reader import AccountReader
from tapctl.aws.session import Aws, Connection
from tapctl.aws.stacks import StackDescription
from tapctl.errors import AwsError, ExitCode, NoCredentials
from tapctl.hints import Advice, advise
from tapctl.hints.judgement import JudgementAdvice
from tapctl.hints.usage import UsageAdvice
from tapctl.limits import CONCURRENCY, Limit, catalogue
from tapctl.resource_types import ALIAS, FUNCTION, STACK_STATUSES
from tapctl.resource_types import STACK as STACK_TYPE
from tapctl.unknown import Unknown
from tests.support.fake_account import fake_account
from tests.support.golden import Golden
from tests.support.queued_answers import SETTINGS, STACK_ID, answering, described, offline_aws, resource, stubbed

DENIED = ("AccessDeniedException", "User: arn:aws:iam::123456789012:user/x is not authorized")

INNER_ID = STACK_ID.replace("/orders/", "/orders-Inner/")


def row(name: str) -> Limit:
    return next(limit for limit in catalogue() if limit.id == name)


def denied(action: str) -> Unknown:
    return Unknown(f"{action} was denied", advise(JudgementAdvice.ALLOW_ACTION, action))


def reasons(*values: object) -> list[str]:
    """Why those that are unknown are."""
    return [value.reason for value in values if isinstance(value, Unknown)]


def test_the_live_account_and_the_fake_satisfy_the_port() -> None:
    readers: list[AccountReader] = [LiveAccount(offline_aws()), fake_account()]
    assert len(readers) == 2


class TestSettings:
    def test_one_call_answers_settings_and_limits(self) -> None:
        with stubbed("lambda") as (aws, stubs):
            stubs["lambda"].add_response("get_account_settings", SETTINGS, {})
            reader = LiveAccount(aws)
            expected = AccountSettings(Concurrency(1000, 970), Quota(80530636800, 4096), 4)
            assert (reader.settings(), reader.settings()) == (expected, expected)
            assert reader.quotas([row("lambda-code-storage")]) == {"lambda/L-2ACBD22F": Quota(80530636800, 4096)}

    def test_a_denial_makes_them_unknown_with_the_permission(self) -> None:
        with stubbed("lambda") as (aws, stubs):
            stubs["lambda"].add_client_error("get_account_settings", *DENIED, 403)
            no = denied("lambda:GetAccountSettings")
            assert LiveAccount(aws).settings() == AccountSettings(Concurrency(no, no), Quota(no, no), no)

    def test_a_missing_field_is_unknown(self, golden: Golden) -> None:
        with stubbed("lambda") as (aws, stubs):
            stubs["lambda"].add_response("get_account_settings", {"AccountLimit": {"ConcurrentExecutions": 10}})
            settings = LiveAccount(aws).settings()
            assert settings.concurrency.limit == 10
            assert settings.concurrency.unreserved == Unknown(ANY)
            golden(reasons(settings.concurrency.unreserved))


REFUSALS = [
    pytest.param("AccessDenied", denied("lambda:GetAccountSettings"), id="denied"),
    pytest.param("UnauthorizedOperation", denied("lambda:GetAccountSettings"), id="denied-in-ec2-s-words"),
    pytest.param(
        "ThrottlingException",
        Unknown("lambda:GetAccountSettings was throttled", advise(UsageAdvice.RUN_AGAIN_IN_A_MOMENT)),
        id="throttled",
    ),
    pytest.param(
        "TooManyRequestsException",
        Unknown("lambda:GetAccountSettings was throttled", advise(UsageAdvice.RUN_AGAIN_IN_A_MOMENT)),
        id="too-many-requests",
    ),
    pytest.param("ServiceException", Unknown("lambda:GetAccountSettings failed: its reason"), id="broken"),
]
CREDENTIALS = [
    ("ExpiredToken", JudgementAdvice.SIGN_IN_AGAIN),
    ("ExpiredTokenException", JudgementAdvice.SIGN_IN_AGAIN),
    ("RequestExpired", JudgementAdvice.SIGN_IN_AGAIN),
    ("InvalidClientTokenId", JudgementAdvice.CHECK_CREDENTIALS),
    ("UnrecognizedClientException", JudgementAdvice.CHECK_CREDENTIALS),
    ("SignatureDoesNotMatch", JudgementAdvice.CHECK_CREDENTIALS),
]


class TestRefusals:
    @pytest.mark.parametrize(("code", "expected"), REFUSALS)
    def test_a_refused_read_is_unknown_with_a_reason(self, code: str, expected: Unknown) -> None:
        with stubbed("lambda") as (aws, stubs):
            stubs["lambda"].add_client_error("get_account_settings", code, " its reason ", 400)
            assert LiveAccount(aws).settings().concurrency.limit == expected

    @pytest.mark.parametrize(("code", "advice"), CREDENTIALS)
    def test_unusable_credentials_are_an_error(self, code: str, advice: Advice, golden: Golden) -> None:
        with stubbed("lambda") as (aws, stubs):
            stubs["lambda"].add_client_error("get_account_settings", code, "no", 403)
            with pytest.raises(AwsError) as caught:
                LiveAccount(aws).settings()
        assert (caught.value.code, caught.value.exit_code) == (code, ExitCode.FAILURE)
        assert caught.value.hint == advise(advice)
        golden(caught.value)

    def test_no_answer_is_an_error(self, golden: Golden) -> None:
        with pytest.raises(AwsError) as caught:
            LiveAccount(aws_without_retries()).identity()
        assert not caught.value.code
        golden(caught.value)

    def test_missing_credentials_are_an_error(self, monkeypatch: pytest.MonkeyPatch, golden: Golden) -> None:
        monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        with pytest.raises(NoCredentials) as caught:
            LiveAccount(Aws(Connection("eu-west-1"))).settings()
        assert caught.value.hint == advise(JudgementAdvice.CONFIGURE_CREDENTIALS)
        golden(caught.value)


ARN = "arn:aws:lambda:eu-west-1:123456789012:function:orders-Fn"


def configs(**requested: int) -> dict[str, Any]:
    """What each qualifier provisions; that of a version is its number behind a `v`."""
    return {
        "ProvisionedConcurrencyConfigs": [
            {"FunctionArn": f"{ARN}:{name.removeprefix('v')}", "RequestedProvisionedConcurrentExecutions": value}
            for name, value in requested.items()
        ]
    }


def aws_without_retries() -> Any:
    """A client that gives up at once, in place of one that tries eight times."""
    from botocore.config import Config

    aws = offline_aws()
    options = Config(retries={"total_max_attempts": 1}, connect_timeout=1)
    client = aws.session.client("sts", endpoint_url="http://127.0.0.1:9", config=options)
    aws._clients["sts", None, None] = client
    return aws


class TestIdentity:
    def test_it_is_the_caller_s(self) -> None:
        with stubbed("sts") as (aws, stubs):
            stubs["sts"].add_response("get_caller_identity", {"Account": "123456789012"})
            assert LiveAccount(aws).identity() == Identity("123456789012", "eu-west-1")

    def test_denied_it_is_unknown(self) -> None:
        with stubbed("sts") as (aws, stubs):
            stubs["sts"].add_client_error("get_caller_identity", *DENIED, 403)
            assert LiveAccount(aws).identity() == denied("sts:GetCallerIdentity")


class TestStack:
    def read(self, fill: Callable[[Any], None]) -> Stack | Unknown | None:
        with stubbed("cloudformation", "lambda") as (aws, stubs):
            fill(stubs)
            return LiveAccount(aws).stack("orders")

    def test_a_stack_that_does_not_exist_is_none(self) -> None:
        def fill(stubs: Any) -> None:
            stubs["cloudformation"].add_client_error(
                "describe_stacks", "ValidationError", "Stack with id orders does not exist", 400
            )

        assert self.read(fill) is None

    @pytest.mark.parametrize("status", ["REVIEW_IN_PROGRESS", "DELETE_COMPLETE"])
    def test_a_stack_without_resources_is_none(self, status: str) -> None:
        assert (
            self.read(lambda stubs: stubs["cloudformation"].add_response("describe_stacks", described(status))) is None
        )

    def test_every_page_of_resources_is_read(self, golden: Golden) -> None:
        first = [resource("Fn", FUNCTION), resource("Old", FUNCTION, status="DELETE_COMPLETE")]
        first += [resource("Retained", FUNCTION, status="DELETE_SKIPPED")]
        second = [resource("Live", ALIAS, f"{ARN}:live"), resource("Half", FUNCTION, None, "CREATE_FAILED")]
        with stubbed("cloudformation") as (aws, stubs):
            formation = stubs["cloudformation"]
            formation.add_response("describe_stacks", described(Stage="dev", Secret="****"), {"StackName": "orders"})
            formation.add_response(
                "list_stack_resources", {"StackResourceSummaries": first, "NextToken": "t"}, {"StackName": STACK_ID}
            )
            formation.add_response(
                "list_stack_resources", {"StackResourceSummaries": second}, {"StackName": STACK_ID, "NextToken": "t"}
            )
            answering(
                aws,
                "lambda",
                GetFunctionConcurrency=[{"ReservedConcurrentExecutions": 30}],
                ListProvisionedConcurrencyConfigs=[{**configs(live=5, v3=3), "NextMarker": "m"}, configs(v2=2)],
            )
            stack = LiveAccount(aws).stack("orders")
        assert stack == Stack(
            "orders",
            "UPDATE_COMPLETE",
            {"Fn": LiveFunction("orders-Fn", 30, 10, {"Live": 5, ":3": 3, ":2": 2})},
            {
                "Stage": "dev",
                "Secret": Unknown(ANY, advise(JudgementAdvice.PASS_PARAMETER, "Secret")),
            },
            {"Fn": FUNCTION, "Live": ALIAS},
        )
        golden(reasons(*stack.parameters.values()))

    @pytest.mark.parametrize(
        ("answer", "expected"),
        [({}, None), ({"ReservedConcurrentExecutions": 0}, 0), ({"ReservedConcurrentExecutions": 7}, 7)],
        ids=["no-field-is-unset", "zero-is-zero", "a-number"],
    )
    def test_unset_is_not_zero(self, answer: dict[str, int], expected: int | None) -> None:
        def fill(stubs: Any) -> None:
            stubs["cloudformation"].add_response("describe_stacks", described())
            stubs["cloudformation"].add_response(
                "list_stack_resources", {"StackResourceSummaries": [resource("Fn", FUNCTION)]}
            )
            stubs["lambda"].add_response("get_function_concurrency", answer)

        stack = self.read(fill)
        assert isinstance(stack, Stack)
        assert stack.functions == {"Fn": LiveFunction("orders-Fn", expected, 0)}

    def test_a_function_deleted_outside_of_the_stack_has_no_reservation(self) -> None:
        def fill(stubs: Any) -> None:
            stubs["cloudformation"].add_response("describe_stacks", described())
            stubs["cloudformation"].add_response(
                "list_stack_resources", {"StackResourceSummaries": [resource("Fn", FUNCTION)]}
            )
            gone = ("ResourceNotFoundException", "Function not stack: orders-Fn", 404)
            stubs["lambda"].add_client_error("get_function_concurrency", *gone)

        stack = self.read(fill)
        assert isinstance(stack, Stack)
        assert stack.functions == {"Fn": LiveFunction("orders-Fn", None, 0)}

    def test_an_alias_of_a_function_outside_of_the_stack_is_read(self) -> None:
        def fill(stubs: Any) -> None:
            stubs["cloudformation"].add_response("describe_stacks", described())
            stubs["cloudformation"].add_response(
                "list_stack_resources", {"StackResourceSummaries": [resource("Live", ALIAS, f"{ARN}:live")]}
            )
            answer, parameters = configs(live=30, v1=9), {"FunctionName": "orders-Fn"}
            stubs["lambda"].add_response("list_provisioned_concurrency_configs", answer, parameters)

        stack = self.read(fill)
        assert isinstance(stack, Stack)
        assert stack.functions == {}
        assert stack.outside == {"Live": LiveFunction("orders-Fn", None, 30, {"Live": 30})}

    def test_a_stack_that_is_found_by_an_alias_has_its_own_name(self) -> None:
        with stubbed("cloudformation") as (aws, stubs):
            stubs["cloudformation"].add_response("describe_stacks", described(), {"StackName": "prod-orders"})
            answer: dict[str, Any] = {"StackResourceSummaries": []}
            stubs["cloudformation"].add_response("list_stack_resources", answer, {"StackName": STACK_ID})
            assert LiveAccount(aws).stack("prod-orders") == Stack("orders", "UPDATE_COMPLETE", {}, {}, {})

    def test_values_from_the_parameter_store_are_kept_by_name(self) -> None:
        def fill(stubs: Any) -> None:
            answer = described(Size="/size")
            answer["Stacks"][0]["Parameters"][0]["ResolvedValue"] = "7"
            stubs["cloudformation"].add_response("describe_stacks", answer)
            stubs["cloudformation"].add_response("list_stack_resources", {"StackResourceSummaries": []})

        stack = self.read(fill)
        assert isinstance(stack, Stack)
        assert (stack.parameters, stack.stored) == ({"Size": "/size"}, {"ssm:/size": "7"})

    def test_nested_stacks_are_read_too(self) -> None:
        def fill(stubs: Any) -> None:
            formation = stubs["cloudformation"]
            formation.add_response("describe_stacks", described())
            formation.add_response(
                "list_stack_resources",
                {"StackResourceSummaries": [resource("Inner", STACK_TYPE, INNER_ID)]},
                {"StackName": STACK_ID},
            )
            formation.add_response(
                "list_stack_resources",
                {"StackResourceSummaries": [resource("Fn", FUNCTION)]},
                {"StackName": INNER_ID},
            )
            stubs["lambda"].add_response("get_function_concurrency", {}, {"FunctionName": "orders-Fn"})

        stack = self.read(fill)
        assert isinstance(stack, Stack)
        assert stack.functions == {"Inner/Fn": LiveFunction("orders-Fn", None, 0)}
        assert stack.resources == {"Inner": STACK_TYPE, "Inner/Fn": FUNCTION}
        assert stack.nested == {"Inner/": INNER_ID}

    def test_a_rolled_back_creation_keeps_no_parameters(self) -> None:
        def fill(stubs: Any) -> None:
            stubs["cloudformation"].add_response("describe_stacks", described("ROLLBACK_COMPLETE", Stage="dev"))
            stubs["cloudformation"].add_response(
                "list_stack_resources",
                {"StackResourceSummaries": [resource("Fn", FUNCTION, status="DELETE_COMPLETE")]},
            )

        assert self.read(fill) == Stack("orders", "ROLLBACK_COMPLETE", {}, {}, {})

    def test_a_denied_description_is_unknown(self) -> None:
        def fill(stubs: Any) -> None:
            stubs["cloudformation"].add_client_error("describe_stacks", "AccessDenied", "no", 403)

        assert self.read(fill) == denied("cloudformation:DescribeStacks")

    def test_a_denied_list_is_unknown(self) -> None:
        def fill(stubs: Any) -> None:
            stubs["cloudformation"].add_response("describe_stacks", described())
            stubs["cloudformation"].add_client_error("list_stack_resources", "AccessDenied", "no", 403)

        assert self.read(fill) == denied("cloudformation:ListStackResources")

    def test_a_denied_function_is_unknown_alone(self) -> None:
        def fill(stubs: Any) -> None:
            stubs["cloudformation"].add_response("describe_stacks", described())
            stubs["cloudformation"].add_response(
                "list_stack_resources", {"StackResourceSummaries": [resource("Fn", FUNCTION)]}
            )
            stubs["lambda"].add_client_error("get_function_concurrency", *DENIED, 403)

        stack = self.read(fill)
        assert isinstance(stack, Stack)
        assert stack.functions["Fn"].reserved == denied("lambda:GetFunctionConcurrency")
        assert stack.functions["Fn"].claim == denied("lambda:GetFunctionConcurrency")


def listed(*names: str, marker: str = "") -> dict[str, Any]:
    """One page of functions."""
    return {"Functions": [{"FunctionName": name} for name in names], **({"NextMarker": marker} if marker else {})}


class TestHolders:
    def read(self, functions: list[Any], reserved: list[Any], count: int = 4) -> tuple[Holders | Unknown, int]:
        """The holders, and how many reservations were read; `count` functions exist."""
        aws = offline_aws()
        settings = {**SETTINGS, "AccountUsage": {"TotalCodeSize": 0, "FunctionCount": count}}
        answering(
            aws, "lambda", GetAccountSettings=[settings], ListFunctions=functions, GetFunctionConcurrency=reserved
        )
        before = len(reserved)
        return LiveAccount(aws).holders(), before - len(reserved)

    def test_functions_with_a_reservation_are_named_over_all_pages(self) -> None:
        functions = [listed("a", "b", marker="m"), listed("c", "d")]
        values: list[dict[str, Any]] = [{"ReservedConcurrentExecutions": 30}, {}, {"ReservedConcurrentExecutions": 0}]
        holders, _ = self.read(functions, [*values, {"ReservedConcurrentExecutions": 5}])
        assert isinstance(holders, Holders)
        assert (sorted(holders.functions.values()), holders.not_read, holders.reason) == ([5, 30], 0, "")

    def test_at_most_200_requests_are_sent(self) -> None:
        names = [f"f{number}" for number in range(250)]
        functions = [listed(*names[start : start + 50], marker=f"m{start}") for start in range(0, 250, 50)]
        one = {"ReservedConcurrentExecutions": 1}
        holders, reads = self.read(functions, [one] * 250, count=1000)
        assert isinstance(holders, Holders)
        assert (len(holders.functions), holders.not_read) == (196, 804)
        assert reads + 5 - len(functions) == 200

    def test_a_denied_list_is_unknown(self) -> None:
        with stubbed("lambda") as (aws, stubs):
            stubs["lambda"].add_client_error("list_functions", *DENIED, 403)
            assert LiveAccount(aws).holders() == denied("lambda:ListFunctions")

    def test_a_denied_function_counts_as_not_read(self) -> None:
        with stubbed("lambda") as (aws, stubs):
            stubs["lambda"].add_response("list_functions", listed("a"))
            stubs["lambda"].add_client_error("get_function_concurrency", *DENIED, 403)
            stubs["lambda"].add_response("get_account_settings", SETTINGS)
            reason = "lambda:GetFunctionConcurrency was denied"
            assert LiveAccount(aws).holders() == Holders({}, 4, reason)


class TestQuotas:
    def test_an_applied_quota_comes_from_service_quotas(self) -> None:
        with stubbed("dynamodb", "service-quotas") as (aws, stubs):
            stubs["dynamodb"].add_response(
                "list_tables", {"TableNames": ["one", "two"], "LastEvaluatedTableName": "two"}, {}
            )
            stubs["dynamodb"].add_response("list_tables", {"TableNames": ["three"]}, {"ExclusiveStartTableName": "two"})
            stubs["service-quotas"].add_response(
                "get_service_quota",
                {"Quota": {"Value": 5000.0}},
                {"ServiceCode": "dynamodb", "QuotaCode": "L-F98FE922"},
            )
            assert LiveAccount(aws).quotas([row("dynamodb-tables")]) == {"dynamodb/L-F98FE922": Quota(5000, 3)}

    def test_without_an_applied_quota_the_default_is_read(self) -> None:
        with stubbed("dynamodb", "service-quotas") as (aws, stubs):
            stubs["dynamodb"].add_response("list_tables", {"TableNames": []})
            stubs["service-quotas"].add_client_error("get_service_quota", "NoSuchResourceException", "none", 404)
            stubs["service-quotas"].add_response(
                "get_aws_default_service_quota",
                {"Quota": {"Value": 2500.0}},
                {"ServiceCode": "dynamodb", "QuotaCode": "L-F98FE922"},
            )
            assert LiveAccount(aws).quotas([row("dynamodb-tables")]) == {
                "dynamodb/L-F98FE922": Quota(2500, 0, QuotaSource.AWS_DEFAULT)
            }

    @pytest.mark.parametrize(
        ("errors", "expected"),
        [
            ([DENIED], denied("servicequotas:GetServiceQuota")),
            (
                [("NoSuchResourceException", "none"), DENIED],
                denied("servicequotas:GetAWSDefaultServiceQuota"),
            ),
        ],
        ids=["the-applied-one", "the-default"],
    )
    def test_a_denied_quota_is_unknown_with_its_permission(
        self, errors: list[tuple[str, str]], expected: Unknown
    ) -> None:
        with stubbed("dynamodb", "service-quotas") as (aws, stubs):
            stubs["dynamodb"].add_response("list_tables", {"TableNames": ["one"]})
            for operation, error in zip(["get_service_quota", "get_aws_default_service_quota"], errors, strict=False):
                stubs["service-quotas"].add_client_error(operation, *error)
            assert LiveAccount(aws).quotas([row("dynamodb-tables")]) == {"dynamodb/L-F98FE922": Quota(expected, 1)}

    def test_a_denied_list_leaves_the_quota_known(self) -> None:
        with stubbed("kms", "service-quotas") as (aws, stubs):
            stubs["kms"].add_client_error("list_keys", *DENIED, 403)
            stubs["service-quotas"].add_response("get_service_quota", {"Quota": {"Value": 100000.0}})
            assert LiveAccount(aws).quotas([row("kms-keys")]) == {
                "kms/L-C2F1777E": Quota(100000, denied("kms:ListKeys"))
            }

    def test_keys_are_counted_over_all_pages(self) -> None:
        with stubbed("kms", "service-quotas") as (aws, stubs):
            keys = [{"KeyId": "a", "KeyArn": "arn:aws:kms:eu-west-1:123456789012:key/a"}]
            stubs["kms"].add_response("list_keys", {"Keys": keys, "Truncated": True, "NextMarker": "m"}, {})
            stubs["kms"].add_response("list_keys", {"Keys": keys, "Truncated": False}, {"Marker": "m"})
            stubs["service-quotas"].add_response("get_service_quota", {"Quota": {"Value": 100000.0}})
            assert LiveAccount(aws).quotas([row("kms-keys")]) == {"kms/L-C2F1777E": Quota(100000, 2)}

    def test_iam_returns_quota_and_usage_in_one_answer(self) -> None:
        with stubbed("iam") as (aws, stubs):
            stubs["iam"].add_response("get_account_summary", {"SummaryMap": {"Roles": 90, "RolesQuota": 1000}})
            assert LiveAccount(aws).quotas([row("iam-roles")]) == {"iam/L-FE177D64": Quota(1000, 90)}

    def test_stacks_are_counted_and_their_limit_is_picked(self) -> None:
        aws = offline_aws()
        limits = [{"Name": "StackLimit", "Value": 2000}, {"Name": "StackOutputsLimit", "Value": 200}]
        answering(
            aws,
            "cloudformation",
            DescribeAccountLimits=[{"AccountLimits": limits}],
            ListStacks=[{"StackSummaries": [{}, {}], "NextToken": "t"}, {"StackSummaries": [{}]}],
        )
        reader = LiveAccount(aws)
        assert reader.quotas([row("cloudformation-stacks")]) == {"cloudformation/L-0485CB21": Quota(2000, 3)}


class TestExportsAndLookups:
    EXPORTS = (
        {"Exports": [{"Name": "A", "Value": "1", "ExportingStackId": STACK_ID}], "NextToken": "t"},
        {"Exports": [{"Name": "B", "Value": "2"}]},
    )

    def test_every_page_of_exports_is_read_once(self, golden: Golden) -> None:
        with stubbed("cloudformation") as (aws, stubs):
            for page in self.EXPORTS:
                stubs["cloudformation"].add_response("list_exports", page)
            reader = LiveAccount(aws)
            assert reader.exports() == {"A": "orders", "B": ""}
            found = reader.look_up(["import:B", "import:C"])
            assert found == {
                "import:B": "2",
                "import:C": Unknown(ANY, advise(JudgementAdvice.CREATE_OR_PASS_LOOKUP, "import:C")),
            }
            golden(reasons(*found.values()))

    def test_denied_exports_are_unknown(self) -> None:
        with stubbed("cloudformation") as (aws, stubs):
            stubs["cloudformation"].add_client_error("list_exports", "AccessDenied", "no", 403)
            reader = LiveAccount(aws)
            no = denied("cloudformation:ListExports")
            assert (reader.exports(), reader.look_up(["import:A"])) == (no, {"import:A": no})

    def test_every_page_of_importers_is_read(self) -> None:
        with stubbed("cloudformation") as (aws, stubs):
            stubs["cloudformation"].add_response("list_imports", {"Imports": ["orders"], "NextToken": "t"})
            stubs["cloudformation"].add_response("list_imports", {"Imports": ["shop"]})
            assert LiveAccount(aws).imports(["A"]) == {"A": ("orders", "shop")}

    def test_an_export_that_no_stack_imports_has_no_importers(self) -> None:
        with stubbed("cloudformation") as (aws, stubs):
            message = "Export 'A' is not imported by any stack."
            stubs["cloudformation"].add_client_error("list_imports", "ValidationError", message)
            assert LiveAccount(aws).imports(["A"]) == {"A": ()}

    def test_denied_imports_are_unknown(self) -> None:
        with stubbed("cloudformation") as (aws, stubs):
            stubs["cloudformation"].add_client_error("list_imports", "AccessDenied", "no", 403)
            assert LiveAccount(aws).imports(["A"]) == {"A": denied("cloudformation:ListImports")}

    def test_the_parameter_store_is_read_and_secrets_are_not(self, golden: Golden) -> None:
        with stubbed("ssm") as (aws, stubs):
            stubs["ssm"].add_response(
                "get_parameters",
                {
                    "Parameters": [
                        {"Name": "/a", "Type": "String", "Value": "5"},
                        {"Name": "/b", "Selector": ":3", "Type": "String", "Value": "7"},
                        {"Name": "/s", "Type": "SecureString", "Value": "AQICAH..."},
                    ],
                    "InvalidParameters": ["/none"],
                },
                {"Names": ["/a", "/b:3", "/s", "/none"]},
            )
            found = LiveAccount(aws).look_up(["ssm:/a", "ssm:/b:3", "ssm:/s", "ssm:/none"])
            assert found == {
                "ssm:/a": "5",
                "ssm:/b:3": "7",
                "ssm:/s": Unknown(ANY),
                "ssm:/none": Unknown(ANY, advise(JudgementAdvice.CREATE_OR_PASS_LOOKUP, "ssm:/none")),
            }
            golden(reasons(*found.values()))

    def test_a_denied_store_is_unknown(self) -> None:
        with stubbed("ssm") as (aws, stubs):
            stubs["ssm"].add_client_error("get_parameters", *DENIED)
            assert LiveAccount(aws).look_up(["ssm:/a"]) == {"ssm:/a": denied("ssm:GetParameters")}

    def test_ten_names_go_into_one_request(self) -> None:
        with stubbed("ssm") as (aws, stubs):
            for _ in range(2):
                stubs["ssm"].add_response("get_parameters", {"Parameters": []})
            values = LiveAccount(aws).look_up([f"ssm:/{number}" for number in range(11)])
        assert len(values) == 11


@pytest.mark.parametrize(
    ("value", "known"),
    [("dev", True), ("****", False), ("*", False), ("a*", True), ("", True)],
)
def test_a_value_of_asterisks_is_a_hidden_one(value: str, known: bool) -> None:
    result = StackDescription("orders", "CREATE_COMPLETE", parameters={"P": value}).known_parameters()["P"]
    assert result == value if known else isinstance(result, Unknown)


class TestBesideTheStack:
    """The deployed template, past failures, and the stacks being updated."""

    STACK = Stack("orders", "UPDATE_COMPLETE", {"Fn": LiveFunction("orders-Fn", 9, 0)}, id=STACK_ID)

    def test_provisioned_concurrency_of_every_version_is_read(self) -> None:
        with stubbed("lambda") as (aws, stubs):
            stubs["lambda"].add_response(
                "list_provisioned_concurrency_configs", configs(v7=8), {"FunctionName": "orders-Fn"}
            )
            result = LiveAccount(aws).with_provisioned(self.STACK, ["Fn"])
        assert result.functions == {"Fn": LiveFunction("orders-Fn", 9, 8, {":7": 8})}

    def test_the_deployed_template_is_the_processed_one(self) -> None:
        body = {"Resources": {"T": {"Type": "AWS::SNS::Topic"}}}
        with stubbed("cloudformation") as (aws, stubs):
            parameters = {"StackName": STACK_ID, "TemplateStage": "Processed"}
            stubs["cloudformation"].add_response("get_template", {"TemplateBody": json.dumps(body)}, parameters)
            assert LiveAccount(aws).deployed_template(self.STACK) == body

    def test_stacks_at_work_are_listed_without_nested_ones(self) -> None:
        def summary(name: str, **more: str) -> dict[str, Any]:
            status = {"StackStatus": "UPDATE_IN_PROGRESS", "CreationTime": "2026-01-01T00:00:00Z"}
            return {"StackName": name, **status, **more}

        page = {"StackSummaries": [summary("a"), summary("a-nested", ParentId=STACK_ID)], "NextToken": "t"}
        with stubbed("cloudformation") as (aws, stubs):
            stubs["cloudformation"].add_response("list_stacks", page, {"StackStatusFilter": [*RUNNING]})
            stubs["cloudformation"].add_response(
                "list_stacks", {"StackSummaries": [summary("b")]}, {"StackStatusFilter": [*RUNNING], "NextToken": "t"}
            )
            result = LiveAccount(aws).in_flight()
        assert result == (InFlight("a", "UPDATE_IN_PROGRESS"), InFlight("b", "UPDATE_IN_PROGRESS"))

    def test_a_review_is_the_only_status_in_progress_without_work(self) -> None:
        at_work = {name for name in STACK_STATUSES if name.endswith("_IN_PROGRESS")}
        assert {*RUNNING} == at_work - {"REVIEW_IN_PROGRESS"}

    def test_past_failures_are_the_newest_page_of_events(self) -> None:
        def event(status: str, reason: str) -> dict[str, Any]:
            ids = {"StackId": STACK_ID, "StackName": "orders", "EventId": reason, "LogicalResourceId": "Fn"}
            outcome = {"ResourceType": FUNCTION, "ResourceStatus": status, "ResourceStatusReason": reason}
            return {**ids, **outcome, "Timestamp": "2026-06-01T08:00:00Z"}

        page = {"StackEvents": [event("UPDATE_FAILED", "no"), event("UPDATE_COMPLETE", "yes")], "NextToken": "t"}
        with stubbed("cloudformation") as (aws, stubs):
            stubs["cloudformation"].add_response("describe_stack_events", page, {"StackName": STACK_ID})
            assert LiveAccount(aws).past_failures(self.STACK) == (PastFailure("no", "2026-06-01"),)

    def test_undecided_increases_are_pending(self) -> None:
        def request(value: float, status: str) -> dict[str, Any]:
            return {"DesiredValue": value, "Status": status, "Created": "2026-11-01T00:00:00Z"}

        requested = [request(1001, "PENDING"), request(2000, "DENIED"), request(3000, "CASE_OPENED")]
        with stubbed("service-quotas") as (aws, stubs):
            stubs["service-quotas"].add_response(
                "list_requested_service_quota_change_history_by_quota",
                {"RequestedQuotas": requested},
                {"ServiceCode": "lambda", "QuotaCode": "L-B99A9384"},
            )
            result = LiveAccount(aws).pending_increases(CONCURRENCY)
        assert result == (Increase(1001, "2026-11-01"), Increase(3000, "2026-11-01"))
