"""`tapctl account`: the limits and the headroom of an account, as text or saved as a snapshot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, NoReturn

import typer

from tapctl.account.model import Account, Holders, Stack
from tapctl.cli.command import Only
from tapctl.cli.context import open_account, probe_floor, require_consent
from tapctl.cli.options import FleetOptions, OutputOptions, ProbeOptions, SnapshotOptions
from tapctl.cli.terminal import Terminal
from tapctl.concurrency.counting import number_text
from tapctl.concurrency.judge import Floor, floor
from tapctl.errors import ExitCode, UsageError
from tapctl.hints import advise
from tapctl.hints.usage import UsageAdvice
from tapctl.limits import CONCURRENCY, Limit, LimitKind, catalogue
from tapctl.report.render import Headroom, RenderOptions, age, bar, draw, functions_not_read
from tapctl.settings.options import AccountOptions, JudgementOptions, TemplateOptions, option
from tapctl.template.local_paths import is_there
from tapctl.unknown import Unknown

if TYPE_CHECKING:
    from rich.text import Text

    from tapctl.account.quota_increase import WantedQuota
    from tapctl.account.reader import AccountReader
    from tapctl.fleet.cells import Cells
    from tapctl.settings.settings import Settings
    from tapctl.template.model import Template


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaOptions(ProbeOptions):
    """Requests that change something in the account, and the consent to them."""

    panel: ClassVar = "Quotas"

    request_increase: tuple[str, ...] = option(
        "--request-increase",
        metavar="[LIMIT=]N",
        help="Request a quota of N from AWS; without LIMIT, of concurrent executions (repeatable).",
        default=(),
    )
    wait: bool = option("--wait", help="With --request-increase: wait until AWS grants it.", default=False)
    timeout: float = option("--timeout", metavar="SECONDS", min=1, help="Stop waiting after this long.", default=3600)
    yes: bool = option("--yes", "-y", help="Do not ask before `--probe-floor` or `--request-increase`.", default=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class HolderOptions:
    """Reads that happen only on request."""

    panel: ClassVar = "Account"

    holders: bool = option(
        "--holders", help="Also read which functions hold the account's reservations (up to 200 reads).", default=False
    )


def account(
    template: Annotated[TemplateOptions, Only("template", "parameters", "parameters_file")],
    account: AccountOptions,
    fleet: FleetOptions,
    snapshot: SnapshotOptions,
    judgement: Annotated[JudgementOptions, Only("min_unreserved")],
    holders: HolderOptions,
    quota: QuotaOptions,
    output: OutputOptions,
) -> None:
    """Show the account's limits and headroom; `--output` saves them for runs without credentials.

    With a template, only the limits that it touches are read, and the SSM parameters and exports that it refers to.
    """
    from tapctl.account.snapshot import SnapshotAccount, dumps
    from tapctl.cli.open_fleet import open_fleet
    from tapctl.report.hints import worded
    from tapctl.settings.settings import read
    from tapctl.template.load import load
    from tapctl.workflows.survey import survey

    terminal = Terminal.of(output)
    settings = read(
        account, template=template, judgement=judgement, template_required=False, missing_secrets_unknown=True
    )
    if fleet.targets is not None:
        if quota.request_increase or quota.probe_floor or holders.holders or snapshot.snapshot:
            raise UsageError(
                "`account --targets` only saves snapshots of the accounts", advise(UsageAdvice.LEAVE_OTHER_REQUESTS_OUT)
            )
        given = load(settings.template) if _has_template(template, settings, terminal) else None
        cells, settings = open_fleet(fleet.targets, account, settings, terminal)
        _save_fleet(given, cells, settings, terminal, output.output)
    reader, settings = open_account(settings, terminal, snapshot.snapshot)
    if quota.request_increase or quota.wait:
        _request(reader, quota, settings.limits.own, terminal)
    if quota.probe_floor:
        settings = probe_floor(reader, settings, terminal, yes=quota.yes)
    loaded = load(settings.template) if _has_template(template, settings, terminal) else None
    result = survey(reader, settings, loaded, holders=holders.holders)
    if isinstance(reader, SnapshotAccount):
        # A copy is no newer than its source.
        copy = reader.account
        found = {**copy.lookups, **result.lookups}
        result = replace(result, taken_at=copy.taken_at, lookups=found, holders=copy.holders, is_snapshot=True)
    if file := output.output:
        terminal.result(dumps(result, worded), file)
        terminal.message(f"saved the account to {file}", advise(UsageAdvice.USE_SNAPSHOT, str(file)))
    if output.text:
        terminal.result(as_text(result, settings, terminal.options()))
    elif not file:
        terminal.result(dumps(result, worded))
    raise typer.Exit(ExitCode.OK)


def _save_fleet(
    template: Template | None, fleet: Cells, settings: Settings, terminal: Terminal, folder: Path | None
) -> NoReturn:
    """Save a snapshot for each cell, as `ACCOUNT-REGION.json`, also of one that could not be read, with the reason."""
    from tapctl.account.snapshot import dumps
    from tapctl.fleet.judge import survey_fleet
    from tapctl.report.fleet import saved_text
    from tapctl.report.hints import worded

    if folder is None:
        raise UsageError(
            "`--targets` saves many snapshots, and no folder is given", advise(UsageAdvice.PASS_OUTPUT_FOLDER)
        )
    saved = survey_fleet(template, fleet, settings)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"cannot create the folder {folder}: {error.strerror}", advise(UsageAdvice.PASS_OTHER_OUTPUT)
        ) from None
    files = {folder / f"{snapshot.cell.account.id}-{snapshot.cell.region}.json": snapshot.account for snapshot in saved}
    terminal.save({file: (dumps(account, worded), False) for file, account in files.items()})
    for line in saved_text(saved, fleet.fleet, folder):
        terminal.message(line)
    raise typer.Exit(ExitCode.OK)


def _has_template(given: TemplateOptions, settings: Settings, terminal: Terminal) -> bool:
    """Whether there is a template whose references are read; a configured one may be missing, which is announced."""
    if settings.template and not given.template and not is_there(Path(settings.template)):
        terminal.message(f"{settings.template} does not exist; what it refers to is not read")
        return False
    return bool(settings.template)


def _request(reader: AccountReader, quota: QuotaOptions, own: Sequence[Limit], terminal: Terminal) -> None:
    """Request higher quotas with the user's consent, and wait for them where that is asked for."""
    from tapctl.account import quota_increase
    from tapctl.account.live import LiveAccount

    if not quota.request_increase:
        raise UsageError("`--wait` needs `--request-increase`", advise(UsageAdvice.PASS_BOTH_OR_NEITHER))
    if not isinstance(reader, LiveAccount):
        raise UsageError(
            "`--request-increase` needs AWS and cannot be used with `--snapshot`", advise(UsageAdvice.LEAVE_ONE_OUT)
        )
    wanted = [_parse_request(text, own) for text in quota.request_increase]
    # All are checked before the first is sent.
    new = [increase for increase in wanted if quota_increase.is_open(reader, increase, waits=quota.wait)]
    if new:
        names = ", ".join(map(str, new))
        require_consent(f"Request {names} in {reader.aws.region} from AWS?", terminal, yes=quota.yes)
    for increase in new:
        terminal.message(f"requested {increase}: request {quota_increase.request(reader, increase)}")
    if quota.wait:
        terminal.message(f"waiting until AWS grants {', '.join(map(str, wanted))}")
        quota_increase.wait(reader.aws, wanted, quota.timeout)
        terminal.message("AWS has granted it")


