"""Applied values and usage, as the rows say, with the calls that are made."""

import time
import tracemalloc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import EndpointConnectionError

from tapctl.account.live import LiveAccount
from tapctl.account.model import NOT_LISTED, SANDBOX_HAS_NONE, Quota, QuotaSource
from tapctl.account.usage import LimitReads, Rate
from tapctl.aws.session import Aws, Connection
from tapctl.errors import AwsError
from tapctl.hints import advise
from tapctl.hints.usage import UsageAdvice
from tapctl.limits import Limit, catalogue
from tapctl.limits.row import Call, each
from tapctl.unknown import Unknown
from tests.support.golden import Golden
from tests.support.queued_answers import answering, offline_aws, stubbed

REFUSED = ("NoSuchResourceException", "none")


def row(id_: str) -> Limit:
    return next(limit for limit in catalogue() if limit.id == id_)


def read(id_: str, ec2: dict[str, list[dict[str, Any]]], value: float = 5) -> Quota:
    aws = offline_aws()
    answering(aws, "ec2", **ec2)
    answering(aws, "service-quotas", GetServiceQuota=[{"Quota": {"Value": value}}])
    (quota,) = LiveAccount(aws).quotas([row(id_)]).values()
    return quota


def answering_global(aws: Any) -> None:
    """Service Quotas of the Region that has the global ones."""
    aws.client("service-quotas", "us-east-1").meta.events.register_first(
        "before-call", lambda **_: (AWSResponse("", 200, HTTPHeaders(), None), {"Quota": {"Value": 10000.0}})
    )


