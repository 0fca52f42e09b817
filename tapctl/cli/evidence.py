"""`tapctl evidence`: experiments that show in an account of the user's what AWS really does."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import typer

from tapctl import __version__
from tapctl.cli.command import GroupedCommand, Only, expanded, group
from tapctl.cli.context import open_aws, require_consent
from tapctl.cli.options import OutputOptions
from tapctl.cli.terminal import Terminal
from tapctl.errors import AwsError, DeployStuck, ExitCode, UsageError
from tapctl.hints import advise
from tapctl.hints.usage import UsageAdvice
from tapctl.report.hints import worded
from tapctl.settings.options import AccountOptions, option
from tapctl.state.files import refuse_unwritable

if TYPE_CHECKING:
    from tapctl.aws.session import Aws
    from tapctl.evidence import Cleaned, ExperimentRunner
    from tapctl.evidence.experiment import ApiCall, Experiment
    from tapctl.evidence.record import ExperimentResult, Record
    from tapctl.settings.settings import Settings

app = group(
    "Measure in your own account what AWS really does, and leave nothing behind.",
    "tapctl evidence list",
    "tapctl evidence run --env scratch",
    "tapctl evidence clean --env scratch",
)

LISTED, CLEANED = "tapctl.experiments/1", "tapctl.cleaned/1"

Account = Annotated[AccountOptions, Only("env", "region", "profile", "config")]
Plain = Annotated[OutputOptions, Only("format", "output")]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListOptions:
    """Options of `evidence list`."""

    panel: ClassVar = "Experiments"

    policy: bool = option("--policy", help="Print the IAM policy that all experiments need.", default=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """Which experiments, and what they may do."""

    panel: ClassVar = "Experiments"

    ids: tuple[str, ...] = field(default=(), metadata={"metavar": "ID"})
    yes: bool = option("--yes", "-y", help="Do not ask.", default=False)
    headroom: int = option(
        "--headroom", metavar="N", min=0, help="The most executions that an experiment may hold.", default=1
    )
    billed: bool = option("--billed", help="Also run what AWS bills, less than a cent.", default=False)
    calls: int = option("--max-calls", metavar="N", min=1, help="Stop after this many calls.", default=1000)
    timeout: float = option("--timeout", metavar="SECONDS", min=1, help="Stop after this long.", default=3600)


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanOptions:
    """Options of `evidence clean`."""

    panel: ClassVar = "Experiments"

    others: bool = option(
        "--all", help="Also delete what runs on other machines left, or are creating now.", default=False
    )
    yes: bool = option("--yes", "-y", help="Do not ask.", default=False)


def list_(what: ListOptions, output: Plain) -> None:
    """List the experiments: the question, what it holds and costs, and what the judgement does with the answer."""
    from tapctl.evidence import EXPERIMENTS, policy

    if what.policy:
        text = json.dumps(policy(tuple(EXPERIMENTS.values())), indent=2)
    elif output.text:
        text = "\n\n".join(_described(row) for row in EXPERIMENTS.values())
    else:
        text = json.dumps({"schema": LISTED, "experiments": [_row_json(row) for row in EXPERIMENTS.values()]}, indent=2)
    Terminal.of(output).result(f"{text}\n", output.output)


def run(which: RunOptions, account: Account, output: OutputOptions) -> None:
    """Run experiments, all without an ID, and write the record to evidence/ or to `--output`.

    Shows every call first and asks. Each experiment makes one stack, which is gone before the next one starts; an
    environment with `protected = true` is refused. Exits with 4 if an answer contradicts what tapctl assumes about AWS,
    or if no experiment could run, and with 7 if something could not be deleted.
    """
    from tapctl.evidence import chosen
    from tapctl.evidence.record import Record, as_json

    terminal = Terminal.of(output)
    experiments = chosen(which.ids)
    aws, account_id, engine = _opened(account, terminal)
    new = Record(secrets.token_hex(4), _now(), aws.region, engine, account_id, __version__)
    file = output.output or new.file
    replace(terminal, quiet=terminal.quiet and which.yes).show(f"{plan(experiments, new, which)}\nWrites {file}.")
    require_consent(f"Make these calls in account {account_id}, {aws.region}?", terminal, yes=which.yes)
    _make_writable(file)
    runner = _runner(which, aws, new, terminal)
    results: list[ExperimentResult] = []
    try:
        with runner.journal.locked():
            _run(runner, experiments, results)
    finally:  # a Ctrl-C keeps what was seen
        record = replace(new, results=tuple(results))
        if results:
            terminal.result(as_json(record), file)
            terminal.message(f"wrote {file}")
        if stacks := runner.journal.stacks():
            terminal.message(f"not deleted: {', '.join(stacks)}", advise(UsageAdvice.DELETE_WITH_CLEAN))
    terminal.result(as_text(record) if output.text else as_json(record))
    if runner.left:
        raise DeployStuck(f"could not delete {'; '.join(runner.left)}", advise(UsageAdvice.CLEAN_AGAIN))
    nothing = not any(result.reading for result in record.results)
    raise typer.Exit(ExitCode.UNCERTAIN if nothing or record.contradicted() else ExitCode.OK)


def _make_writable(file: Path) -> None:
    """Make the folder of the record. Raises `UsageError`, before anything else is made."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"cannot write {file}: {error.strerror}", advise(UsageAdvice.NAME_OUTPUT)) from None
    refuse_unwritable([file])


