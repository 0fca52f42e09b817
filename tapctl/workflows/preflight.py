"""The workflow behind `preflight` and the first half of `deploy`: read the inputs, decide, report findings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tapctl.account.model import UNREAD, Account, AccountSettings
from tapctl.concurrency import limits_check
from tapctl.concurrency.judge import Floor, Judgement
from tapctl.concurrency.judge import judge as judge_concurrency
from tapctl.concurrency.parameter_override import with_overrides
from tapctl.concurrency.remedy import RemedyMode, RemedyPolicy, allocate
from tapctl.concurrency.result import Preflight
from tapctl.concurrency.two_step import plan_two_steps
from tapctl.concurrency.verdict import Finding, Verdict
from tapctl.concurrency.warnings import unknown_names
from tapctl.errors import TemplateError
from tapctl.limits import CATALOGUE, Limit, LimitKind
from tapctl.template.local_paths import RELATIVE
from tapctl.template.model import Template
from tapctl.template.nested import StackTree, missing_paths
from tapctl.template.sam_build import unbuilt
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
    linted = (*_missing_paths(result), *_lint_findings(linting)) if linting else ()
    return replace(result, lint=(*_unbuilt(result.tree), *linted))


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
        remedy_asks=settings.remedy is RemedyMode.ASK,
        is_sandbox=settings.sandbox,
        strict=settings.strict,
        env=settings.env,
        coverage=limits_check.coverage(inputs.tree),
        not_compared=_not_compared(inputs, judgement),
    )


def with_findings(result: Preflight, settings: Settings) -> Preflight:
    """The decision with its findings on every limit that the template touches."""
    warnings = (*unknown_names(result.tree, settings.policy), *_duplicate_keys(result))
    return replace(result, findings=(*limits_check.check_limits(result), *warnings))


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
    """Downgrade to unknown when a denied read makes the sums unreliable."""
    stack = inputs.account.stack
    if isinstance(stack, Unknown) and any(change.grows for change in inputs.changes):
        return replace(judgement, verdict=Verdict.UNKNOWN, reason=stack.reason, resolution=stack.resolution)
    return judgement


DUPLICATE_KEY = "tapctl:duplicate-key"
"""The rule of a finding on a key that is given twice, which cfn-lint takes for an error."""


def _duplicate_keys(result: Preflight) -> Iterator[Finding]:
    """A warning for each, in every file of the tree once; CloudFormation takes the last one."""
    sources = {source.file: source for member in result.tree.members() for source in member.resolver.template.sources()}
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
                hints=("remove one of them",),
                rule=DUPLICATE_KEY,
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


UNBUILT = "tapctl:unbuilt"
"""The rule of a finding on code that a build fills in."""

_TAKES_BUILD = "its result, `.aws-sam/build/template.yaml`, is taken once it is newer than the template"


def _unbuilt(tree: StackTree) -> Iterator[Finding]:
    """Warnings only: where the code is does not change the verdict; a deploy without it is refused."""
    for member in tree.members():
        for missing in unbuilt(member.resolver) if member.resolver.template.was_serverless else ():
            yield Finding(
                None,
                Verdict.FITS,
                f"{missing.owner}: its {missing.what} is not built, which `sam build` does",
                file=missing.file,
                line=missing.line,
                hints=(_TAKES_BUILD,),
                rule=UNBUILT,
                severity="warning",
            )


def refuse_unbuilt(tree: StackTree) -> None:
    """Raise `TemplateError` for a function or layer whose code a build has to fill in."""
    if finding := next(_unbuilt(tree), None):
        raise TemplateError(finding.message, _TAKES_BUILD, file=finding.file, line=finding.line)


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
