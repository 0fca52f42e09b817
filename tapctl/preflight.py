"""The workflow behind `preflight` and the first half of `deploy`: gather, judge, propose."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tapctl.account.model import Account, Stack
from tapctl.account.model import Settings as AccountSettings
from tapctl.headroom import assess, concurrency, remedy, staging
from tapctl.headroom.claims import read_demand
from tapctl.headroom.demand import Demand
from tapctl.headroom.remedy import Mode, Plan, Policy
from tapctl.headroom.result import Preflight
from tapctl.headroom.subject import Subject
from tapctl.headroom.transition import transition
from tapctl.headroom.verdict import Finding, Verdict
from tapctl.limits import CATALOGUE, Kind, Limit
from tapctl.template.family import Family, family
from tapctl.template.model import Template
from tapctl.template.parameters import Parameters
from tapctl.unknown import Unknown

if TYPE_CHECKING:
    from tapctl.account.ports import AccountReader
    from tapctl.config import Settings
    from tapctl.template.lint import Linting


def family_for(template: Template, settings: Settings, account: Account | None = None) -> Family:
    """The template and its nested ones under the given parameters, the live stack's, and their defaults."""
    stack = account.stack if account and isinstance(account.stack, Stack) else None
    declared = template.parameters
    previous = {name: value for name, value in (stack.parameters if stack else {}).items() if name in declared}
    lookups = {**(account.lookups if account else {}), **settings.lookups}
    return family(template, Parameters(settings.parameters, previous, lookups), _pseudo(settings, account))


def _pseudo(settings: Settings, account: Account | None) -> dict[str, str]:
    region = settings.region or (account.region if account else None)
    known: dict[str, str] = {}
    if region:
        china, gov = region.startswith("cn-"), region.startswith("us-gov-")
        known["AWS::Region"] = region
        known["AWS::Partition"] = "aws-cn" if china else "aws-us-gov" if gov else "aws"
        known["AWS::URLSuffix"] = "amazonaws.com.cn" if china else "amazonaws.com"
    if account and account.account_id:
        known["AWS::AccountId"] = account.account_id
    if settings.stack_name:
        known["AWS::StackName"] = settings.stack_name
    return known


def preflight(
    template: Template, reader: AccountReader, settings: Settings, linting: Linting | None = None
) -> Preflight:
    """Judge a template against an account; changes nothing. The linting, if there is one, was started before."""
    judged = judge(template, reader, settings)
    return replace(judged, lint=_lint_findings(template, linting)) if linting else judged


def judge(template: Template, reader: AccountReader, settings: Settings) -> Preflight:
    """The verdict without linting."""
    account, kin, demand = gather(template, reader, settings)
    live = account.stack.functions if isinstance(account.stack, Stack) else {}
    changes = transition(demand, live)
    sums = concurrency.judge(
        changes, account.settings.concurrency, pinned=settings.min_unreserved, learned=settings.learned
    )
    macro = next((each for each in demand.unseen if each.type in kin.resolver.template.transforms), None)
    if macro and sums.verdict is Verdict.FITS:
        reason = f"the macro {macro.type} may rewrite the template"
        settle = "judge what it makes: `aws cloudformation get-template --template-stage Processed`"
        sums = replace(sums, verdict=Verdict.UNKNOWN, reason=reason, settle=settle)
    if isinstance(account.stack, Unknown) and any(change.grows for change in changes):
        sums = replace(sums, verdict=Verdict.UNKNOWN, reason=account.stack.reason, settle=account.stack.settle)
    # Nothing is lowered while nobody knows what the functions hold.
    bounds = account.stack if isinstance(account.stack, Unknown) else sums.floor
    pool = account.settings.concurrency
    plan = remedy.plan(changes, pool, bounds, settings.policy)
    steps = staging.first_step(changes, pool, bounds)
    if isinstance(steps, Plan):
        # Two steps bring about what was asked for, so nothing needs to be lowered for good.
        plan = remedy.plan(changes, pool, bounds, Policy(Mode.FAIL))
    return Preflight(
        template,
        kin,
        account,
        demand,
        changes,
        sums,
        plan,
        assess.assess(Subject(kin, account, changes, sums, steps, plan)),
        staging=steps,
        forbidden=settings.remedy is Mode.FAIL,
    )


def gather(template: Template, reader: AccountReader, settings: Settings) -> tuple[Account, Family, Demand]:
    """Read what the template touches, and nothing else; the stack first, because its parameters may count."""
    with ThreadPoolExecutor(4, "read") as pool:
        reading = pool.submit(reader.settings)
        identity = pool.submit(reader.identity) if "AWS::AccountId" in template.source.text else None
        stack = reader.stack(settings.stack_name) if settings.stack_name else None
        read = reading.result()
        known = identity.result() if identity else None
        account_id = None if known is None or isinstance(known, Unknown) else known.account_id
        account = Account(settings.region, read, account_id, stack=stack)
        kin, demand, account = look_up(template, reader, settings, account)
        limits = assess.touched(kin, stack)
        quotas = pool.submit(reader.quotas, [limit for limit in limits if limit.kind is Kind.COUNT])
        exports = pool.submit(reader.exports) if any(limit.kind is Kind.EXPORTS for limit in limits) else None
        account = replace(account, quotas=quotas.result(), exports=exports.result() if exports else account.exports)
    return account, kin, demand


def look_up(
    template: Template, reader: AccountReader, settings: Settings, account: Account
) -> tuple[Family, Demand, Account]:
    """Ask parameter store and exports for what the demand hangs on, until nothing more comes up."""
    while True:
        kin = family_for(template, settings, account)
        demand = read_demand(kin)
        keys = sorted({each.lookup for each in demand.unknowns if each.lookup} - set(account.lookups))
        if not keys:
            return kin, demand, account
        account = replace(account, lookups={**account.lookups, **reader.look_up(keys)})


def survey(reader: AccountReader, settings: Settings, limits: Sequence[Limit] = CATALOGUE) -> Account:
    """The whole account as far as the catalogue goes: what `tapctl account` shows and saves."""
    with ThreadPoolExecutor(5, "read") as pool:
        read: Future[AccountSettings] = pool.submit(reader.settings)
        identity = pool.submit(reader.identity)
        stack = pool.submit(reader.stack, settings.stack_name) if settings.stack_name else None
        quotas = pool.submit(reader.quotas, [limit for limit in limits if limit.kind is Kind.COUNT])
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
        )


PACKAGED = "W3002"
"""cfn-lint's warning that a local path must be packaged first, which `tapctl deploy` does."""


def _lint_findings(template: Template, linting: Linting) -> tuple[Finding, ...]:
    return tuple(
        Finding(
            None,
            Verdict.FITS,
            match.message,
            file=template.file,
            line=match.line,
            hint=match.docs or None,
            rule=match.rule,
            severity=match.severity,
        )
        for match in linting.matches()
        if match.rule != PACKAGED
    )
