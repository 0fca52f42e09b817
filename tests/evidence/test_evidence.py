"""The rows: each call is one of AWS's, each claim is in the table, and what each needs is allowed by the policy."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tapctl.concurrency.judge import DOCUMENTED_FLOOR, FLOOR_RULES
from tapctl.concurrency.refused_settings import EXCLUSIONS
from tapctl.errors import UsageError
from tapctl.evidence import EXPERIMENTS, chosen
from tapctl.evidence.claims import CLAIMS, Grade
from tapctl.evidence.experiment import PREFIX, ApiCall, Experiment, filled
from tapctl.evidence.record import records
from tests.support.golden import Golden
from tests.support.queued_answers import offline_aws
from tests.support.tables import check_each

ROOT = Path(__file__).parents[2]
IDS = {claim.id for claim in CLAIMS}


@cache
def operations(service: str) -> Any:
    return offline_aws().client(service).meta.service_model


def each_call_is_an_operation_with_these_parameters(row: Experiment) -> None:
    for call in row.calls:
        for request in (call, *([call.undo] if call.undo else [])):
            model = operations(request.service)
            assert request.operation in model.operation_names
            shape = model.operation_model(request.operation).input_shape
            assert {*request.parameters} <= {*(shape.members if shape else ())}, request


def what_changes_something_names_the_experiment(row: Experiment) -> None:
    names = ("run", "version", "account", "region", "other_region", "administration", "execution", "subnet", "group")
    values = {**dict.fromkeys(names, "x"), "stack": f"{PREFIX}run-{row.id}", "above": 2, "headroom": 1}
    for call in row.calls:
        if not call.operation.startswith(("Get", "List", "Describe")):
            given = filled(call.parameters, values)
            name = given.get("StackName") or given.get("StackSetName") or given.get("FunctionName")
            assert str(name).startswith(f"{PREFIX}run-{row.id}")
        functions = [
            resource["Properties"]["FunctionName"]
            for resource in _resources(call)
            if resource["Type"].endswith("Function")
        ]
        assert all(len(filled(name, values)) <= 64 and "{stack}" in name for name in functions)


def _resources(call: ApiCall) -> list[Any]:
    return list(call.parameters.get("TemplateBody", {"Resources": {}})["Resources"].values())


def a_change_set_is_deleted_and_never_executed(row: Experiment) -> None:
    made = [call.parameters["ChangeSetName"] for call in row.calls if call.operation == "CreateChangeSet"]
    deleted = [call.parameters["ChangeSetName"] for call in row.calls if call.operation == "DeleteChangeSet"]

    assert made == deleted
    assert "ExecuteChangeSet" not in {call.operation for call in row.calls}


def test_each_row() -> None:
    check_each(
        EXPERIMENTS,
        each_call_is_an_operation_with_these_parameters,
        what_changes_something_names_the_experiment,
        a_change_set_is_deleted_and_never_executed,
    )


def test_the_judgement_names_claims_of_the_table() -> None:
    assert {rule.claim for rule in (*FLOOR_RULES, DOCUMENTED_FLOOR, *EXCLUSIONS)} <= IDS
    assert len(IDS) == len(CLAIMS)


def test_every_claim_has_a_source_and_a_measured_one_has_a_record() -> None:
    answered = {
        (entry.get("claim"), file.name)
        for file, record in records(ROOT / "evidence")
        for entry in record["experiments"]
        if entry["outcome"] != "skipped"
    }

    assert [claim.id for claim in CLAIMS if not claim.sources] == []
    assert {(claim.id, file) for claim in CLAIMS for file in claim.records} <= answered
    assert [claim.id for claim in CLAIMS if claim.grade is Grade.MEASURED and not claim.records] == []


def test_the_copied_policy_allows_what_the_experiments_need() -> None:
    text = (ROOT / "docs" / "evidence.md").read_text(encoding="utf-8")
    policy = json.loads(text.split("```json\n")[1].split("```")[0])
    allowed = {action for statement in policy["Statement"] for action in statement["Action"]}

    assert {action for row in EXPERIMENTS.values() for action in row.permissions} <= allowed


def test_an_unknown_experiment_is_refused(golden: Golden) -> None:
    with pytest.raises(UsageError) as refused:
        chosen(("lambda-minimum", "lambda-x"))

    golden(refused.value)
    assert [row.id for row in chosen(("lambda-zero",))] == ["lambda-zero"]
    assert len(chosen(())) == len(EXPERIMENTS)