class TestReadings:
    def test_a_list_is_counted(self) -> None:
        answer = {"Addresses": [{"PublicIpv4Pool": "amazon"}, {}, {"PublicIpv4Pool": "ipv4pool-1"}]}
        assert read("ec2-elastic-ips", {"DescribeAddresses": [answer]}) == Quota(5, 2)

    def test_parents_are_tallied_over_all_pages(self) -> None:
        pages: list[dict[str, Any]] = [
            {"Subnets": [{"VpcId": "vpc-1"}, {"VpcId": "vpc-2"}], "NextToken": "more"},
            {"Subnets": [{"VpcId": "vpc-1"}]},
        ]
        assert read("vpc-subnets-per-vpc", {"DescribeSubnets": pages}).usage == {"vpc-1": 2, "vpc-2": 1}

    def test_parents_are_added_up_by_their_group(self) -> None:
        gateways: list[Any] = [{"SubnetId": subnet, "State": state} for subnet, state in GATEWAYS]
        zones = (("1", "a"), ("2", "a"), ("3", "b"))
        subnets: list[Any] = [{"SubnetId": f"subnet-{name}", "AvailabilityZone": zone} for name, zone in zones]
        found = read(
            "vpc-nat-gateways-per-zone",
            {"DescribeNatGateways": [{"NatGateways": gateways}], "DescribeSubnets": [{"Subnets": subnets}]},
        )
        assert found.usage == {"a": 2, "b": 1}

    def test_pairs_have_their_number(self) -> None:
        routes = [{"Origin": "CreateRoute", "DestinationCidrBlock": "0.0.0.0/0"}, {"Origin": "CreateRouteTable"}]
        tables = {"RouteTables": [{"RouteTableId": "rtb-1", "Routes": routes}]}
        assert read("vpc-routes-per-table", {"DescribeRouteTables": [tables]}).usage == {"rtb-1": 1}

    def test_the_parents_that_a_template_names_are_read_one_by_one(self) -> None:
        limit = row("appconfig-environments-per-application")
        assert isinstance(limit.usage, Call)
        limit = replace(limit, usage=replace(limit.usage, parents=("a1", "a2")))
        with stubbed("appconfig", "service-quotas") as (aws, stubs):
            stubs["service-quotas"].add_response("get_service_quota", {"Quota": {"Value": 20.0}})
            for items in ([{"Id": "e1"}, {"Id": "e2"}], []):
                stubs["appconfig"].add_response("list_environments", {"Items": items})
            (found,) = LiveAccount(aws).quotas([limit]).values()
        assert isinstance(found.usage, dict)
        assert sorted(found.usage) == ["a1", "a2"]
        assert sum(found.usage.values()) == 2

    @pytest.mark.parametrize(
        ("id_", "service", "operation", "asked", "answer"),
        [
            pytest.param(
                "iam-policies-per-role", "iam", "ListAttachedRolePolicies", "RoleName", {"AttachedPolicies": [{}] * 3},
                id="a-list",
            ),
            pytest.param(
                "sns-subscriptions-per-topic", "sns", "GetTopicAttributes", "TopicArn",
                {"Attributes": {"SubscriptionsConfirmed": "2", "SubscriptionsPending": "1"}}, id="numbers-as-text",
            ),
        ],
    )  # fmt: skip
    def test_a_parent_is_named_as_its_operation_takes_it(
        self, id_: str, service: str, operation: str, asked: str, answer: dict[str, Any]
    ) -> None:
        """By its ARN, or by the name in it."""
        arn = f"arn:aws:{service}:eu-west-1:123456789012:role/mine"
        limit = row(id_)
        assert isinstance(limit.usage, Call)
        assert limit.usage.parent == asked
        (own,) = replace(limit.usage, parents=(arn,)).by_parent.values()
        assert own.parameters[asked] == (arn if asked == "TopicArn" else "mine")
        aws = offline_aws()
        answering(aws, service, **{operation: [answer]})
        assert LimitReads(aws, ThreadPoolExecutor(1)).number(own) == 3

    def test_numbers_that_are_not_in_the_answer_are_unknown(self) -> None:
        aws, limit = offline_aws(), row("sns-subscriptions-per-topic")
        assert isinstance(limit.usage, Call)
        (own,) = replace(limit.usage, parents=("arn",)).by_parent.values()
        answering(aws, "sns", GetTopicAttributes=[{"Attributes": {}}])
        assert isinstance(LimitReads(aws, ThreadPoolExecutor(1)).number(own), Unknown)

    @pytest.mark.parametrize("id_", ["iam-policies-per-role", "apigateway-stages-per-api"])
    def test_nothing_is_read_of_parents_that_no_template_names(self, id_: str) -> None:
        aws = offline_aws()
        answering(aws, "iam", GetAccountSummary=[{"SummaryMap": {"AttachedPoliciesPerRoleQuota": 10}}])
        answering(aws, "service-quotas", GetServiceQuota=[{"Quota": {"Value": 10.0}}])
        assert list(LiveAccount(aws).quotas([row(id_)]).values()) == [Quota(10, NOT_LISTED)]

    def test_numbers_are_added_up_in_the_unit_of_the_limit(self) -> None:
        volumes = {"Volumes": [{"Size": 512}, {"Size": 1024}]}
        assert read("ebs-gp3-storage", {"DescribeVolumes": [volumes]}, 50) == Quota(50, 1.5)

    def test_metrics_are_read_in_one_batch(self) -> None:
        aws = offline_aws()
        results = [{"Id": "m0", "Values": [12.0, 10.0]}, {"Id": "m1", "Values": []}]
        answering(aws, "cloudwatch", GetMetricData=[{"MetricDataResults": results}])
        values = [{"QuotaCode": code, "Value": 64.0} for code in ("L-1216C47A", "L-DB2E81BA")]
        answering(aws, "service-quotas", ListServiceQuotas=[{"Quotas": values}])

        found = LiveAccount(aws).quotas([row("ec2-on-demand-standard-vcpus"), row("ec2-on-demand-g-vcpus")])

        assert list(found.values()) == [Quota(64, 12), Quota(64, 0)]

    def test_a_percentage_is_of_the_quota(self) -> None:
        aws = offline_aws()
        answering(aws, "cloudwatch", GetMetricData=[{"MetricDataResults": [{"Id": "m0", "Values": [12.5]}]}])
        answering(aws, "dynamodb", DescribeLimits=[{"AccountMaxReadCapacityUnits": 80_000}])

        assert LiveAccount(aws).quotas([row("dynamodb-read-capacity")]) == {
            "dynamodb/L-34F6A552": Quota(80_000, 10_000)
        }

    def test_a_call_may_want_the_id_of_the_account(self) -> None:
        with stubbed("sts", "s3control", "service-quotas") as (aws, stubs):
            stubs["sts"].add_response("get_caller_identity", {"Account": "123456789012"})
            for token, page in (({}, {"NextToken": "more"}), ({"NextToken": "more"}, {})):
                stubs["s3control"].add_response(
                    "list_access_points",
                    {"AccessPointList": [{"Name": "own", "NetworkOrigin": "VPC", "Bucket": "own"}], **page},
                    {"AccountId": "123456789012", "MaxResults": 1000, **token},
                )
            stubs["service-quotas"].add_response("get_service_quota", {"Quota": {"Value": 10_000.0}})
            found = LiveAccount(aws).quotas([row("s3-access-points")])
        assert found == {"s3/L-FAABEEBA": Quota(10_000, 2)}

    def test_the_next_page_may_begin_behind_the_last_name(self) -> None:
        with stubbed("firehose", "service-quotas") as (aws, stubs):
            for begins, names in (({}, ["a", "b"]), ({"ExclusiveStartDeliveryStreamName": "b"}, ["c"])):
                stubs["firehose"].add_response(
                    "list_delivery_streams",
                    {"DeliveryStreamNames": names, "HasMoreDeliveryStreams": len(names) == 2},
                    {"Limit": 1000, **begins},
                )
            stubs["service-quotas"].add_response("get_service_quota", {"Quota": {"Value": 100.0}})
            found = LiveAccount(aws).quotas([row("firehose-streams")])
        assert found == {"firehose/L-14BB0BE7": Quota(100, 3)}

    def test_the_attributes_of_an_account_are_found_by_name(self) -> None:
        aws = offline_aws()
        attributes = [
            {"AccountQuotaName": name, "Used": used, "Max": 40} for name, used in (("DBClusters", 3), ("A", 9))
        ]
        answering(aws, "rds", DescribeAccountAttributes=[{"AccountQuotas": attributes}])

        found = LiveAccount(aws).quotas([row("rds-clusters"), row("rds-instances")])

        assert found["rds/L-952B80B8"] == Quota(40, 3)
        assert isinstance(found["rds/L-7B6409FD"].value, Unknown)

    def test_a_limit_may_be_a_text(self) -> None:
        aws = offline_aws()
        balancers = [{"Type": "gateway"}, {"Type": "network"}]
        limits = [{"Name": "gateway-load-balancers", "Max": "100"}, {"Name": "targets", "Max": "7"}]
        answering(
            aws,
            "elbv2",
            DescribeLoadBalancers=[{"LoadBalancers": balancers}],
            DescribeAccountLimits=[{"Limits": limits}],
        )

        (quota,) = LiveAccount(aws).quotas([row("elasticloadbalancing-gateway-balancers")]).values()

        assert quota == Quota(100, 1)