def _run(runner: ExperimentRunner, experiments: Sequence[Experiment], results: list[ExperimentResult]) -> None:
    """Fill `results`. Credentials that end while it runs skip the rest; at the first experiment they raise."""
    try:
        for result in runner.results(experiments):
            results.append(result)
            runner.step(f"{result.experiment.id}: {result.outcome}: {_answer(result)}")
    except AwsError as error:
        if not results:
            raise
        from tapctl.evidence.record import ExperimentResult

        results += [ExperimentResult(row, reason=error.message) for row in experiments[len(results) :]]


def _runner(which: RunOptions, aws: Aws, new: Record, terminal: Terminal) -> ExperimentRunner:
    from tapctl.evidence import Bound, ExperimentJournal, ExperimentRunner

    journal, bound = ExperimentJournal(new.account_id, new.region), Bound(which.calls, which.timeout)
    return ExperimentRunner(aws, new.run, journal, bound, which.headroom, which.billed, terminal.message)


def clean(what: CleanOptions, account: Account, output: Plain) -> None:
    """Delete what killed runs left behind, and list what the account still has of any experiment.

    Deletes the stacks in this machine's journal, with `--all` every stack with the name and the tag of an experiment.
    Exits with 7 if anything is left.
    """
    from tapctl.evidence import Bound, ExperimentJournal
    from tapctl.evidence import clean as cleaning

    terminal = Terminal.of(output)
    aws, account_id, _ = _opened(account, terminal)
    journal = ExperimentJournal(account_id, aws.region)
    names = journal.stacks()
    with journal.locked():
        if names or what.others:
            whose = "every stack of an experiment" if what.others else ", ".join(names)
            question = f"Delete {whose} in account {account_id}, {aws.region}?"
            require_consent(question, terminal, yes=what.yes)
        cleaned = cleaning(aws, journal, Bound(1000, 3600), others=what.others, step=terminal.message)
    terminal.result(_cleaned(cleaned, output), output.output)
    raise typer.Exit(ExitCode.OK if cleaned.is_empty else ExitCode.STUCK)


def _opened(account: AccountOptions, terminal: Terminal) -> tuple[Aws, str, str]:
    """AWS, its account, and what answers. Raises `UsageError` for a protected environment."""
    from tapctl.aws.lookups import account_id
    from tapctl.evidence.record import engine_of
    from tapctl.sandbox.quirks import is_emulator
    from tapctl.settings.settings import read

    settings = read(account, template_required=False, missing_secrets_unknown=True)
    _refuse_protected(settings)
    aws, _ = open_aws(settings, terminal)
    return aws, account_id(aws), engine_of(aws.endpoint("lambda"), is_sandbox=is_emulator(aws))


def _refuse_protected(settings: Settings) -> None:
    if settings.protected:
        message = f"environment {settings.env} is protected: no experiment runs in it"
        raise UsageError(message, advise(UsageAdvice.USE_EMPTY_ACCOUNT))


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


# ---------------------------------------------------------------------------------------------------------------------
# Rendering
# ---------------------------------------------------------------------------------------------------------------------


def plan(experiments: Sequence[Experiment], record: Record, which: RunOptions) -> str:
    """Every call of every experiment, what it creates, holds and costs, and the bounds."""
    from tapctl.evidence.experiment import PREFIX
    from tapctl.evidence.run import other_region

    lines = [f"Plan for account {record.account_id}, {record.region} ({record.engine}), run {record.run}"]
    lines += [
        "{stack} is the name of an experiment's stack, {above} the limit + 1, {headroom} what may be reserved,",
        f"{{other_region}} is {other_region(record.region)}; other names are taken from the answers before",
        "",
    ]
    for row in experiments:
        lines.append(f"{row.id}: {row.question}")
        if row.billed and not which.billed:
            lines += [f"  skipped: costs {row.cost}; `--billed` allows it", ""]
            continue
        if row.has_stack:
            made = f"{PREFIX}{record.run}-{row.id}"
            kind = "stack and stack set" if row.has_set else "stack"
            lines.append(f"  creates  {kind} {made}: {', '.join(row.makes)}; deleted afterwards")
        lines += [f"  holds    {row.takes.value}", f"  costs    {row.cost}"]
        lines += [f"  {'calls ' if call is row.calls[0] else '      '}   {_call(call)}" for call in row.calls]
        cleaning = (action.removeprefix("cloudformation:") for action in row.cleaning)
        lines += [f"           cloudformation:{', '.join(cleaning)} (until it is gone)"] if row.has_stack else []
        lines.append("")
    lines += [
        f"At most {which.calls} calls and {which.timeout:.0f} s, not counting deletions.",
        f"An experiment that needs more than {which.headroom} of the account's executions is skipped.",
        f"Only {PREFIX}{record.run}-* is created, changed and deleted.",
    ]
    return "\n".join(lines)


