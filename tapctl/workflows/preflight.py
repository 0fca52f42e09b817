"""The workflow behind `preflight` and the first half of `deploy`: read the inputs, decide, report findings."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tapctl.account.model import UNREAD
from tapctl.concurrency import limits_check
from tapctl.concurrency.counting import coverage
from tapctl.concurrency.judge import Floor, Judgement, lacks_only_on_the_way
from tapctl.concurrency.judge import judge as judge_concurrency
from tapctl.concurrency.parameter_override import with_overrides
from tapctl.concurrency.remedy import RemedyMode, RemedyPolicy, allocate
from tapctl.concurrency.result import Preflight
from tapctl.concurrency.verdict import Finding, Verdict
from tapctl.concurrency.warnings import snapshot_age, unknown_names, unmet_minimums, unset_parameters
from tapctl.errors import TemplateError
from tapctl.hints import Hint, advise, with_step
from tapctl.hints.deploy import DeployAdvice
from tapctl.hints.judgement import JudgementAdvice
from tapctl.hints.usage import UsageAdvice
from tapctl.limits import CONCURRENCY
from tapctl.template.local_paths import RELATIVE
from tapctl.template.model import SERVERLESS, Template
from tapctl.template.nested import StackTree, missing_paths
from tapctl.template.sam_build import unbuilt
from tapctl.unknown import Unknown, total
from tapctl.workflows.read_inputs import Inputs, read_inputs, read_pending_increases

if TYPE_CHECKING:
    from tapctl.account.reader import AccountReader
    from tapctl.concurrency.change import Outlook
    from tapctl.concurrency.two_step import TwoStepPlan
    from tapctl.settings.config_file import FunctionConfig
    from tapctl.settings.settings import Settings
    from tapctl.template.lint import Linting


def preflight(
    template: Template,
    reader: AccountReader,
    settings: Settings,
    linting: Linting | None = None,
    replacements: frozenset[str] | None = None,
) -> Preflight:
    """Check a template against an account; changes nothing. The linting, if there is one, was started before.

    Without it the warnings that are tapctl's own are left.
    """
    return linted(judge(template, reader, settings, replacements), settings, linting)


def linted(result: Preflight, settings: Settings, linting: Linting | None) -> Preflight:
    """The verdict with what the linting found, tapctl's own warnings, and what can weaken it."""
    own = (*_unbuilt(result.tree), *_missing_paths(result), *_wrong_handlers(result.tree, settings.function))
    result = replace(result, lint=(*own, *_lint_findings(linting)))
    if settings.trusted is None:
        return result
    from tapctl.workflows.excuses import with_weakenings

    return with_weakenings(result, settings)


def identified(result: Preflight, reader: AccountReader) -> Preflight:
    """With the account's id, which no verdict needs and a report names; without it where it cannot be read."""
    known = reader.identity() if result.account.account_id is None else None
    if known is None or isinstance(known, Unknown):
        return result
    return replace(result, account=replace(result.account, account_id=known.account_id))


def judge(
    template: Template, reader: AccountReader, settings: Settings, replacements: frozenset[str] | None = None
) -> Preflight:
    """The verdict without linting; `replacements` is what a change set reports as replaced."""
    return judged(template, read_inputs(template, reader, settings, replacements), reader, settings)


def judged(template: Template, inputs: Inputs, reader: AccountReader, settings: Settings) -> Preflight:
    """The verdict on inputs that were read."""
    result = decide(template, bounded_by_age(inputs, settings), settings)
    if lacking := bool(result.concurrency.lacking):
        holders = reader.holders() if result.reserved_by_others else UNREAD
        result = replace(result, account=replace(result.account, holders=holders))
    result = with_findings(result, settings)
    raised = {found.increase.limit.key: found.increase.limit for found in result.findings if found.increase}
    asked = {CONCURRENCY.key: CONCURRENCY} | raised if lacking else raised
    increases = read_pending_increases(reader, tuple(asked.values()))
    return with_findings(replace(result, increases=increases), settings) if increases else result


def bounded_by_age(inputs: Inputs, settings: Settings) -> Inputs:
    """The inputs, of which nothing is known where they are of a snapshot that is too old."""
    if not inputs.account.is_snapshot or settings.max_age is None:
        return inputs
    from tapctl.account import snapshot

    return replace(inputs, account=snapshot.bounded_by_age(inputs.account, settings.max_age, datetime.now(UTC)))


