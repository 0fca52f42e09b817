"""`tapctl deploy`: preflight, remedy, package, change set, execute, verify."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import typer

from tapctl.cli.context import (
    consent_to_links,
    load_to_deploy,
    open_aws,
    probe_floor,
    require_terminal,
    route_for,
    stack_name_of,
)
from tapctl.cli.options import DeployFormat, DeployOutput, LintOptions, ProbeOptions, TimeoutOptions
from tapctl.cli.terminal import Terminal
from tapctl.errors import ExitCode, Interrupted, NotVerified, TapctlError, UsageError
from tapctl.hints import advise
from tapctl.hints.deploy import DeployAdvice
from tapctl.hints.usage import UsageAdvice
from tapctl.settings.options import AccountOptions, JudgementOptions, StackOptions, TemplateOptions, option
from tapctl.stacks.options import Options

if TYPE_CHECKING:
    from tapctl.aws.session import Aws
    from tapctl.cli.reporter import Reporter
    from tapctl.template.lint import Linting
    from tapctl.template.model import Source, Template
    from tapctl.verify.verify import Verification
    from tapctl.workflows.deploy import DeployResult
    from tapctl.workflows.deployer import DeployRequest

CHANGES = 2
"""The exit code of `--plan --detailed-exitcode` where something would change, as terraform has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployOptions(TimeoutOptions):
    """How a deploy runs, and the consent to its steps."""

    yes: bool = option("--yes", "-y", help="Do not ask before executing; allows no remedy.", default=False)
    no_verify: bool = option("--no-verify", help="Skip verification.", default=False)
    no_wait: bool = option(
        "--no-wait", help="Return once the operation has started; do not wait for a running one.", default=False
    )
    recover: bool = option("--recover", help="Repair a stuck stack without asking.", default=False)
    leave: tuple[str, ...] = option(
        "--leave",
        metavar="ID",
        help="With --recover: resource that may be skipped or retained (repeatable).",
        default=(),
    )
    wait_increase: bool = option(
        "--wait-increase", help="Wait for requested increases if the template fits with them.", default=False
    )
    allow_outside: bool = option(
        "--allow-outside", help="Package files outside of the project that links in the code lead to.", default=False
    )
    plan: bool = option("--plan", help="Show the changes, and stop.", default=False)
    detailed_exitcode: bool = option(
        "--detailed-exitcode", help="With --plan: 0 no change, 2 changes, 1 for wrong usage.", default=False
    )


def deploy(
    template: TemplateOptions,
    account: AccountOptions,
    judgement: JudgementOptions,
    probe: ProbeOptions,
    lint: LintOptions,
    run: DeployOptions,
    stack: StackOptions,
    options: Options,
    output: DeployOutput,
) -> None:
    """Deploy the stack if it fits, through a change set, and verify the result.

    A reservation that does not fit is lowered or dropped with consent: a yes on a terminal, `--remedy adjust`, or
    `remedy` of the environment; without it, exits with 3. Exits with 6 if CloudFormation rolled back, 7 if the stack
    is stuck, 8 if it is deployed but not verified.
    """
    from tapctl.account.live import LiveAccount
    from tapctl.settings.settings import read
    from tapctl.workflows.deployer import DeployRequest

    terminal = Terminal.of(output)
    _check(run)
    settings = read(account, template=template, judgement=judgement, stack=stack)
    options.check(settings)
    settings = replace(settings, stack_name=stack_name_of(settings))
    loaded = load_to_deploy(settings, terminal)
    if not run.yes and not run.plan:
        require_terminal(terminal, advise(UsageAdvice.PASS_YES))
    outside = consent_to_links(loaded, terminal, allowed=run.allow_outside)
    aws, settings = open_aws(settings, terminal)
    if probe.probe_floor:
        settings = probe_floor(LiveAccount(aws), settings, terminal, yes=run.yes)
    request = DeployRequest(
        aws,
        loaded,
        settings,
        options,
        run.timeout,
        waits=not run.no_wait,
        verifies=not run.no_verify,
        allow_uncertain=settings.allow_uncertain,
        wait_increase=run.wait_increase,
        builds=not run.plan,
        while_waiting=partial(_prepare, aws, loaded, verifies=not run.no_verify),
        outside=outside,
    )
    with _reporter(terminal, output, run) as ui, _linting(lint, loaded.source, settings.region) as linting:
        if run.plan:
            code = _plan(request, ui, linting, detailed=run.detailed_exitcode)
        else:
            code = _deploy(request, ui, linting)
    raise typer.Exit(code)


