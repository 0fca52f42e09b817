"""`tapctl fleet`: roll a template out to many accounts and Regions, through CloudFormation StackSets."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, ClassVar

import typer

from tapctl.cli.command import GroupedCommand, Only, expanded, group
from tapctl.cli.context import load_to_deploy, route_for
from tapctl.cli.options import LintOptions, OutputOptions
from tapctl.cli.terminal import Terminal
from tapctl.errors import AwsError, ExitCode, Interrupted, TapctlError
from tapctl.hints import Hint, advise
from tapctl.hints.usage import UsageAdvice
from tapctl.settings.options import (
    AccountOptions,
    JudgementOptions,
    StackOptions,
    TemplateOptions,
    argument,
    option,
)

if TYPE_CHECKING:
    from tapctl.cli.fleet_reporter import FleetReporter
    from tapctl.fleet.request import RolloutRequest, StackSetRequest
    from tapctl.fleet.rollout import Rollout
    from tapctl.fleet.verify_fleet import FleetVerification

app = group(
    "Roll a template out to many accounts and Regions, through CloudFormation StackSets.",
    "tapctl fleet plan prod",
    "tapctl fleet deploy prod --remedy adjust",
)

Account = Annotated[AccountOptions, Only("env", "region", "profile", "config")]
Template = Annotated[TemplateOptions, Only("template", "parameters", "parameters_file", "lookups")]
Stack = Annotated[StackOptions, Only("tags", "capabilities")]


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetName:
    """The name of the fleet; optional if tapctl.toml has only one."""

    panel: ClassVar = "Account"

    argument: str | None = argument("FLEET")
    targets: str | None = option("--targets", metavar="NAME", help="Section [fleet.NAME] of tapctl.toml.", once=True)

    @property
    def name(self) -> str | None:
        return self.argument or self.targets


@dataclass(frozen=True, slots=True, kw_only=True)
class AdoptOptions:
    """Consent to change a stack set that tapctl did not create."""

    panel: ClassVar = "StackSets"

    adopt: bool = option("--adopt", help="Take over a stack set that was not created for this fleet.", default=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitOptions:
    """How long an operation is followed."""

    panel: ClassVar = "StackSets"

    timeout: float = option(
        "--timeout", metavar="SECONDS", min=1, help="Stop following an operation after this long.", default=21600
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutOptions(WaitOptions):
    """How a rollout runs, and the consent to it."""

    yes: bool = option("--yes", "-y", help="Do not ask before the first operation; allows no remedy.", default=False)
    no_verify: bool = option("--no-verify", help="Skip verification.", default=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class DestroyFleetOptions(WaitOptions):
    """Whether the stacks are deleted too, and the consent."""

    retain_stacks: bool = option("--retain-stacks", help="Keep the stacks, and forget them.", default=False)
    yes: bool = option("--yes", "-y", help="Do not ask.", default=False)


def plan(
    fleet: FleetName,
    template: Template,
    account: Account,
    judgement: JudgementOptions,
    lint: LintOptions,
    stack: Stack,
    adopt: AdoptOptions,
    output: OutputOptions,
) -> None:
    """Show the override sets and the operations of a rollout; changes nothing.

    Exits with 3 if a cell is left out because it exceeds a limit, or if a remedy has no consent; with 4 if that is
    uncertain or unknown.
    """
    from tapctl.fleet.prepare import prepare
    from tapctl.report.fleet_plan import plan_json, plan_text

    terminal = Terminal.of(output)
    with _rollout_request(fleet, template, account, judgement, lint, stack, adopt, terminal) as request:
        reporter = _reporter(request, terminal, output)
        prepared = prepare(request, reporter)
        _tell_of_operations(request, reporter)
    name, options = request.sets.name, terminal.options(output.output)
    text = plan_text(name, prepared.plan, prepared.judged.template, options)
    reporter.result(text, plan_json(request.name, name, prepared))
    raise typer.Exit(_planned_code(request, prepared.exit_code, needs_consent=prepared.needs_consent(request.settings)))


def deploy(
    fleet: FleetName,
    template: Template,
    account: Account,
    judgement: JudgementOptions,
    lint: LintOptions,
    stack: Stack,
    adopt: AdoptOptions,
    run: RolloutOptions,
    output: OutputOptions,
) -> None:
    """Deploy the template to every cell that it fits, with the remedy of each as parameter overrides, and verify.

    A remedy needs `--remedy adjust`, or `remedy` of the fleet; without it, exits with 3. Cells that do not fit are left
    out: exits with 3 or 4 then, with 6 if an instance failed, 7 if one is INOPERABLE, 8 if one is not verified.
    """
    from tapctl.fleet.rollout import deploy_fleet

    terminal = Terminal.of(output)
    asks = None if run.yes else advise(UsageAdvice.PASS_YES)
    with (
        _rollout_request(fleet, template, account, judgement, lint, stack, adopt, terminal, asks=asks) as opened,
        _documented(opened, reporter := _reporter(opened, terminal, output, yes=run.yes)),
        reporter,
    ):
        request = replace(opened, timeout=run.timeout)
        rollout = deploy_fleet(request, reporter)
        verification = None if run.no_verify else _proved(request, rollout, reporter)
    raise typer.Exit(_print_end(request, rollout, verification, reporter))


def watch(fleet: FleetName, account: Account, wait: WaitOptions, output: OutputOptions) -> None:
    """Follow the operations of a rollout until none runs any more, and say what is left.

    Exits with 6 if an instance failed, and with 5 if the timeout passed.
    """
    from tapctl.fleet.watch_fleet import watch_fleet
    from tapctl.report import rollout as report

    terminal = Terminal.of(output)
    request = replace(_stack_set_request(fleet, account, terminal), timeout=wait.timeout)
    with _reporter(request, terminal, output) as reporter:
        watched = watch_fleet(request, reporter)
    fleet_and_set = (request.name, request.sets.name)
    text = report.watched_text(watched, *fleet_and_set, terminal.options(output.output))
    reporter.result(text, report.watched_json(watched, *fleet_and_set))
    raise typer.Exit(ExitCode.ROLLED_BACK if watched.failed else ExitCode.OK)


def verify(fleet: FleetName, account: Account, output: OutputOptions) -> None:
    """Check the instance of each cell, and its stack as `tapctl verify` does.

    Exits with 8 when a check fails, or a cell cannot be read.
    """
    from tapctl.fleet.verify_fleet import verify_fleet
    from tapctl.report import rollout as report

    terminal = Terminal.of(output)
    request = _stack_set_request(fleet, account, terminal)
    result = verify_fleet(request, route_for(request.settings), progress=terminal.message)
    text = report.verification_text(result, terminal.options(output.output))
    _reporter(request, terminal, output).result(text, report.verification_json(result))
    raise typer.Exit(ExitCode.NOT_VERIFIED if result.failed else ExitCode.OK)


def destroy(
    fleet: FleetName, account: Account, adopt: AdoptOptions, run: DestroyFleetOptions, output: OutputOptions
) -> None:
    """Delete the instances of a fleet with their stacks, then its stack set.

    Instances that the fleet does not name stay, and the stack set with them. Exits with 7 if one cannot be deleted.
    """
    from tapctl.fleet.destroy_fleet import destroy_fleet
    from tapctl.report import rollout as report

    terminal = Terminal.of(output)
    asks = None if run.yes else advise(UsageAdvice.PASS_YES)
    request = replace(_stack_set_request(fleet, account, terminal, asks=asks), timeout=run.timeout)
    with _reporter(request, terminal, output, yes=run.yes) as reporter:
        result = destroy_fleet(request, reporter, retain=run.retain_stacks, adopts=adopt.adopt)
    name = request.sets.name
    text = report.destroyed_text(name, result, terminal.options(output.output))
    reporter.result(text, report.destroyed_json(request.name, name, result))
    raise typer.Exit(ExitCode.STUCK if result.failed else ExitCode.OK)


@contextmanager
def _rollout_request(
    fleet: FleetName,
    template: TemplateOptions,
    account: AccountOptions,
    judgement: JudgementOptions,
    lint: LintOptions,
    stack: StackOptions,
    adopt: AdoptOptions,
    terminal: Terminal,
    *,
    asks: Hint | None = None,
) -> Iterator[RolloutRequest]:
    """The request for a rollout; cfn-lint runs during the block."""
    from tapctl.cli.open_fleet import open_stack_set
    from tapctl.fleet.request import RolloutRequest
    from tapctl.settings.settings import read
    from tapctl.template.lint import start

    settings = read(account, template=template, judgement=judgement, stack=stack)
    loaded = load_to_deploy(settings, terminal)
    linting = nullcontext() if lint.no_lint else start(loaded.source, settings.region, trusted=lint.trusted)
    with linting as running:
        remedied = judgement.remedy is not None
        base = open_stack_set(fleet.name, account, settings, terminal, remedied=remedied, asks=asks)
        yield RolloutRequest.of(base, loaded, running, adopts=adopt.adopt)


def _stack_set_request(
    fleet: FleetName, account: AccountOptions, terminal: Terminal, *, asks: Hint | None = None
) -> StackSetRequest:
    from tapctl.cli.open_fleet import open_stack_set
    from tapctl.settings.settings import read

    settings = read(account, template_required=False, missing_secrets_unknown=True)
    return open_stack_set(fleet.name, account, settings, terminal, asks=asks)


def _reporter(
    request: StackSetRequest, terminal: Terminal, output: OutputOptions, *, yes: bool = False
) -> FleetReporter:
    from tapctl.cli.fleet_reporter import FleetReporter

    return FleetReporter(
        terminal=terminal, stack_set=request.sets.name, text=output.text, output=output.output, yes=yes
    )


@contextmanager
def _documented(request: RolloutRequest, reporter: FleetReporter) -> Iterator[None]:
    """Print the document of a rollout that fails, then raise its error."""
    from tapctl.report import rollout as report

    try:
        yield
    except (TapctlError, KeyboardInterrupt) as error:
        failure = error if isinstance(error, TapctlError) else Interrupted("interrupted")
        reporter.document(report.rollout_json(request.name, request.sets.name, None, error=failure))
        raise


def _tell_of_operations(request: RolloutRequest, reporter: FleetReporter) -> None:
    """Say that what is planned may change with an operation that runs."""
    with suppress(AwsError):  # a plan needs no right to list them
        for operation in request.sets.running()[:1]:
            reporter.step(f"operation {operation.id} is {operation.status}: what is planned may be different after it")


def _planned_code(request: RolloutRequest, code: ExitCode, *, needs_consent: bool) -> ExitCode:
    if needs_consent:
        return ExitCode.EXCEEDS
    return ExitCode.OK if code is ExitCode.UNCERTAIN and request.settings.allow_uncertain else code


def _proved(request: RolloutRequest, rollout: Rollout, reporter: FleetReporter) -> FleetVerification | None:
    """The verification of the deployed cells; None if nothing was changed."""
    from tapctl.fleet.verify_fleet import verify_fleet
    from tapctl.verify.verify import AFTER_DEPLOY

    if not rollout.ends:
        return None
    changed = {cell for end in rollout.ends for cell in end.results}
    only = [cell for cell in rollout.deployed if cell in changed]
    if not only:
        return None
    reporter.step(f"verifying {len(only):,} cell{'' if len(only) == 1 else 's'}")
    route = route_for(request.settings)
    return verify_fleet(request, route, only=only, retry=AFTER_DEPLOY, progress=reporter.step)


def _print_end(
    request: RolloutRequest, rollout: Rollout, verification: FleetVerification | None, reporter: FleetReporter
) -> ExitCode:
    from tapctl.report import rollout as report

    name, options = request.sets.name, reporter.terminal.options(reporter.output)
    text = report.result_text(rollout, name, options)
    if verification:
        text = f"{report.verification_text(verification, options)}{text}"
    reporter.result(text, report.rollout_json(request.name, name, rollout, verification))
    code = rollout.exit_code
    if code in (ExitCode.STUCK, ExitCode.ROLLED_BACK):
        return code
    if verification and verification.failed:
        return ExitCode.NOT_VERIFIED
    return _planned_code(request, code, needs_consent=False)


_COMMANDS = (
    (plan, "Show the operations of a rollout.", ("tapctl fleet plan prod", "tapctl fleet plan prod --format json")),
    (
        deploy,
        "Roll the template out, and verify the result.",
        ("tapctl fleet deploy prod --remedy adjust", "tapctl fleet deploy prod --yes --remedy drop --format json"),
    ),
    (watch, "Follow a rollout, and say what is left of it.", ("tapctl fleet watch prod",)),
    (verify, "Check each instance and its stack.", ("tapctl fleet verify prod",)),
    (
        destroy,
        "Delete the instances and the stack set.",
        ("tapctl fleet destroy prod", "tapctl fleet destroy prod --retain-stacks"),
    ),
)
for command, summary, examples in _COMMANDS:
    made = app.command(command.__name__, cls=GroupedCommand, short_help=summary, epilog="\n".join(examples))
    made(expanded(command))

fleet = typer.main.get_command(app)