def _parse_request(text: str, own: Sequence[Limit]) -> WantedQuota:
    """A limit and a value, `N` or `LIMIT=N`. Raises `UsageError` for what is neither, and for what AWS never raises."""
    from tapctl.account.quota_increase import WantedQuota

    name, _, value = text.rpartition("=")
    if not (value.isascii() and value.isdigit() and int(value[:20])):
        raise UsageError(
            f"`--request-increase {text}` is not LIMIT=N",
            advise(UsageAdvice.FOR_EXAMPLE, "`--request-increase vpc-vpcs=10`"),
        )
    known = {name: limit for limit in (*catalogue(), *own) for name in (limit.id, limit.key)}
    limit = known.get(name) if name else CONCURRENCY
    if limit is None:
        near = get_close_matches(name, known, n=1)
        raise UsageError(
            f"no limit is named {name}",
            advise(UsageAdvice.DID_YOU_MEAN, near[0]) if near else advise(UsageAdvice.LIST_LIMITS),
        )
    if not limit.adjustable or not limit.has_code:
        raise UsageError(f"AWS does not raise {limit.title}", advise(UsageAdvice.SEE_LIMIT_DOCS, limit.docs))
    return WantedQuota(limit, int(value))


def as_text(account: Account, settings: Settings, options: RenderOptions) -> str:
    """The concurrency, every counted limit, and what the stack holds."""
    from rich.markup import escape

    name = escape(f"account {account.account_id or 'unknown'} in {account.region or 'an unknown Region'}")
    name += f", a snapshot {age(account.taken_at)}" if account.is_snapshot else ""
    parts: list[Any] = [name, "", *_concurrency(account, settings), "", _limits(account, settings.limits.own)]
    if (holders := _holders(account.holders)) is not None:
        parts += ["", *holders.split("\n")]
    if isinstance(account.stack, Stack):
        parts += ["", *_stack(account.stack)]
    return draw(options, *parts)