def _reporter(terminal: Terminal, output: DeployOutput, run: DeployOptions) -> Reporter:
    from tapctl.cli.reporter import Reporter

    return Reporter(
        terminal=terminal,
        text=output.format is not DeployFormat.JSON,
        output=output.output,
        annotates=output.format is DeployFormat.GITHUB,
        yes=run.yes,
        plan=run.plan,
        recover=run.recover,
        leave=frozenset(run.leave),
    )


def _prepare(aws: Aws, template: Template, *, verifies: bool) -> None:
    """Import what the upload and the verification need, and create their clients; they report what fails."""
    with suppress(Exception):
        aws.prepare(["s3"])
        if verifies:
            import tapctl.verify.verify  # noqa: F401 - only its import
            from tapctl.verify.resources import services

            aws.prepare(services(resource.type for resource in template.resources()))


def _linting(lint: LintOptions, source: Source, region: str | None) -> AbstractContextManager[Linting | None]:
    from tapctl.template.lint import start

    return nullcontext() if lint.no_lint else start(source, region, trusted=lint.trusted)


def _check(run: DeployOptions) -> None:
    """Raise `UsageError` for options that exclude each other."""
    if run.detailed_exitcode and not run.plan:
        raise UsageError("`--detailed-exitcode` needs `--plan`", advise(UsageAdvice.PASS_BOTH_OR_NEITHER))
    execution = {
        "--no-wait": run.no_wait, "--recover": run.recover, "--leave": run.leave, "--wait-increase": run.wait_increase
    }  # fmt: skip
    if run.plan and (used := [option for option, value in execution.items() if value]):
        raise UsageError(f"`{used[0]}` cannot be combined with `--plan`", advise(UsageAdvice.PASS_ONE))


@contextmanager
def _documented(request: DeployRequest, reporter: Reporter) -> Iterator[None]:
    """Print the document of a deploy that fails, then raise its error."""
    from tapctl.report import deploy as report

    try:
        yield
    except (TapctlError, KeyboardInterrupt) as error:
        failure = error if isinstance(error, TapctlError) else Interrupted("interrupted")
        reporter.document(report.failure_json(request.stack_name, reporter.transcript, failure))
        reporter.annotate(report.failure(reporter.transcript.preflight, failure))
        raise


def _plan(request: DeployRequest, reporter: Reporter, linting: Linting | None, *, detailed: bool) -> int:
    """Show what a deploy would change; the exit code."""
    from tapctl.report import deploy as report
    from tapctl.workflows.plan import plan

    with _documented(request, reporter):
        planned = plan(request, reporter, linting)
        if planned.change_set is None:
            reporter.result(f"stack {request.stack_name} is up to date: nothing would change")
        if planned.uploads:
            reporter.result(report.uploads(planned.uploads, reporter.terminal.options()))
        reporter.document(report.plan_json(request.stack_name, planned))
    return CHANGES if detailed and planned.change_set else ExitCode.OK


def _deploy(request: DeployRequest, reporter: Reporter, linting: Linting | None) -> ExitCode:
    """Deploy, print the result and verify it; the exit code."""
    from tapctl.workflows.deploy import deploy

    with _documented(request, reporter):
        result = deploy(request, reporter, linting)
    reporter.close()
    if result is None or result.outcome.only:
        return _declined(request, result, reporter)
    return _deployed(request, result, reporter)


