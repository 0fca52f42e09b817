"""The record of a run, `tapctl.evidence/1`: what AWS answered, word for word, without ids of requests and of accounts.

The reading of an experiment is computed again from the recorded answers, so that a later judgement is compared with an
earlier record.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tapctl.evidence.experiment import Experiment, Observation, Reading, Seen
from tapctl.hints import Hint

SCHEMA = "tapctl.evidence/1"
AWS = "aws"
SANDBOX = "sandbox"
OTHER = "not AWS"

FOLDER = Path("evidence")
"""Where records are kept, in the working folder."""

_IDS = re.compile(r"((?:Extended )?Request ?ID|RequestToken): ?[^,)\s]+", re.IGNORECASE)
_CALLER = re.compile(r"arn:[\w-]+:(?:iam|sts)::[^:\s]*:(?:user|assumed-role|federated-user)/[^\s\"]+")
_COST = 2**14
"""Of scrypt: account ids are few enough to be tried one by one against a fast hash."""


@dataclass(frozen=True, slots=True)
class ExperimentResult:
    """The result of one experiment: `reason` says why it has no reading."""

    experiment: Experiment
    seen: Seen | None = None
    reading: Reading | None = None
    reason: str = ""
    hint: Hint | None = None

    @property
    def outcome(self) -> str:
        """One of `skipped`, `contradicts`, `agrees`, `read`."""
        if self.reading is None:
            return "skipped"
        return {True: "agrees", False: "contradicts", None: "read"}[self.reading.agrees]


@dataclass(frozen=True, slots=True)
class Record:
    """One run."""

    run: str
    taken_at: str
    region: str
    engine: str
    account_id: str
    tool: str
    results: tuple[ExperimentResult, ...] = field(default=())

    @property
    def file(self) -> Path:
        day = self.taken_at[:10]
        return FOLDER / f"{day}-{self.region}-{self.run}.json"

    def contradicted(self) -> tuple[Reading, ...]:
        return tuple(result.reading for result in self.results if result.reading and result.reading.agrees is False)


def account_hash(account_id: str) -> str:
    """A name for the account that does not give its id."""
    return hashlib.scrypt(account_id.encode(), salt=SCHEMA.encode(), n=_COST, r=8, p=1, dklen=8).hex()


def engine_of(endpoint: str, *, is_sandbox: bool) -> str:
    """AWS, the sandbox, or what answers at an address that is not AWS's."""
    if is_sandbox:
        return SANDBOX
    host = endpoint.partition("://")[2].partition("/")[0].partition(":")[0]
    return AWS if re.search(r"\.(amazonaws\.com(\.cn)?|api\.aws|amazonwebservices\.com\.cn)$", host) else OTHER


def redacted(value: Any, account_id: str) -> Any:
    """The value without ids of requests, of the account and of the caller."""
    match value:
        case str(text):
            text = _CALLER.sub("<caller>", _IDS.sub(r"\1: <id>", text))
            return text.replace(account_id, "<account>") if account_id else text
        case Mapping():
            return {name: redacted(part, account_id) for name, part in value.items() if name != "ResponseMetadata"}
        case list() | tuple():
            return [redacted(part, account_id) for part in value]
        case _:
            return value


def as_json(record: Record) -> str:
    document = {
        "schema": SCHEMA,
        "run": record.run,
        "taken_at": record.taken_at,
        "region": record.region,
        "engine": record.engine,
        "account": account_hash(record.account_id),
        "tool": record.tool,
        "experiments": [_result(result) for result in record.results],
    }
    return json.dumps(redacted(document, record.account_id), indent=2, default=str) + "\n"


def _result(result: ExperimentResult) -> dict[str, Any]:
    entry: dict[str, Any] = {"id": result.experiment.id, "outcome": result.outcome}
    if result.reading:
        entry |= {"claim": result.reading.claim, "answer": result.reading.answer}
    if result.reason:
        entry["reason"] = result.reason
    if seen := result.seen:
        entry["account"] = {"limit": seen.limit, "unreserved": seen.unreserved, "minimum": seen.minimum}
        entry["observations"] = {name: asdict(observed) for name, observed in seen.observations.items()}
    return entry


def readings(document: Mapping[str, Any]) -> Iterator[Reading]:
    """The readings of today's experiments from a record of any day; experiments that no longer exist are left out."""
    from tapctl.evidence import EXPERIMENTS  # the package imports this module

    for entry in document["experiments"]:
        experiment = EXPERIMENTS.get(entry["id"])
        if experiment is None or "account" not in entry or entry["outcome"] == "skipped":
            continue
        observations = {name: Observation(**fields) for name, fields in entry["observations"].items()}
        yield experiment.reads(Seen(**entry["account"], observations=observations))


def records(folder: Path) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """The records of AWS in a folder, by their files; those of emulators are no evidence."""
    for file in sorted(folder.glob("*.json")):
        document = json.loads(file.read_text(encoding="utf-8"))
        if document.get("schema") == SCHEMA and document["engine"] == AWS:
            yield file, document
