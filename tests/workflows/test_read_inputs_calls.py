"""How many calls a preflight makes, counted against an AWS that answers every operation."""

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tapctl.account.live import LiveAccount
from tapctl.concurrency.limits_check import touched
from tapctl.concurrency.verdict import Verdict
from tapctl.limits import FILES, LimitKind
from tapctl.report.hints import worded
from tapctl.settings.settings import Settings
from tapctl.template.load import load
from tapctl.workflows.preflight import judge
from tests.support.answering_aws import REGION, AnsweringAws
from tests.support.golden import Golden
from tests.support.queued_answers import described, resource
from tests.support.templates import stack_tree_of

REFERENCE = Path(__file__).parents[2] / "stack" / "TapStack.json"
SECRETS = '{"standard": ["whsec_abc"]}'


def called(
    path: Path,
    answers: dict[str, Any] | None = None,
    latency: float = 0.0,
    *,
    applied: bool = True,
    **parameters: str,
) -> AnsweringAws:
    """The calls of one preflight, of an account that has applied quotas or AWS's defaults alone."""
    answering = AnsweringAws(answers or {}, latency, applied=applied)
    settings = Settings(str(path), stack_name="orders", region=REGION, parameters=parameters)
    judge(load(str(path)), LiveAccount(answering.aws()), settings)
    return answering


def live_reference() -> dict[str, Any]:
    body = json.loads(REFERENCE.read_text(encoding="utf-8"))
    resources = [resource(name, entry["Type"]) for name, entry in body["Resources"].items()]
    return {
        "DescribeStacks": described(EnvironmentSuffix="x"),
        "ListStackResources": {"StackResourceSummaries": resources},
        "GetTemplate": {"TemplateBody": body},
    }


@pytest.mark.parametrize("answers", [{}, live_reference()], ids=["new", "live"])
def test_the_reference_stack_takes_at_most_24(answers: dict[str, Any]) -> None:
    found = called(REFERENCE, answers, EnvironmentSuffix="x", ReservedConcurrency="100", WebhookSecrets=SECRETS)
    assert len(found.calls) <= 24, found.names()
    assert found.repeated() == []


COMMON = (
    "ApiGateway", "AppSync", "AutoScaling", "Backup", "CertificateManager", "CloudFront", "CodeBuild", "Cognito",
    "DynamoDB", "EC2", "ECR", "ECS", "EFS", "EKS", "ElastiCache", "ElasticLoadBalancingV2", "Events", "Glue", "IAM",
    "KMS", "Kinesis", "Logs", "RDS", "Route53", "S3", "SNS", "SSM", "Scheduler", "SecretsManager", "StepFunctions",
)  # fmt: skip
"""Services whose resources many templates have."""

NOT_TOUCHED = {"cloudformation", "cloudwatch", "lambda", "service-quotas", "sts"}
"""The services that are asked of any template."""


@cache
def counted_types() -> dict[str, str]:
    """By service one resource type that a limit of the account counts without any property."""
    types: dict[str, str] = {}
    for type_ in sorted(FILES):
        service = type_.split("::")[1]
        tree = stack_tree_of(json.dumps({"Resources": {"R": {"Type": type_}}}))
        counted = (row for row in touched(tree) if row.kind is LimitKind.COUNT and row.usage and row.own_stack == 0)
        if service in COMMON and any(type_ in row.types for row in counted):
            types.setdefault(service, type_)
    return types


Many = Callable[..., AnsweringAws]


@pytest.fixture(scope="module")
def called_for_many(tmp_path_factory: pytest.TempPathFactory) -> Many:
    """The calls of a preflight of 500 resources of so many services, which is run once for all tests."""

    @cache
    def run(services: int, *, applied: bool = True) -> AnsweringAws:
        types = list(counted_types().values())[:services]
        resources = {f"R{index}": {"Type": types[index % services]} for index in range(500)}
        path = tmp_path_factory.mktemp("many") / "many.json"
        path.write_text(json.dumps({"Resources": resources}), encoding="utf-8")
        return called(path, applied=applied)

    return run