GATEWAYS = (
    ("subnet-1", "available"), ("subnet-2", "pending"), ("subnet-3", "deleting"), ("subnet-3", "deleted"),
    ("subnet-1", "failed"),
)  # fmt: skip


class TestCalls:
    def test_one_operation_answers_all_the_limits_that_need_it(self) -> None:
        summary = {"Roles": 3, "RolesQuota": 1000, "Policies": 7, "PoliciesQuota": 1500}
        with stubbed("iam") as (aws, stubs):
            stubs["iam"].add_response("get_account_summary", {"SummaryMap": summary})
            found = LiveAccount(aws).quotas([row("iam-roles"), row("iam-managed-policies")])
        assert [(quota.value, quota.usage) for quota in found.values()] == [(1000, 3), (1500, 7)]

    def test_a_denied_read_names_the_action_and_hides_no_other_limit(self) -> None:
        with stubbed("iam", "s3") as (aws, stubs):
            stubs["iam"].add_response("get_account_summary", {"SummaryMap": {"Roles": 3, "RolesQuota": 1000}})
            stubs["s3"].add_client_error("list_buckets", "AccessDenied", "no")
            answering_global(aws)
            found = LiveAccount(aws).quotas([row("iam-roles"), row("s3-buckets")])
        buckets = found["s3/L-DC2B2D3D"].usage
        assert isinstance(buckets, Unknown)
        assert "s3:ListAllMyBuckets" in buckets.reason
        assert found["iam/L-FE177D64"] == Quota(1000, 3)

    def test_a_page_that_fails_in_the_middle_is_unknown(self) -> None:
        with stubbed("ec2", "service-quotas") as (aws, stubs):
            stubs["service-quotas"].add_response("get_service_quota", {"Quota": {"Value": 200.0}})
            stubs["ec2"].add_response("describe_subnets", {"Subnets": [{"VpcId": "vpc-1"}], "NextToken": "more"})
            stubs["ec2"].add_client_error("describe_subnets", "InternalError", "no")
            found = LiveAccount(aws).quotas([row("vpc-subnets-per-vpc")])["vpc/L-407747CB"]
        assert isinstance(found.usage, Unknown)


