"""`tapctl account`: what can this account still take?"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, ClassVar

import typer

from tapctl.cli.command import Only
from tapctl.cli.context import agreed, open_account, probed
from tapctl.cli.options import OutputOptions, ProbeOptions, SnapshotOptions
from tapctl.cli.terminal import Terminal
from tapctl.errors import ExitCode, UsageError
from tapctl.settings.options import AccountOptions, JudgementOptions, TemplateOptions, option

if TYPE_CHECKING:
    from tapctl.account.reader import AccountReader


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaOptions(ProbeOptions):
    """What is asked of AWS beside reads, with the consent to it."""

    panel: ClassVar = "Quotas"

    request_increase: int | None = option(
        "--request-increase", metavar="N", min=1, help="Request a quota of N concurrent executions from AWS."
    )
    yes: bool = option("--yes", "-y", help="Do not ask before `--probe-floor` or `--request-increase`.", default=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class HolderOptions:
    """What is read only if it is asked for."""

    panel: ClassVar = "Account"

    holders: bool = option(
        "--holders", help="Also read which functions hold the account's reservations (up to 200 reads).", default=False
    )


def account(
    template: Annotated[TemplateOptions, Only("template", "parameters", "parameters_file")],
    account: AccountOptions,
    snapshot: SnapshotOptions,
    judgement: Annotated[JudgementOptions, Only("min_unreserved")],
    holders: HolderOptions,
    quota: QuotaOptions,
    output: OutputOptions,
) -> None:
    """Show the account's limits and headroom; `--output` saves them for runs without credentials.

    With a template, the SSM parameters and exports that it refers to are saved too.
    """
    from tapctl.account import snapshot as saved
    from tapctl.report import account as report
    from tapctl.report.hints import worded
    from tapctl.settings.settings import read
    from tapctl.template.load import load
    from tapctl.workflows import preflight as workflow
    from tapctl.workflows.read_inputs import resolve_lookups

    terminal = Terminal.of(output)
    settings = read(account, template=template, judgement=judgement, template_required=False)
    reader, settings = open_account(settings, terminal, snapshot.snapshot)
    if quota.request_increase:
        _request(reader, quota.request_increase, terminal, yes=quota.yes)
    if quota.probe_floor:
        settings = probed(reader, settings, terminal, yes=quota.yes)
    result = workflow.survey(reader, settings, holders=holders.holders)
    if isinstance(reader, saved.SnapshotAccount):
        # A copy is no newer than its source.
        copy = reader.account
        result = replace(result, taken_at=copy.taken_at, lookups=copy.lookups, holders=copy.holders, is_snapshot=True)
    if settings.template:
        _, _, result = resolve_lookups(load(settings.template), reader, settings, result)
    if file := output.output:
        terminal.result(saved.dumps(result, worded), file)
        terminal.talk(f"saved the account to {file}; use it with `tapctl preflight --snapshot {file}`")
    if not file or output.text:
        text = report.text(result, settings, terminal.surface()) if output.text else saved.dumps(result, worded)
        terminal.result(text)
    raise typer.Exit(ExitCode.OK)


def _request(reader: AccountReader, value: int, terminal: Terminal, *, yes: bool) -> None:
    """Request a higher quota, after asking for consent."""
    from tapctl.account import quota_increase
    from tapctl.account.live import LiveAccount

    if not isinstance(reader, LiveAccount):
        raise UsageError("`--request-increase` needs AWS and cannot be used with `--snapshot`", "leave one of them out")
    quota_increase.check(reader, value)
    agreed(f"Request {value} concurrent executions in {reader.aws.region} from AWS?", terminal, yes=yes)
    terminal.talk(f"requested {value} concurrent executions: request {quota_increase.request(reader, value)}")