@pytest.mark.parametrize("services", [20, 25])
def test_five_hundred_resources_of_twenty_services_take_at_most_60(services: int, called_for_many: Many) -> None:
    found = called_for_many(services)

    touched_services = {name.partition(":")[0] for name in found.names()} - NOT_TOUCHED
    assert len(touched_services) >= services, sorted(touched_services)
    assert len(found.calls) <= 60, found.names()
    assert found.repeated() == []


NETWORK = ("VPC", "Subnet", "SecurityGroup", "RouteTable", "InternetGateway", "NatGateway", "EIP", "VPCEndpoint")
"""The types of EC2 in a template with a network of its own, each of which has a list."""


def test_a_network_and_twenty_services_take_at_most_60(tmp_path: Path) -> None:
    others = [type_ for service, type_ in counted_types().items() if service != "EC2"][:19]
    types = [*(f"AWS::EC2::{name}" for name in NETWORK), *others, "AWS::Lambda::Function", "AWS::IAM::Role"]
    resources = {f"R{index}": {"Type": types[index % len(types)]} for index in range(500)}
    (tmp_path / "many.json").write_text(json.dumps({"Resources": resources}), encoding="utf-8")

    found = called(tmp_path / "many.json")

    assert len(found.calls) <= 60, found.names()
    assert found.repeated() == []


def test_a_service_takes_one_call_more_where_none_of_its_quotas_is_applied(called_for_many: Many) -> None:
    applied, none = called_for_many(20), called_for_many(20, applied=False)

    defaults = [name for name in none.names() if "Default" in name]
    assert len(none.calls) == len(applied.calls) + len(defaults)
    assert len(defaults) <= 20
    assert none.repeated() == []


def test_the_account_is_asked_for_once(tmp_path: Path) -> None:
    types = ("AWS::S3::AccessPoint", "AWS::S3::MultiRegionAccessPoint")
    resources = {f"R{index}": {"Type": type_, "Properties": {}} for index, type_ in enumerate(types)}
    path = tmp_path / "points.json"
    path.write_text(json.dumps({"Resources": resources}), encoding="utf-8")
    found = called(path, latency=0.01)
    assert found.names().count("sts:GetCallerIdentity") == 1


def test_two_vpcs_and_six_addresses_do_not_fit_an_account_of_five(tmp_path: Path, golden: Golden) -> None:
    kinds = [("Vpc", "AWS::EC2::VPC")] * 2 + [("Address", "AWS::EC2::EIP")] * 6
    resources = {f"{name}{index}": {"Type": type_} for index, (name, type_) in enumerate(kinds)}
    path = tmp_path / "net.json"
    path.write_text(json.dumps({"Resources": resources}), encoding="utf-8")
    history = {"RequestedQuotas": [{"DesiredValue": 6.0, "Status": "PENDING", "Created": "2026-11-01T00:00:00Z"}]}
    answers: dict[str, Any] = {
        "DescribeVpcs": {"Vpcs": [{"VpcId": f"vpc-{index}", "CidrBlockAssociationSet": [{}]} for index in range(4)]},
        "ListRequestedServiceQuotaChangeHistoryByQuota": history,
    }
    answering = AnsweringAws(answers, quota=5)
    settings = Settings(str(path), stack_name="orders", region=REGION)

    result = judge(load(str(path)), LiveAccount(answering.aws()), settings)

    exceeding = {finding.limit: finding for finding in result.findings if finding.verdict is Verdict.EXCEEDS}
    assert result.verdict is Verdict.EXCEEDS
    assert set(exceeding) == {"vpc-vpcs", "ec2-elastic-ips"}
    golden([line for finding in exceeding.values() for line in (finding.message, *map(worded, finding.hints))])