def decide(template: Template, inputs: Inputs, settings: Settings) -> Preflight:
    """The verdict on concurrency, the remedy and the two steps, without any read; the findings are not in it yet."""
    account, changes, pool = inputs.account, inputs.changes, inputs.account.settings.concurrency
    judgement = _with_doubts(
        inputs, judge_concurrency(changes, pool, pinned=settings.min_unreserved, learned=account.learned)
    )
    # Without the live stack it is unknown what the functions hold, and nothing is lowered.
    bounds = account.stale or (account.stack if isinstance(account.stack, Unknown) else judgement.floor)
    two_step = _two_steps(template, inputs, judgement.outlook, bounds)
    # Two steps deploy what the template asks for, so no reservation is lowered for good.
    policy = RemedyPolicy(RemedyMode.FAIL) if two_step and two_step.first else settings.policy
    result = Preflight(
        template,
        inputs.tree,
        account,
        inputs.demand,
        changes,
        judgement,
        inputs.effects,
        with_overrides(allocate(changes, pool, bounds, policy), template, inputs.tree),
        two_step,
        remedy_forbidden=settings.remedy is RemedyMode.FAIL,
        remedy_asks=settings.remedy is RemedyMode.ASK,
        is_sandbox=settings.sandbox,
        strict=settings.strict,
        env=settings.env,
        env_option=f" --env {shlex.quote(settings.env)}" if settings.env else "",
        deployed=inputs.deployed,
        limits=settings.limits,
        coverage=coverage(inputs.tree, settings.limits.own),
        kept=inputs.kept,
    )
    return replace(result, not_compared=_not_compared(inputs, result))


def _two_steps(template: Template, inputs: Inputs, outlook: Outlook, bounds: Floor | Unknown) -> TwoStepPlan | None:
    if not lacks_only_on_the_way(outlook, bounds):
        return None
    from tapctl.concurrency.two_step import plan_two_steps

    planned = plan_two_steps(inputs.changes, inputs.account.settings.concurrency, bounds)
    if planned and planned.first:
        return replace(planned, first=with_overrides(planned.first, template, inputs.tree))
    return planned


def with_findings(result: Preflight, settings: Settings) -> Preflight:
    """The decision with its findings on every limit that the template touches."""
    names = (*unknown_names(result.tree, settings.policy), *unmet_minimums(result, settings.policy))
    age = snapshot_age(result.account, result.template.file, datetime.now(UTC))
    parameters = (*_kept_parameters(result), *unset_parameters(result))
    warnings = (*age, *names, *duplicate_keys(result.tree), *parameters)
    findings = (*limits_check.check_limits(result), *warnings)
    if settings.ignores:
        from tapctl.workflows.excuses import without_ignored

        findings = without_ignored(findings, settings.ignores)
    return replace(result, findings=findings)


def _not_compared(inputs: Inputs, result: Preflight) -> str:
    """Why the deployed template was not compared; empty if replacing every resource would fit anyway."""
    reason, judgement = inputs.effects.not_compared_reason, result.concurrency
    if not reason or limits_check.depends_on_replacements(result):
        return reason
    kept = [change for change in inputs.changes if change.wanted and change.live and not change.replaced]
    claims = [change.claim_peak for change in kept]
    match judgement.outlook.peak, judgement.floor, total(claims):
        case int(peak), Floor(safe=safe), int(more) if peak - more >= safe:
            return ""
        case _:
            return reason if any(claim != 0 for claim in claims) else ""


def _with_doubts(inputs: Inputs, judgement: Judgement) -> Judgement:
    """Downgrade to unknown when a denied read makes the sums unreliable."""
    doubt = inputs.account.stale or inputs.account.stack
    if isinstance(doubt, Unknown) and any(change.grows for change in inputs.changes):
        return replace(judgement, verdict=Verdict.UNKNOWN, reason=doubt.reason, resolution=doubt.resolution)
    return judgement


DUPLICATE_KEY = "tapctl:duplicate-key"
"""The rule of a finding on a key that is given twice, which cfn-lint takes for an error."""


def duplicate_keys(tree: StackTree) -> Iterator[Finding]:
    """A warning for each, in every file of the tree once; CloudFormation takes the last one."""
    sources = {source.file: source for member in tree.members() for source in member.resolver.template.sources()}
    for source in sources.values():
        for duplicate in source.duplicates:
            name = duplicate.path[-1]
            message = f"the key {name} is given on lines {duplicate.first} and {duplicate.last}; the last one counts"
            yield Finding(
                None,
                Verdict.FITS,
                message,
                file=source.file,
                line=duplicate.last,
                hints=(advise(UsageAdvice.REMOVE_ONE),),
                rule=DUPLICATE_KEY,
                severity="warning",
            )


KEPT_PARAMETER = "tapctl:kept-parameter"
"""The rule of a finding on a parameter that keeps the stack's value instead of a new default."""


