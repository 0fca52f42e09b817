"""The workflow behind `preflight` and the first half of `deploy`: read the inputs, decide, report findings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tapctl.account.model import UNREAD, Account, AccountSettings
from tapctl.concurrency import limits_check
from tapctl.concurrency.findings import unknown_names
from tapctl.concurrency.floor import Floor
from tapctl.concurrency.judge import Judgement
from tapctl.concurrency.judge import judge as judge_concurrency
from tapctl.concurrency.parameter_override import with_overrides
from tapctl.concurrency.remedy import RemedyMode, RemedyPolicy, allocate
from tapctl.concurrency.result import Preflight
from tapctl.concurrency.two_step import plan_two_steps
from tapctl.concurrency.verdict import Finding, Verdict
from tapctl.hints import Advice, advise
from tapctl.limits import CATALOGUE, Limit, LimitKind
from tapctl.template.local_paths import RELATIVE
from tapctl.template.model import Template
from tapctl.template.nested import missing_paths
from tapctl.unknown import Unknown, total
from tapctl.workflows.read_inputs import Inputs, read_inputs, read_pending_increases

if TYPE_CHECKING:
    from tapctl.account.reader import AccountReader
    from tapctl.settings.settings import Settings
    from tapctl.template.lint import Linting


def preflight(
    template: Template,
    reader: AccountReader,
    settings: Settings,
    linting: Linting | None = None,
    replacements: frozenset[str] | None = None,
) -> Preflight:
    """Check a template against an account; changes nothing. The linting, if there is one, was started before."""
    result = judge(template, reader, settings, replacements)
    return replace(result, lint=(*_missing_paths(result), *_lint_findings(linting))) if linting else result


def judge(
    template: Template, reader: AccountReader, settings: Settings, replacements: frozenset[str] | None = None
) -> Preflight:
    """The verdict without linting; `replacements` is what a change set reports as replaced."""
    result = decide(template, read_inputs(template, reader, settings, replacements), settings)
    if result.concurrency.lacking:
        holders = reader.holders() if result.reserved_by_others else UNREAD
        account = replace(result.account, holders=holders)
        result = replace(result, account=account, pending_increases=read_pending_increases(reader))
    return with_findings(result, settings)


def decide(template: Template, inputs: Inputs, settings: Settings) -> Preflight:
    """The verdict on concurrency, the remedy and the two steps, without any read; the findings are not in it yet."""
    account, changes, pool = inputs.account, inputs.changes, inputs.account.settings.concurrency
    judgement = _with_doubts(
        inputs, judge_concurrency(changes, pool, pinned=settings.min_unreserved, learned=account.learned)
    )
    # Without the live stack it is unknown what the functions hold, and nothing is lowered.
    bounds = account.stack if isinstance(account.stack, Unknown) else judgement.floor
    two_step = plan_two_steps(changes, pool, bounds)
    # Two steps deploy what the template asks for, so no reservation is lowered for good.
    policy = RemedyPolicy(RemedyMode.FAIL) if two_step and two_step.first else settings.policy
    if two_step and two_step.first:
        two_step = replace(two_step, first=with_overrides(two_step.first, template, inputs.tree))
    return Preflight(
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
        is_sandbox=settings.sandbox,
        strict=settings.strict,
        coverage=limits_check.coverage(inputs.tree),
        not_compared=_not_compared(inputs, judgement),
    )


def with_findings(result: Preflight, settings: Settings) -> Preflight:
    """The decision with its findings on every limit that the template touches."""
    return replace(result, findings=(*limits_check.check_limits(result), *unknown_names(result.tree, settings.policy)))


def _not_compared(inputs: Inputs, judgement: Judgement) -> str:
    """Why the deployed template was not compared; empty if replacing every function would fit anyway."""
    kept = [change for change in inputs.changes if change.wanted and change.live and not change.replaced]
    claims = [change.claim_peak for change in kept]
    match judgement.outlook.peak, judgement.floor, total(claims):
        case int(peak), Floor(safe=safe), int(more) if peak - more >= safe:
            return ""
        case _:
            return inputs.effects.not_compared_reason if any(claim != 0 for claim in claims) else ""


def _with_doubts(inputs: Inputs, judgement: Judgement) -> Judgement:
    """Downgrade to unknown when a macro or a denied read makes the sums unreliable."""
    transforms = inputs.tree.resolver.template.transforms
    macro = next((resource for resource in inputs.demand.opaque_resources if resource.type in transforms), None)
    if macro and judgement.verdict is Verdict.FITS:
        judgement = replace(
            judgement,
            verdict=Verdict.UNKNOWN,
            reason=f"the macro {macro.type} may rewrite the template",
            resolution=advise(Advice.READ_PROCESSED_TEMPLATE),
        )
    stack = inputs.account.stack
    if isinstance(stack, Unknown) and any(change.grows for change in inputs.changes):
        return replace(judgement, verdict=Verdict.UNKNOWN, reason=stack.reason, resolution=stack.resolution)
    return judgement


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


def _lint_findings(linting: Linting) -> tuple[Finding, ...]:
    return tuple(
        Finding(
            None,
            Verdict.FITS,
            match.message,
            file=match.file,
            line=match.line,
            hints=(match.docs,) if match.docs else (),
            rule=match.rule,
            severity=match.severity,
        )
        for match in linting.matches()
    )


def survey(
    reader: AccountReader, settings: Settings, limits: Sequence[Limit] = CATALOGUE, *, holders: bool = False
) -> Account:
    """Everything of the account that the catalogue covers: what `tapctl account` shows and saves."""
    with ThreadPoolExecutor(5, "read") as pool:
        read: Future[AccountSettings] = pool.submit(reader.settings)
        identity = pool.submit(reader.identity)
        stack = pool.submit(reader.stack, settings.stack_name) if settings.stack_name else None
        quotas = pool.submit(reader.quotas, [limit for limit in limits if limit.kind is LimitKind.COUNT])
        exports = pool.submit(reader.exports)
        known = identity.result()
        return Account(
            region=settings.region if isinstance(known, Unknown) else known.region,
            settings=read.result(),
            account_id=None if isinstance(known, Unknown) else known.account_id,
            taken_at=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            stack=stack.result() if stack else None,
            quotas=quotas.result(),
            exports=exports.result(),
            learned=settings.learned,
            holders=reader.holders() if holders else UNREAD,
        )
