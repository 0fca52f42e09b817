"""How many calls a preflight makes, counted against an AWS that answers every operation."""

import json
from pathlib import Path
from typing import Any

import pytest

from tapctl.account.live import LiveAccount
from tapctl.concurrency.verdict import Verdict
from tapctl.limits import FILES, LimitKind, limits_of
from tapctl.report.hints import worded
from tapctl.settings.settings import Settings
from tapctl.template.load import load
from tapctl.workflows.preflight import judge
from tests.support.answering_aws import REGION, AnsweringAws
from tests.support.golden import Golden
from tests.support.queued_answers import described, resource

REFERENCE = Path(__file__).parents[2] / "stack" / "TapStack.json"
SECRETS = '{"standard": ["whsec_abc"]}'


def called(path: Path, answers: dict[str, Any] | None = None, latency: float = 0.0, **parameters: str) -> AnsweringAws:
    """The calls of one preflight."""
    answering = AnsweringAws(answers or {}, latency)
    settings = Settings(str(path), stack_name="orders", region=REGION, parameters=parameters)
    judge(load(str(path)), LiveAccount(answering.aws()), settings)
    return answering


def live_reference() -> dict[str, Any]:
    body = json.loads(REFERENCE.read_text(encoding="utf-8"))
    resources = [resource(name, each["Type"]) for name, each in body["Resources"].items()]
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


def many() -> str:
    """500 resources over twenty services, of the types that take the fewest properties."""
    services: dict[str, str] = {}
    for type_ in sorted(FILES):
        rows = limits_of([type_])
        counted = any(row.kind is LimitKind.COUNT and row.usage and type_ in row.types for row in rows)
        if counted and type_.count("::") == 2:
            services.setdefault(type_.split("::")[1], type_)
    types = list(services.values())[:20]
    return json.dumps({"Resources": {f"R{index}": {"Type": types[index % len(types)]} for index in range(500)}})


def test_five_hundred_resources_take_at_most_60(tmp_path: Path) -> None:
    (tmp_path / "many.json").write_text(many(), encoding="utf-8")
    found = called(tmp_path / "many.json")
    assert len(found.calls) <= 60, found.names()
    assert found.repeated() == []


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

    exceeding = {each.limit: each for each in result.findings if each.verdict is Verdict.EXCEEDS}
    assert result.verdict is Verdict.EXCEEDS
    assert set(exceeding) == {"vpc-vpcs", "ec2-elastic-ips"}
    golden([line for each in exceeding.values() for line in (each.message, *map(worded, each.hints))])
