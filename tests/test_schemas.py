"""The published JSON Schemas against the documents of this version, and against documents that are none."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tapctl.errors import UsageError
from tapctl.report import deploy, destroy, events
from tapctl.report.deploy import Transcript
from tapctl.stacks.change_set import ChangeSet
from tapctl.stacks.changes import PropertyChange, ResourceChange
from tapctl.stacks.validations import Validation
from tapctl.unknown import Unknown
from tapctl.workflows.deploy_step import StepOutcome
from tapctl.workflows.destroy import DeletedResource, Deletion, Destroyed
from tapctl.workflows.plan import Planned
from tapctl.workflows.watch import WatchResult
from tests.cli.conftest import Tapctl, tapctl, workdir
from tests.support.commands import commands
from tests.support.fixed import judged, read
from tests.support.hints import noted
from tests.support.schemas import FOLDER, breaches, validator

__all__ = ["tapctl", "workdir"]

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


def test_each_document_has_a_schema_and_each_schema_a_document() -> None:
    package = Path(str(FOLDER)).parent
    sources = "".join(path.read_text(encoding="utf-8") for path in package.rglob("*.py"))
    named = set(re.findall(r'"tapctl\.([a-z]+)/(\d+)"', sources)) - {("zip", "1")}  # the comment of an archive

    assert {"-".join(parts) for parts in named} == set(NAMES), "a document needs tapctl/schemas/NAME-1.json"


DOCUMENTS: Mapping[str, tuple[str, ...]] = {
    "preflight": ("preflight", "targets", "fleet"),
    "demand": ("demand",),
    "limits": ("limits",),
    "policy": (),  # IAM takes the document as it is, and refuses every other key
    "account": ("account",),
    "deploy": ("deploy", "plan", "event"),
    "watch": ("watch", "event"),
    "destroy": ("destroy", "event"),
    "verify": ("verify",),
    "fleet plan": ("rollout",),
    "fleet deploy": ("rollout",),
    "fleet watch": ("operation",),
    "fleet verify": ("proof",),
    "fleet destroy": ("removal",),
    "evidence list": ("experiments",),
    "evidence run": ("evidence",),
    "evidence clean": ("cleaned",),
    "explain": ("explain",),
    "config show": ("config",),
}
"""The schemas of what each command prints as JSON."""


def test_each_command_with_a_format_has_its_documents() -> None:
    with_format = [
        name for name, command in commands().items() if any(parameter.name == "format" for parameter in command.params)
    ]

    assert {*with_format} ^ DOCUMENTS.keys() == set(), "`DOCUMENTS` has the schemas of each command with `--format`"
    assert {f"{name}-1" for names in DOCUMENTS.values() for name in names} == set(NAMES)


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
    unreserved: Any, arguments: tuple[str, ...], verdict: str, workdir: Path, tapctl: Tapctl
) -> None:
    (workdir / "t.yaml").write_text(TEMPLATE)
    limits = {**ACCOUNT["limits"], "unreserved_concurrent_executions": unreserved}
    (workdir / "account.json").write_text(json.dumps({**ACCOUNT, "limits": limits, "stack": None}))
    answer = tapctl("preflight", "t.yaml", "--snapshot", "account.json", "--format", "json", *arguments)
    document = answer.json()

    assert document["verdict"] == verdict
    linted = [finding for finding in document["findings"] if (finding.get("rule") or "").startswith("E")]
    assert bool(linted) == ("--no-lint" not in arguments)
    assert breaches(document) == []


def test_a_demand_fulfils_its_schema(workdir: Path, tapctl: Tapctl) -> None:
    (workdir / "t.yaml").write_text(TEMPLATE)

    assert breaches(tapctl("demand", "t.yaml", "--format", "json").json()) == []


def test_a_snapshot_fulfils_its_schema_before_and_after_it_is_read(workdir: Path, tapctl: Tapctl) -> None:
    (workdir / "account.json").write_text(json.dumps(ACCOUNT))

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


def test_the_catalogue_fulfils_the_schema_of_limits(tapctl: Tapctl) -> None:
    assert breaches(tapctl("limits", "--format", "json").json()) == []


def test_the_additions_of_a_template_fulfil_the_schema_of_limits(workdir: Path, tapctl: Tapctl) -> None:
    (workdir / "t.yaml").write_text(TEMPLATE)

    assert breaches(tapctl("limits", "--template", "t.yaml", "--format", "json").json()) == []


STACK_ID = "arn:aws:cloudformation:us-east-1:123456789012:stack/shop/1"
CHANGES = ChangeSet(
    "set",
    STACK_ID,
    (
        ResourceChange(
            "Modify",
            "Inner",
            "AWS::CloudFormation::Stack",
            physical_id="arn",
            properties=(PropertyChange("TemplateURL", "a", None, "Never"),),
            nested=(ResourceChange("Remove", "Table", "AWS::DynamoDB::Table", policy="Delete"),),
        ),
    ),
    (Validation("SERVICE_QUOTA", "FAILED", "WARN", "5 of 5", "Vpc", "/Resources/Vpc"),),
)
FITS = judged(read("Resources:\n" + FUNCTION.format("A", 5)), 100)
ERROR = UsageError("stack shop does not exist", noted("create it"))


def outcome(changes: ChangeSet | None) -> StepOutcome:
    return StepOutcome("shop", STACK_ID, "UPDATE_COMPLETE", changes is not None, {"Url": "x"}, executed=changes)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(deploy.plan_json("shop", Planned(FITS, CHANGES, {"s3://b/k": "code of Fn"})), id="a plan"),
        pytest.param(deploy.plan_json("shop", Planned(FITS, None)), id="a plan of nothing"),
        pytest.param(deploy.as_json(FITS, outcome(CHANGES), None), id="a deploy"),
        pytest.param(
            deploy.as_json(FITS, outcome(ChangeSet("set", STACK_ID, (), Unknown("access denied"))), None),
            id="a deploy with unknown checks",
        ),
        pytest.param(deploy.as_json(None, outcome(None), None), id="a deploy of nothing"),
        pytest.param(deploy.declined_json("shop", Transcript(FITS)), id="a declined deploy"),
        pytest.param(deploy.failure_json("shop", Transcript(), ERROR), id="a failed deploy"),
        pytest.param(events.as_json(WatchResult("shop", STACK_ID, "UPDATE_COMPLETE", followed=True)), id="a watch"),
        pytest.param(events.failure_json("shop", ERROR), id="a failed watch"),
        pytest.param(destroy.failure_json("shop", ERROR), id="a failed destroy"),
        pytest.param(
            destroy.as_json(
                "shop",
                Destroyed(Deletion("shop", STACK_ID, (DeletedResource("T", "AWS::SNS::Topic", "t"),), "b"), done=False),
            ),
            id="a declined destroy",
        ),
    ],
)
def test_the_end_of_a_command_fulfils_its_schema(text: str) -> None:
    assert breaches(json.loads(text)) == []


@pytest.mark.parametrize("topic", [(), ("exceeds",), ("3",), ("cell",), ("vpc-vpcs",), ("E3012",)], ids=str)
def test_an_explanation_fulfils_its_schema(topic: tuple[str, ...], tapctl: Tapctl) -> None:
    document = tapctl("explain", *topic, "--format", "json").json()

    assert breaches(document) == []
    assert len(document["topics"]) == 1 or not topic


@pytest.mark.parametrize(
    ("document", "place"),
    [
        pytest.param({**ACCOUNT, "limits": {"concurrent_executions": -1}}, "$.limits", id="a negative limit"),
        pytest.param({**ACCOUNT, "stack": {"functions": {}}}, "$.stack", id="a stack without a name"),
        pytest.param({"schema": "tapctl.preflight/1", "verdict": "perhaps"}, "$.verdict", id="another verdict"),
        pytest.param({**LIMITS, "limits": [{"id": "x"}]}, "$.limits[0]", id="a limit without a key"),
        pytest.param({**LIMITS, "colour": "red"}, "$", id="a field that the schema does not describe"),
        pytest.param({"schema": "tapctl.watch/1", "stack": "shop"}, "$", id="a watch without an end"),
        pytest.param(
            {"schema": "tapctl.destroy/1", "stack": "shop", "destroyed": True}, "$", id="a destroy without resources"
        ),
    ],
)
def test_an_invalid_document_breaches_the_schema(document: Any, place: str) -> None:
    assert any(breach.startswith(place) for breach in breaches(document)), breaches(document)
