"""The published JSON Schemas against the documents of this version, and against documents that are none."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Tapctl, desk, tapctl
from tests.support.schemas import FOLDER, breaches, validator

__all__ = ["desk", "tapctl"]

NAMES = sorted(
    path.name.removesuffix(".json") for path in FOLDER.iterdir() if "-" in path.name
)  # not the one of tapctl.toml
FUNCTION = "  {}: {{Type: AWS::Lambda::Function, Properties: {{ReservedConcurrentExecutions: {}}}}}\n"
TEMPLATE = (
    "Parameters: {Size: {Type: Number, Default: 50}, Open: {Type: Number}}\nResources:\n"
    + FUNCTION.format("A", "!Ref Size")
    + FUNCTION.format("B", "!Ref Open")
    + FUNCTION.format("Same", 5)
    + "  Table: {Type: AWS::DynamoDB::Table}\n  Queue: {Type: AWS::SQS::Queue}\n"
    "  Custom: {Type: 'Custom::Thing', Properties: {ServiceToken: x}}\n"
)
ACCOUNT: dict[str, Any] = {
    "schema": "tapctl.account/1",
    "taken_at": "2026-11-23T12:00:00Z",
    "account_id": "123456789012",
    "region": "us-east-1",
    "limits": {"concurrent_executions": 1000, "unreserved_concurrent_executions": 970, "total_code_size": 80530636800},
    "usage": {"total_code_size": 0, "function_count": 4},
    "stack": {
        "name": "tapstack-staging",
        "status": "UPDATE_COMPLETE",
        "functions": {"A": {"physical_id": "webhook-staging", "reserved": 30, "provisioned": 0}},
    },
    "quotas": {"dynamodb/L-F98FE922": {"value": 2500, "usage": 12}},
}
LIMITS = {
    "schema": "tapctl.limits/1",
    "template": "t.yaml",
    "limits": [
        {
            "id": "vpc-vpcs",
            "key": "vpc/L-F678F1CE",
            "added": {"least": 1, "most": 1},
            "parent": None,
            "resources": ["VPC"],
        }
    ],
    "coverage": [{"type": "AWS::X::Y", "count": 2}],
}


@pytest.mark.parametrize("name", NAMES)
def test_a_schema_has_the_name_of_its_file(name: str) -> None:
    schema: Any = validator(f"tapctl.{name.replace('-', '/')}").schema

    assert schema["title"] == f"tapctl.{name.replace('-', '/')}"
    assert schema["properties"]["schema"] == {"const": schema["title"]}
    assert schema["$id"].endswith(f"/tapctl/schemas/{name}.json")


@pytest.mark.parametrize(
    ("unreserved", "arguments", "verdict"),
    [
        pytest.param(970, ("-p", "Open=1"), "fits", id="fits, with the findings of cfn-lint"),
        pytest.param(70, ("-p", "Open=90", "--no-lint"), "exceeds", id="exceeds"),
        pytest.param(970, ("--no-lint",), "unknown", id="unknown"),
        pytest.param({"unknown": "no"}, ("-p", "Open=1", "--no-lint"), "unknown", id="an unknown account"),
    ],
)
def test_a_preflight_fulfils_its_schema(
    unreserved: Any, arguments: tuple[str, ...], verdict: str, desk: Path, tapctl: Tapctl
) -> None:
    (desk / "t.yaml").write_text(TEMPLATE)
    limits = {**ACCOUNT["limits"], "unreserved_concurrent_executions": unreserved}
    (desk / "account.json").write_text(json.dumps({**ACCOUNT, "limits": limits, "stack": None}))
    answer = tapctl("preflight", "t.yaml", "--snapshot", "account.json", "--format", "json", *arguments)
    document = answer.json()

    assert document["verdict"] == verdict
    linted = [finding for finding in document["findings"] if (finding.get("rule") or "").startswith("E")]
    assert bool(linted) == ("--no-lint" not in arguments)
    assert breaches(document) == []


def test_a_demand_fulfils_its_schema(desk: Path, tapctl: Tapctl) -> None:
    (desk / "t.yaml").write_text(TEMPLATE)

    assert breaches(tapctl("demand", "t.yaml", "--format", "json").json()) == []


def test_a_snapshot_fulfils_its_schema_before_and_after_it_is_read(desk: Path, tapctl: Tapctl) -> None:
    (desk / "account.json").write_text(json.dumps(ACCOUNT))

    assert breaches(ACCOUNT) == []
    assert breaches(tapctl("account", "--snapshot", "account.json", "--format", "json").json()) == []


def test_the_usage_of_a_limit_per_parent_is_a_number_or_a_map() -> None:
    for usage in (2, {"vpc-1": 2}, {"unknown": "access denied"}):
        assert breaches({**ACCOUNT, "quotas": {"vpc/L-1": {"value": 5, "usage": usage}}}) == []


def test_the_least_snapshot_fulfils_its_schema() -> None:
    least = {"concurrent_executions": 10, "unreserved_concurrent_executions": {"unknown": "access denied"}}

    assert breaches({"schema": "tapctl.account/1", "limits": least}) == []


def test_limits_have_a_schema() -> None:
    assert breaches(LIMITS) == []


@pytest.mark.parametrize(
    ("document", "place"),
    [
        pytest.param({**ACCOUNT, "limits": {"concurrent_executions": -1}}, "$.limits", id="a negative limit"),
        pytest.param({**ACCOUNT, "stack": {"functions": {}}}, "$.stack", id="a stack without a name"),
        pytest.param({"schema": "tapctl.preflight/1", "verdict": "perhaps"}, "$.verdict", id="another verdict"),
        pytest.param({**LIMITS, "limits": [{"id": "x"}]}, "$.limits[0]", id="a limit without a key"),
    ],
)
def test_another_document_is_none(document: Any, place: str) -> None:
    assert any(breach.startswith(place) for breach in breaches(document)), breaches(document)
