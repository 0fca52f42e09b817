"""The rows: each call is one of AWS's, each claim is in the table, and what each needs is allowed by the policy."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tapctl.concurrency.judge import DOCUMENTED_FLOOR, FLOOR_RULES
from tapctl.concurrency.refused_settings import EXCLUSIONS
from tapctl.errors import UsageError
from tapctl.evidence import EXPERIMENTS, chosen, policy
from tapctl.evidence.claims import CLAIMS, Grade
from tapctl.evidence.experiment import HANDLERS, PREFIX, ApiCall, Experiment, filled
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


def each_claim_is_in_the_table(row: Experiment) -> None:
    assert row.claims
    assert {*row.claims} - IDS == set(), "add it to `CLAIMS` in tapctl/evidence/claims.py"


def what_makes_and_deletes_each_resource_is_known(row: Experiment) -> None:
    assert {*row.makes} - HANDLERS.keys() == set(), "add it to `HANDLERS` in tapctl/evidence/experiment.py"


NAMES = ("StackName", "StackSetName", "FunctionName")
"""The parameters that say what a call changes."""


def what_changes_something_names_the_experiment(row: Experiment) -> None:
    names = ("run", "version", "account", "region", "other_region", "administration", "execution", "subnet", "group")
    values = {**dict.fromkeys(names, "x"), "stack": f"{PREFIX}run-{row.id}", "above": 2, "headroom": 1}
    for call in row.calls:
        if not call.operation.startswith(("Get", "List", "Describe")):
            given = filled(call.parameters, values)
            name = next((given[name] for name in NAMES if name in given), None)
            assert name, f"{call.action}: add the parameter that says what it changes to `NAMES`"
            assert str(name).startswith(f"{PREFIX}run-{row.id}"), f"{call.action}: begin the name with `{{stack}}`"
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
        each_claim_is_in_the_table,
        what_makes_and_deletes_each_resource_is_known,
        what_changes_something_names_the_experiment,
        a_change_set_is_deleted_and_never_executed,
    )


def test_each_file_of_rows_is_listed() -> None:
    folder = ROOT / "tapctl" / "evidence"
    written = [id_ for file in folder.glob("*.py") for id_ in re.findall(r'(?m)^        id="(.+)",$', file.read_text())]

    missing = {*written} - EXPERIMENTS.keys()
    assert missing == set(), "add the file to `EXPERIMENTS` in tapctl/evidence/__init__.py"
    assert sorted(written) == sorted(EXPERIMENTS)


def test_the_policy_has_a_resource_of_each_service() -> None:
    for statement in policy(tuple(EXPERIMENTS.values()))["Statement"]:
        if isinstance(statement["Resource"], list):
            services = {action.partition(":")[0] for action in statement["Action"]}
            covered = {arn.split(":")[2] for arn in statement["Resource"]}
            assert services - covered == set(), "add its ARNs to `own` in `policy` of tapctl/evidence/__init__.py"


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
    missing = {(claim.id, file) for claim in CLAIMS for file in claim.records} - answered
    assert missing == set(), "add the record to evidence/, or take it out of the claim"
    unproved = [claim.id for claim in CLAIMS if claim.grade is Grade.MEASURED and not claim.records]
    assert unproved == [], "name the record in `records` of the claim, or give it another grade"


def test_the_copied_policy_allows_what_the_experiments_need() -> None:
    text = (ROOT / "docs" / "evidence.md").read_text(encoding="utf-8")
    policy = json.loads(text.split("```json\n")[1].split("```")[0])
    allowed = {action for statement in policy["Statement"] for action in statement["Action"]}

    needed = {action for row in EXPERIMENTS.values() for action in row.permissions}
    assert needed - allowed == set(), "`make docs` writes the policy"


def test_an_unknown_experiment_is_refused(golden: Golden) -> None:
    with pytest.raises(UsageError) as refused:
        chosen(("lambda-minimum", "lambda-x"))

    golden(refused.value)
    assert [row.id for row in chosen(("lambda-zero",))] == ["lambda-zero"]
    assert len(chosen(())) == len(EXPERIMENTS)