def _declined(request: DeployRequest, result: DeployResult | None, reporter: Reporter) -> ExitCode:
    """Print what was deployed before the user declined: nothing, or step 1 of 2."""
    from tapctl.concurrency import two_step
    from tapctl.report import deploy as report
    from tapctl.report.hints import worded

    if result is None:
        reporter.step("nothing was deployed; the change set was deleted")
        reporter.document(report.declined_json(request.stack_name, reporter.transcript))
    else:
        reporter.step(f"step 2 of 2 was cancelled; only {result.outcome.only} was deployed")
        reporter.step(f"hint: {worded(two_step.GOES_ON)}")
        reporter.document(report.as_json(result.preflight, result.outcome, None, declined=True))
    return ExitCode.OK


def _deployed(request: DeployRequest, result: DeployResult, reporter: Reporter) -> ExitCode:
    """Print the outcome, and verify it where something changed or was not verified before; the exit code."""
    from tapctl.hints import advise
    from tapctl.hints.deploy import DeployAdvice
    from tapctl.report import deploy as report
    from tapctl.report import verify
    from tapctl.stacks.follow import stack_flags

    terminal, outcome = reporter.terminal, result.outcome
    reporter.result(report.outputs(outcome, terminal.options()))
    verification = None
    try:
        if not outcome.followed:
            follow = advise(DeployAdvice.FOLLOW, stack_flags(request.aws, request.stack_name))
            reporter.step("CloudFormation continues the operation", follow)
        elif request.verifies and (outcome.changed or result.unverified):
            if not outcome.changed:
                terminal.message("no changes, but the previous deploy was not verified; verifying it now")
            verification = _verify(request, terminal)
            render = verify.verdict_line if terminal.quiet else verify.as_text
            reporter.result(render(verification, terminal.options()))
        elif request.verifies:
            anyway = advise(DeployAdvice.VERIFY_ANYWAY, stack_flags(request.aws, request.stack_name))
            reporter.step("no changes; verification skipped", anyway)
    except (NotVerified, Interrupted) as error:
        _end(reporter, result, None, error)
        raise
    _end(reporter, result, verification)
    return ExitCode.NOT_VERIFIED if verification and verification.failed else ExitCode.OK


def _end(
    reporter: Reporter, result: DeployResult, verification: Verification | None, error: TapctlError | None = None
) -> None:
    """Print what a deploy ends with: the line on its remedy, the document, the annotations."""
    from tapctl.report import deploy as report

    line = report.remedy_line(result.preflight)
    if line and not (verification and verification.remedies):
        reporter.result(line)
    reporter.document(report.as_json(result.preflight, result.outcome, verification, error))
    reporter.annotate(report.success(result.preflight, result.outcome, verification, error))


def _verify(request: DeployRequest, terminal: Terminal) -> Verification:
    """Verify the stack, and note in the journal if all checks pass.

    Raises `NotVerified` or `Interrupted` where it cannot be verified.
    """
    from tapctl.stacks.follow import stack_flags
    from tapctl.state.journal import mark_verified
    from tapctl.verify.verify import AFTER_DEPLOY, verify

    aws, settings, name = request.aws, request.settings, request.stack_name
    try:
        verification = verify(aws, settings, route_for(settings), retry=AFTER_DEPLOY, progress=terminal.message)
    except TapctlError as error:
        raise NotVerified(f"stack {name} is deployed, but not verified: {error.message}", error.hint) from None
    except KeyboardInterrupt:
        hint = advise(DeployAdvice.VERIFY, stack_flags(aws, name))
        raise Interrupted(f"interrupted; stack {name} is deployed, but not verified", hint) from None
    if not verification.failed:
        mark_verified(verification.stack_id)
    return verification