def _kept_parameters(result: Preflight) -> Iterator[Finding]:
    """A warning for each: the new default does not reach the stack."""
    template = result.tree.resolver.template
    for kept in result.kept:
        file, line = template.place("Parameters", kept.name, "Default")
        instead = f"instead of the template's default `{kept.default}`"
        yield Finding(
            None,
            Verdict.FITS,
            f"parameter {kept.name} keeps the stack's value `{kept.value}` {instead}",
            file=file,
            line=line,
            hints=(advise(JudgementAdvice.PASS_PARAMETER, kept.name),),
            rule=KEPT_PARAMETER,
            severity="warning",
        )


MISSING_PATH = "tapctl:local-path"
"""The rule of a finding on a local path that does not exist, beside cfn-lint's rules."""


def _missing_paths(result: Preflight) -> Iterator[Finding]:
    """Warnings only: a build may create the paths before the deploy, which refuses missing ones."""
    for path in missing_paths(result.tree):
        yield Finding(
            None,
            Verdict.FITS,
            f"{path.owner}: {path.name} does not exist",
            file=path.file,
            line=path.line,
            hints=(RELATIVE,),
            rule=MISSING_PATH,
            severity="warning",
        )


WRONG_HANDLER = "tapctl:handler"
"""The rule of a finding on a handler that names no file or function of its package."""


def _wrong_handlers(tree: StackTree, config: FunctionConfig) -> Iterator[Finding]:
    from tapctl.packaging.handlers import wrong_handlers

    for wrong in wrong_handlers(tree, config):
        yield Finding(
            None,
            Verdict.FITS,
            wrong.message,
            file=wrong.file,
            line=wrong.line,
            hints=(wrong.hint,),
            rule=WRONG_HANDLER,
            severity="warning",
        )


def refuse_wrong_handlers(tree: StackTree, config: FunctionConfig) -> None:
    """Raise `TemplateError` for a function that Lambda could not start."""
    if finding := next(_wrong_handlers(tree, config), None):
        raise TemplateError(finding.message, *finding.hints, file=finding.file, line=finding.line)


UNBUILT = "tapctl:unbuilt"
"""The rule of a finding on code that a build fills in."""


def _unbuilt(tree: StackTree, *, certain: bool = False) -> Iterator[Finding]:
    """Warnings only: a deploy refuses such code. With `certain` without those on code that may run as it is."""
    for member in tree.members():
        for missing in unbuilt(member.resolver) if member.resolver.template.was_serverless else ():
            message = f"{missing.owner}: its {missing.what} is not built"
            yield _unbuilt_finding(message, advise(DeployAdvice.BUILD_NEWER_THAN_TEMPLATE), missing.file, missing.line)
    if not _names_built_runtime(tree):
        return
    from tapctl.packaging.unbuilt_code import unbuilt_code

    for code in unbuilt_code(tree):
        if code.certain or not certain:
            by_sam = SERVERLESS in tree.resolver.template.source.text
            hint = advise(
                DeployAdvice.RUN_SAM_OR_BUILD if by_sam else DeployAdvice.RUN_COMMAND, code.command, code.folder
            )
            if code.written:
                hint = with_step(hint, advise(DeployAdvice.NAME_BUILT_FILE, code.written))
            yield _unbuilt_finding(f"{code.owner}: {code.what}", hint, code.file, code.line)


_BUILT_RUNTIMES = ("nodejs", "ruby", "java", "dotnet", "provided", "go1.x")
"""How the runtimes begin whose dependencies tapctl does not install."""


def _names_built_runtime(tree: StackTree) -> bool:
    """Whether templates or parameters name such a runtime; few do, and only their folders are worth a look."""
    return any(
        runtime in text
        for member in tree.members()
        for text in (member.resolver.template.source.text, *map(str, member.parameters.given.values()))
        for runtime in _BUILT_RUNTIMES
    )


def _unbuilt_finding(message: str, hint: Hint, file: str, line: int) -> Finding:
    return Finding(None, Verdict.FITS, message, file=file, line=line, hints=(hint,), rule=UNBUILT, severity="warning")


def refuse_unbuilt(tree: StackTree) -> None:
    """Raise `TemplateError` for a function or layer whose code a build has to fill in, or that lacks dependencies."""
    if finding := next(_unbuilt(tree, certain=True), None):
        raise TemplateError(finding.message, finding.hints[0], file=finding.file, line=finding.line)


def _lint_findings(linting: Linting | None) -> tuple[Finding, ...]:
    return tuple(
        Finding(
            None,
            Verdict.FITS,
            match.message,
            file=match.file,
            line=match.line,
            hints=(advise(JudgementAdvice.READ_PAGE, match.docs),) if match.docs else (),
            rule=match.rule,
            severity=match.severity,
        )
        for match in (linting.matches() if linting else ())
    )