class TestSources:
    @pytest.fixture
    def no_quota(self) -> Iterator[Any]:
        with stubbed("ec2", "service-quotas") as (aws, stubs):
            stubs["ec2"].add_response("describe_vpcs", {"Vpcs": []})
            stubs["service-quotas"].add_client_error("get_service_quota", *REFUSED)
            yield aws, stubs["service-quotas"]

    def test_aws_s_default_stands_in_for_an_applied_value(self, no_quota: Any) -> None:
        aws, quotas = no_quota
        quotas.add_response("get_aws_default_service_quota", {"Quota": {"Value": 5.0}})
        assert LiveAccount(aws).quotas([row("vpc-vpcs")]) == {"vpc/L-F678F1CE": Quota(5, 0, QuotaSource.AWS_DEFAULT)}

    def test_a_code_that_service_quotas_does_not_know_leaves_the_documented_default(self, no_quota: Any) -> None:
        aws, quotas = no_quota
        quotas.add_client_error("get_aws_default_service_quota", *REFUSED)
        assert LiveAccount(aws).quotas([row("vpc-vpcs")]) == {"vpc/L-F678F1CE": Quota(5, 0, QuotaSource.DOCUMENTED)}

    def test_a_limit_without_a_code_has_its_documented_default(self) -> None:
        assert LiveAccount(offline_aws()).quotas([row("s3-lifecycle-rules")]) == {
            "s3/lifecycle-rules": Quota(1000, 0, QuotaSource.DOCUMENTED)
        }


VPCS, INTERNET = row("vpc-vpcs"), row("vpc-internet-gateways")


def answer(body: dict[str, Any], status: int = 200) -> Any:
    return AWSResponse("", status, HTTPHeaders(), None), body


def failing(aws: Any, call: str, body: dict[str, Any], status: int) -> None:
    """Refuse every call of an operation, `service.Operation`."""
    client = aws.client(call.partition(".")[0])
    client.meta.events.register_first(f"before-call.{call}", lambda **_: answer(body, status))


def unreachable(aws: Any, service: str) -> None:
    def fail(**_: object) -> None:
        raise EndpointConnectionError(endpoint_url=f"https://{service}.example")

    aws.client(service).meta.events.register_first("before-call", fail)


