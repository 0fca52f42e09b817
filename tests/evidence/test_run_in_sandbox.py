"""The whole kit against the sandbox, and against variants whose deviation is named by the claim that it contradicts."""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tapctl.aws.session import Aws, Connection
from tapctl.evidence import EXPERIMENTS, Bound, ExperimentJournal, ExperimentRunner, clean
from tapctl.evidence.experiment import Experiment
from tapctl.evidence.record import ExperimentResult, Record, as_json, readings
from tapctl.sandbox import AccountLimits
from tests.support.schemas import breaches
from tests.support.shared_sandbox import SharedSandbox, account_id

EMULATOR = {"snapstart-provisioned", "tenancy-provisioned"}
"""What the emulator accepts and AWS documents as refused."""
NOT_SERVED = {"quotas-applied", "quotas-not-applied", "lambda-managed-instances"}
"""What no sandbox has: Service Quotas, and the service-linked role of capacity providers."""


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


def quick() -> Bound:
    return Bound(1000, 120, pause=lambda _: time.sleep(0.05))


def hurried(value: Any) -> Any:
    """The same with two seconds for what waits for half a minute on AWS."""
    match value:
        case Experiment():
            return replace(
                value, calls=tuple(replace(call, parameters=hurried(call.parameters)) for call in value.calls)
            )
        case Mapping():
            return {key: "2" if key == "Timeout" else hurried(item) for key, item in value.items()}
        case _:
            return value


def run(aws: Aws, ids: Sequence[str] = (), billed: bool = False) -> tuple[Record, ExperimentJournal]:
    journal = ExperimentJournal(account_id(), aws.region)
    runner = ExperimentRunner(aws, "0a1b2c3d", journal, quick(), 1, billed, lambda _: None)
    rows = [hurried(row) for id_, row in EXPERIMENTS.items() if not ids or id_ in ids]
    results = tuple(runner.results(rows))
    assert runner.left == []
    return Record("0a1b2c3d", "2026-11-30T12:00:00Z", aws.region, "sandbox", account_id(), "0", results), journal


@pytest.fixture
def opened(shared_sandbox: SharedSandbox, state: Path, request: pytest.FixtureRequest) -> Iterator[Aws]:
    limits = getattr(request, "param", AccountLimits(101))
    with shared_sandbox.account(state, limits) as running:
        yield Aws(Connection(running.region, endpoint=running.endpoint, keys=running.keys))


def contradicted(record: Record) -> set[str]:
    return {reading.claim for reading in record.contradicted()}


def test_every_experiment_runs_and_leaves_nothing(opened: Aws) -> None:
    record, journal = run(opened, billed=True)
    skipped = {result.experiment.id: result.reason for result in record.results if result.reading is None}
    document = json.loads(as_json(record))

    assert set(skipped) == NOT_SERVED, f"what no sandbox serves belongs in `NOT_SERVED`: {skipped}"
    assert contradicted(record) == EMULATOR, "where the sandbox differs from AWS, the claim belongs in `EMULATOR`"
    for result in record.results:
        assert result.reading is None or result.reading.claim in result.experiment.claims, "add it to its `claims`"
    assert breaches(document) == []
    assert account_id() not in json.dumps(document)
    assert list(readings(document)) == [result.reading for result in record.results if result.reading]
    assert clean(opened, journal, quick(), others=True, step=lambda _: None).is_empty


@pytest.mark.parametrize(
    ("opened", "claim"),
    [
        pytest.param(AccountLimits(1000, floor=40), "minimum-1000", id="another minimum"),
        pytest.param(AccountLimits(101, own_credited=False), "own-reservation", id="no credit"),
    ],
    indirect=["opened"],
)
def test_a_contradiction_names_its_claim(opened: Aws, claim: str) -> None:
    record, _ = run(opened, ("lambda-minimum", "lambda-own-reservation"))

    assert contradicted(record) == {claim}


def test_missing_tokens_are_named_by_their_claim(opened: Aws) -> None:
    def strip(parsed: dict[str, list[dict[str, str]]], **_: object) -> None:
        for event in parsed["StackEvents"][:2]:
            del event["ClientRequestToken"]

    opened.client("cloudformation").meta.events.register("after-call.cloudformation.DescribeStackEvents", strip)
    record, _ = run(opened, ("cfn-event-tokens",))

    assert contradicted(record) == {"event-tokens"}


def outcome(results: Sequence[ExperimentResult], id_: str) -> str:
    return next(result.outcome for result in results if result.experiment.id == id_)


@pytest.mark.parametrize("opened", [AccountLimits(10)], indirect=True)
def test_an_account_without_headroom_has_the_experiments_that_need_none(opened: Aws) -> None:
    ids = ("lambda-minimum", "lambda-zero", "lambda-own-reservation", "lambda-maximum-concurrency")
    record, _ = run(opened, ids)

    assert [outcome(record.results, id_) for id_ in ids] == ["agrees", "agrees", "skipped", "skipped"]
