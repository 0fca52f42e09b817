"""The workflow behind `preflight` and the first half of `deploy`: gather, judge, propose."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tapctl.account.model import Account, AccountSettings, Increase
from tapctl.concurrency import limits_check, remedy, two_step
from tapctl.concurrency.findings import unknown_names
from tapctl.concurrency.floor import Floor
from tapctl.concurrency.judge import Judgement
from tapctl.concurrency.judge import judge as judge_concurrency
from tapctl.concurrency.remedy import RemedyMode, RemedyPlan, RemedyPolicy
from tapctl.concurrency.result import Preflight, Subject
from tapctl.concurrency.verdict import Finding, Verdict
from tapctl.limits import CATALOGUE, CONCURRENCY, Limit, LimitKind
from tapctl.template.local_paths import RELATIVE
from tapctl.template.model import Template
from tapctl.template.nested import missing_paths
from tapctl.unknown import Unknown, total
from tapctl.workflows.read_inputs import Inputs, read_inputs

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
    """Judge a template against an account; changes nothing. The linting, if there is one, was started before."""
    judged = judge(template, reader, settings, replacements)
    return replace(judged, lint=(*_unbuilt(judged), *_lint_findings(linting))) if linting else judged


UNBUILT = "tapctl:local-path"
"""What is said of a local path that names nothing, as a rule of cfn-lint's is."""


def _unbuilt(judged: Preflight) -> Iterator[Finding]:
    """Warnings, because a build may come between a preflight and the deploy, which refuses what is not there."""
    for each in missing_paths(judged.tree):
        yield Finding(
            None,
            Verdict.FITS,
            f"{each.owner}: there is no {each.name}",
            file=each.file,
            line=each.line,
            hint=RELATIVE,
            rule=UNBUILT,
            severity="warning",
        )


def judge(
    template: Template, reader: AccountReader, settings: Settings, replacements: frozenset[str] | None = None
) -> Preflight:
    """The verdict without linting; `replacements` is what a change set says will be replaced."""
    found = read_inputs(template, reader, settings, replacements)
    account, changes, pool = found.account, found.changes, found.account.settings.concurrency
    sums = _with_doubts(
        found, judge_concurrency(changes, pool, pinned=settings.min_unreserved, learned=account.learned)
    )
    # Nothing is lowered while nobody knows what the functions hold.
    bounds = account.stack if isinstance(account.stack, Unknown) else sums.floor
    steps = two_step.first_step(changes, pool, bounds)
    # Two steps bring about what was asked for, so nothing needs to be lowered for good.
    policy = RemedyPolicy(RemedyMode.FAIL) if isinstance(steps, RemedyPlan) else settings.policy
    plan = remedy.allocate(changes, pool, bounds, policy)
    subject = Subject(
        found.tree,
        account,
        changes,
        sums,
        steps,
        plan,
        _pending(reader, sums),
        found.demand.event_sources,
        sandbox=settings.sandbox,
        forbidden=settings.remedy is RemedyMode.FAIL,
    )
    return Preflight(
        template,
        found.tree,
        account,
        found.demand,
        changes,
        sums,
        plan,
        (*limits_check.check_limits(subject), *unknown_names(found.tree, settings.policy)),
        staging=steps,
        forbidden=subject.forbidden,
        uncompared=_uncompared(found, sums),
    )


def _uncompared(found: Inputs, sums: Judgement) -> str:
    """Why nobody compared the templates, unless there is room for all that the stack holds a second time."""
    twice = [change.top for change in found.changes if change.wanted and change.live and not change.replaced]
    match sums.outlook.peak, sums.floor, total(twice):
        case int(peak), Floor(safe=safe), int(more) if peak - more >= safe:
            return ""
        case _:
            return found.uncompared if any(claim != 0 for claim in twice) else ""


def _with_doubts(found: Inputs, sums: Judgement) -> Judgement:
    """The same, unless a macro or a denied read leaves open what the sums are about."""
    macro = next(
        (each for each in found.demand.opaque_resources if each.type in found.tree.resolver.template.transforms), None
    )
    if macro and sums.verdict is Verdict.FITS:
        reason = f"the macro {macro.type} may rewrite the template"
        resolution = "judge what it makes: `aws cloudformation get-template --template-stage Processed`"
        sums = replace(sums, verdict=Verdict.UNKNOWN, reason=reason, resolution=resolution)
    stack = found.account.stack
    if isinstance(stack, Unknown) and any(change.grows for change in found.changes):
        sums = replace(sums, verdict=Verdict.UNKNOWN, reason=stack.reason, resolution=stack.resolution)
    return sums


def _pending(reader: AccountReader, sums: Judgement) -> tuple[Increase, ...]:
    """Higher quotas that were asked for already, where one would help; what may not be read is not said."""
    if not sums.lacking:
        return ()
    asked = reader.pending_increases(CONCURRENCY)
    return () if isinstance(asked, Unknown) else asked


def survey(reader: AccountReader, settings: Settings, limits: Sequence[Limit] = CATALOGUE) -> Account:
    """The whole account as far as the catalogue goes: what `tapctl account` shows and saves."""
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
        )


def _lint_findings(linting: Linting) -> tuple[Finding, ...]:
    return tuple(
        Finding(
            None,
            Verdict.FITS,
            match.message,
            file=match.file,
            line=match.line,
            hint=match.docs or None,
            rule=match.rule,
            severity=match.severity,
        )
        for match in linting.matches()
    )