class TestSeveralQuotasOfAService:
    """They are listed, at one call for the service."""

    def aws(self) -> Any:
        aws = offline_aws()
        answering(aws, "ec2", DescribeVpcs=[{"Vpcs": [{}]}], DescribeInternetGateways=[{"InternetGateways": []}])
        return aws

    def read(self, aws: Any) -> list[Quota]:
        return list(LiveAccount(aws).quotas([VPCS, INTERNET]).values())

    @pytest.mark.parametrize(
        ("applied", "defaults", "expected"),
        [
            pytest.param({VPCS.code: 7, INTERNET.code: 8}, None, Quota(8, 0), id="all-are-applied"),
            pytest.param(
                {VPCS.code: 7},
                {VPCS.code: 5, INTERNET.code: 6},
                Quota(6, 0, QuotaSource.AWS_DEFAULT),
                id="one-has-a-default",
            ),
            pytest.param(
                {VPCS.code: 7}, {VPCS.code: 5}, Quota(5, 0, QuotaSource.DOCUMENTED), id="one-is-in-neither-list"
            ),
        ],
    )
    def test_one_call_reads_them_and_one_the_defaults(
        self, applied: dict[str, int], defaults: dict[str, int] | None, expected: Quota
    ) -> None:
        def listed(values: dict[str, int]) -> dict[str, Any]:
            return {"Quotas": [{"QuotaCode": code, "Value": float(value)} for code, value in values.items()]}

        aws = self.aws()
        more = {} if defaults is None else {"ListAWSDefaultServiceQuotas": [listed(defaults)]}
        answering(aws, "service-quotas", ListServiceQuotas=[listed(applied)], **more)
        assert self.read(aws) == [Quota(7, 1), expected]

    def test_each_is_read_by_itself_where_the_list_is_denied(self) -> None:
        aws = self.aws()
        answering(aws, "service-quotas", GetServiceQuota=[{"Quota": {"Value": 7.0}}] * 2)
        denied = {"Error": {"Code": "AccessDeniedException", "Message": "no"}}
        failing(aws, "service-quotas.ListServiceQuotas", denied, 403)
        assert self.read(aws) == [Quota(7, 1), Quota(7, 0)]


class TestFaults:
    THINGS = Limit(
        "own", "memorydb/L-1", "Things", "", (each("Custom::Thing"),), usage=Call("memorydb", "DescribeACLs", "ACLs")
    )

    def test_a_service_that_is_not_in_the_region_is_named(self, golden: Golden) -> None:
        aws = offline_aws("mx-central-1")
        unreachable(aws, "memorydb")
        answering(aws, "service-quotas", GetServiceQuota=[{"Quota": {"Value": 5.0}}])
        usage = LiveAccount(aws).quotas([self.THINGS])["memorydb/L-1"].usage
        assert isinstance(usage, Unknown)
        golden(usage.reason)

    def test_one_that_does_not_answer_hides_no_other_limit(self) -> None:
        aws = offline_aws()
        unreachable(aws, "memorydb")
        answering(aws, "ec2", DescribeVpcs=[{"Vpcs": [{}]}])
        answering(aws, "service-quotas", GetServiceQuota=[{"Quota": {"Value": 5.0}}] * 2)
        found = LiveAccount(aws).quotas([self.THINGS, VPCS])
        assert found[VPCS.key] == Quota(5, 1)
        assert isinstance(found["memorydb/L-1"].usage, Unknown)

    def test_one_that_does_not_accept_the_credentials_hides_no_other_limit(self, golden: Golden) -> None:
        aws = offline_aws()
        rejected = {"Error": {"Code": "UnrecognizedClientException", "Message": "The security token is invalid"}}
        failing(aws, "memorydb.DescribeACLs", rejected, 400)
        answering(aws, "ec2", DescribeVpcs=[{"Vpcs": [{}]}])
        answering(aws, "service-quotas", GetServiceQuota=[{"Quota": {"Value": 5.0}}] * 2)
        found = LiveAccount(aws).quotas([self.THINGS, VPCS])
        assert found[VPCS.key] == Quota(5, 1)
        usage = found["memorydb/L-1"].usage
        assert isinstance(usage, Unknown)
        golden(usage.reason)

    @pytest.mark.parametrize("code", ["ExpiredTokenException", "UnrecognizedClientException"])
    def test_credentials_that_lambda_does_not_accept_are_an_error(self, code: str) -> None:
        aws = offline_aws()
        failing(aws, "lambda.GetAccountSettings", {"Error": {"Code": code, "Message": "no"}}, 403)
        with pytest.raises(AwsError):
            LiveAccount(aws).settings()

    def test_without_lambda_s_answer_there_is_no_verdict(self, golden: Golden) -> None:
        aws = offline_aws()
        unreachable(aws, "lambda")
        with pytest.raises(AwsError) as unanswered:
            LiveAccount(aws).settings()
        assert unanswered.value.code == ""
        golden(unanswered.value)

    def test_what_stays_throttled_names_the_action(self) -> None:
        with stubbed("ec2", "service-quotas") as (aws, stubs):
            stubs["service-quotas"].add_response("get_service_quota", {"Quota": {"Value": 5.0}})
            stubs["ec2"].add_client_error("describe_vpcs", "RequestLimitExceeded", "slow down", 503)
            usage = LiveAccount(aws).quotas([VPCS])[VPCS.key].usage
        assert usage == Unknown("ec2:DescribeVpcs was throttled", advise(UsageAdvice.RUN_AGAIN_IN_A_MOMENT))