def _call(call: ApiCall) -> str:
    """A call with its parameters, a template by the types in it."""
    shown = []
    for name, value in call.parameters.items():
        if name == "TemplateBody":
            types = {resource["Type"].rpartition("::")[2] for resource in value["Resources"].values()}
            shown.append(f"{name}={'+'.join(sorted(types))}")
        elif name not in ("Capabilities", "Tags", "ClientRequestToken"):
            shown.append(f"{name}={value}")
    notes = [
        *(["until it is over"] if call.until else []),
        *([f"to be refused; if it is accepted, {call.undo.action}"] if call.undo else []),
    ]
    return " ".join([call.action, *shown, *(f"({note})" for note in notes)])


def _described(row: Experiment) -> str:
    predicted = "; ".join(f"{name}: {what}" for name, what in row.predicts.items())
    return "\n".join(
        [
            f"{row.id}: {row.question}",
            f"  known      {row.known}",
            f"  predicts   {predicted}",
            f"  judgement  {row.judgement}",
            f"  holds      {row.takes.value}",
            f"  costs      {row.cost}",
        ]
    )


def _row_json(row: Experiment) -> dict[str, Any]:
    return {
        "id": row.id,
        "question": row.question,
        "asked": row.known,
        "predicts": dict(row.predicts),
        "judgement": row.judgement,
        "holds": row.takes.value,
        "costs": row.cost,
        "billed": row.billed,
        "calls": [_call(call) for call in row.calls],
        "permissions": list(row.permissions),
    }


def _answer(result: ExperimentResult) -> str:
    """The answer, or why there is none and what would give one."""
    if result.reading:
        return result.reading.answer
    return f"{result.reason}; {worded(result.hint)}" if result.hint else result.reason


def as_text(record: Record) -> str:
    """Each experiment with its answer, then what each contradicts."""
    from tapctl.evidence import claim

    width = max((len(result.experiment.id) for result in record.results), default=0)
    lines = []
    for result in record.results:
        answer = f"{result.reading.answer} ({result.reading.claim})" if result.reading else _answer(result)
        lines.append(f"{result.experiment.id:{width}}  {result.outcome:11}  {answer}")
    for reading in record.contradicted():
        taken = claim(reading.claim)
        lines += ["", f"contradicted: {taken.id} ({taken.grade.value})"]
        lines += [f"  assumed:      {taken.text}", f"  seen:         {reading.answer}"]
        lines += [f"  verdict:      {taken.judged}"]
    return "\n".join(lines) + "\n"


def _cleaned(cleaned: Cleaned, output: OutputOptions) -> str:
    if not output.text:
        return json.dumps({"schema": CLEANED, **asdict(cleaned)}, indent=2) + "\n"
    lines = [
        *(f"deleted {name}" for name in cleaned.deleted),
        *(f"not deleted: {failure}" for failure in cleaned.failed),
        *(f"left by another run: stack {name}" for name in cleaned.stacks),
        *(f"left: function {name}" for name in cleaned.functions),
    ]
    nothing = "the account lists no stack and no function of an experiment"
    return "\n".join([*lines, *([nothing] if cleaned.is_empty else [])]) + "\n"


app.command(
    "list",
    cls=GroupedCommand,
    short_help="List the experiments.",
    epilog="tapctl evidence list\ntapctl evidence list --policy --output policy.json",
)(expanded(list_))
app.command(
    "run",
    cls=GroupedCommand,
    short_help="Run experiments and write the record.",
    epilog="tapctl evidence run --env scratch\ntapctl evidence run lambda-minimum lambda-zero --profile scratch",
)(expanded(run))
app.command(
    "clean",
    cls=GroupedCommand,
    short_help="Delete what killed runs left, and list what is left.",
    epilog="tapctl evidence clean --env scratch\ntapctl evidence clean --env scratch --all --yes",
)(expanded(clean))

evidence = typer.main.get_command(app)