def _concurrency(account: Account, settings: Settings) -> list[Any]:
    from rich.markup import escape

    match account.settings.concurrency.limit, account.settings.concurrency.unreserved:
        case int(limit), int(unreserved):
            bounds = floor(limit, pinned=settings.min_unreserved, learned=settings.learned)
            number = str(bounds.safe) if bounds.known else f"{bounds.hard} to {bounds.safe}"
            stack = _claimed(account.stack)
            return [
                f"concurrency: limit {limit}, unreserved {unreserved}, floor {number} ({escape(bounds.source)})",
                room(unreserved, bounds),
                *bar(Headroom(max(0, limit - unreserved - stack), stack, unreserved, bounds.safe)).split("\n"),
            ]
        case limit, unreserved:
            return [f"concurrency: limit {_number(limit)}, unreserved {_number(unreserved)}"]


def room(unreserved: int, bounds: Floor) -> str:
    """How much more can be reserved, as far as the floor is known."""
    if unreserved > bounds.safe:
        return f"at least {unreserved - bounds.safe} more can be reserved"
    if bounds.known or unreserved <= bounds.hard:
        return "no more can be reserved"
    return f"at most {unreserved - bounds.hard} more can be reserved"


def _claimed(stack: Stack | Unknown | None) -> int:
    """The concurrency that the stack's functions claim, as far as it is known."""
    functions = stack.functions.values() if isinstance(stack, Stack) else ()
    return sum(function.claim for function in functions if isinstance(function.claim, int))


def _limits(account: Account, own: Sequence[Limit]) -> Any:
    """A table of the counted limits: how much is used of which quota."""
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for name in ("limit", "used", "of"):
        table.add_column(name, justify="left" if name == "limit" else "right")
    for limit in (*catalogue(), *own):
        if limit.kind is LimitKind.COUNT and (quota := account.quotas.get(limit.key)):
            used = "-" if isinstance(quota.usage, Unknown) else _used(quota.usage)
            title = f"{limit.title}, {limit.unit}" if limit.unit else limit.title
            table.add_row(escape(title), used, _number(quota.value))
    return table


def _used(usage: float | Mapping[str, int | float]) -> str:
    """The usage, of a limit per parent that of the fullest one."""
    fullest = usage if isinstance(usage, int | float) else max(usage.values(), default=0)
    return number_text(fullest)


def _holders(holders: Holders | Unknown) -> Any:
    """The functions that hold the reservations, the largest first; None if they were not read."""
    from rich.text import Text

    if isinstance(holders, Unknown):
        return Text(f"reservations: unknown: {holders.reason}") if holders.judged else None
    number = f"{len(holders.functions)} function{'s' if len(holders.functions) != 1 else ''}"
    lines = [f"reservations of {number}: {sum(holders.functions.values()):,}"]
    lines += [f"  {name}: {value:,}" for name, value in holders.largest()]
    lines += [functions_not_read(holders)] if holders.not_read else []
    return Text("\n".join(lines))


def _stack(stack: Stack) -> list[Text]:
    from rich.markup import escape
    from rich.text import Text

    lines = [escape(f"stack {stack.name} ({stack.status})")]
    for name, function in stack.functions.items():
        reserved = "unreserved" if function.reserved is None else f"reserved {_number(function.reserved)}"
        lines.append(
            f"  {escape(f'{name} ({function.physical_id})')}: {reserved}, provisioned {_number(function.provisioned)}"
        )
    return list(map(Text.from_markup, lines))


def _number(value: float | Unknown) -> str:
    from rich.markup import escape

    return escape(f"unknown: {value.reason}") if isinstance(value, Unknown) else f"{value:,}"