class TestLongLists:
    PAGES, PER_PAGE = 200, 500

    def test_a_hundred_thousand_log_groups_take_no_more_memory_than_some_pages(self) -> None:
        aws, asked = offline_aws(), 0

        def page(**_: object) -> Any:
            nonlocal asked
            asked += 1
            groups = [{"logGroupName": f"/aws/lambda/{asked}-{index}"} for index in range(self.PER_PAGE)]
            return answer({"logGroups": groups, **({"nextToken": str(asked)} if asked < self.PAGES else {})})

        aws.client("logs").meta.events.register_first("before-call.logs.DescribeLogGroups", page)
        reads = LimitReads(aws, ThreadPoolExecutor(1), partial(Rate, sleep=lambda _: None))
        tracemalloc.start()
        try:
            count = reads.number(Call("logs", "DescribeLogGroups", "logGroups"))
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()

        assert count == self.PAGES * self.PER_PAGE
        assert peak < 5_000_000  # all of them take 30 MB

    def test_the_budget_of_a_service_allows_a_burst_and_then_ten_a_second(self) -> None:
        now, pauses = 0.0, list[float]()

        def sleep(seconds: float) -> None:
            nonlocal now
            now += seconds
            pauses.append(seconds)

        rate = Rate(lambda: now, sleep)
        for _ in range(Rate.BURST + 10):
            rate.take()
        assert [pause for pause in pauses if pause > 0.01] == pytest.approx([0.1] * 10)
        assert now == pytest.approx(1.0)

    def test_what_takes_over_a_second_is_announced(self, golden: Golden) -> None:
        aws, announced = offline_aws(), list[str]()
        aws.progress = announced.append
        answering(aws, "service-quotas", GetServiceQuota=[{"Quota": {"Value": 5.0}}])

        def late(**_: object) -> Any:
            time.sleep(1.1)
            return answer({"Vpcs": []})

        aws.client("ec2").meta.events.register_first("before-call.ec2.DescribeVpcs", late)
        LiveAccount(aws).quotas([VPCS])
        golden(announced)


@pytest.mark.parametrize(("values", "expected"), [([300.0, 700.0, 5.0], 700), ([], None)])
def test_the_peak_of_two_weeks_is_the_highest_value(values: list[float], expected: int | None) -> None:
    aws = offline_aws()
    answering(aws, "cloudwatch", GetMetricData=[{"MetricDataResults": [{"Id": "m0", "Values": values}]}])
    peak = LiveAccount(aws).claimed_peak()
    assert isinstance(peak, Unknown) if expected is None else peak == expected


def test_the_sandbox_is_asked_for_the_limits_of_its_account_settings_alone() -> None:
    aws = Aws(Connection("us-east-1", endpoint="http://127.0.0.1:9", keys=("key", "secret")))
    asked = [row("lambda-interfaces-per-vpc"), row("lambda-capacity-providers"), row("logs-log-groups")]

    assert set(LiveAccount(aws).quotas(asked).values()) == {Quota(SANDBOX_HAS_NONE, SANDBOX_HAS_NONE)}
    assert LiveAccount(aws).quotas([row("lambda-timeout")]) == {"lambda/timeout": Quota(900, 0, QuotaSource.DOCUMENTED)}
