"""`Preflight`: everything that one preflight decided, worked out once and only read from then on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tapctl.account.model import UNREAD, Account, Increase, Quota, QuotaSource, Stack
from tapctl.concurrency.change import ClaimChange
from tapctl.concurrency.demand import Demand, OpaqueResource
from tapctl.concurrency.judge import Judgement
from tapctl.concurrency.remedy import NO_REMEDY, RemedyPlan
from tapctl.concurrency.replacement import NO_EFFECTS, UpdateEffects
from tapctl.concurrency.verdict import Finding, Verdict, Weakening, worst
from tapctl.limits import CONCURRENCY, Limit, LimitSettings
from tapctl.template.model import FN_TRANSFORM, INCLUDE, Template
from tapctl.template.nested import StackTree
from tapctl.template.parameters import KeptParameter
from tapctl.unknown import Unknown, known

if TYPE_CHECKING:
    from tapctl.concurrency.two_step import TwoStepPlan


@dataclass(frozen=True, slots=True)
class Preflight:
    """The inputs, the verdicts on them, and what a deploy would do about them.

    `changes` has every function before and after, `effects` what the update replaces and retains. `concurrency` is
    the verdict on concurrency and `findings` those on all limits. `plan` is the remedy with its parameter overrides,
    `two_step` the alternative to it. Renderers, `fix` and deploys decide nothing of this again.
    """

    template: Template
    tree: StackTree
    account: Account
    demand: Demand
    changes: tuple[ClaimChange, ...]
    concurrency: Judgement
    effects: UpdateEffects = NO_EFFECTS
    plan: RemedyPlan = NO_REMEDY
    two_step: TwoStepPlan | None = None
    """Set where a deploy in one step might fail although its end fits."""
    increases: Mapping[str, tuple[Increase, ...]] = field(default_factory=dict)
    """Requested increases that AWS has not decided yet, by the keys of the limits where an increase would help."""
    findings: tuple[Finding, ...] = ()
    lint: tuple[Finding, ...] = ()
    remedy_forbidden: bool = False
    """Whether the configuration forbids a remedy and two steps."""
    remedy_asks: bool = False
    """Whether a remedy and two steps need consent."""
    is_sandbox: bool = False
    strict: bool = False
    """Whether limits that were not read count as unknown."""
    limits: LimitSettings = field(default_factory=LimitSettings)
    """What tapctl.toml gives beside the catalogue and Service Quotas."""
    coverage: Mapping[str, int] = field(default_factory=dict)
    """The resource types whose limits are not covered, with how many resources there are of each."""
    env: str | None = None
    """The environment that was chosen."""
    env_option: str = ""
    """The option that chooses it, for the commands that hints name, with a blank before it."""
    deployed: StackTree | None = None
    """The template that the stack was deployed from, read where an amount of a limit may have changed."""
    kept: tuple[KeptParameter, ...] = ()
    """The parameters that keep the stack's value although the template's default has changed."""
    not_compared: str = ""
    """Why it is unknown what the update replaces, where that could change the verdict."""
    weakenings: tuple[Weakening, ...] = ()
    """What can weaken the verdict, in force or proposed by the change under test."""

    @property
    def stack_name(self) -> str | None:
        """The stack to update or to create; None where no name is given."""
        stack = self.account.stack
        return stack.name if isinstance(stack, Stack) else self.tree.resolver.pseudo.get("AWS::StackName")

    @property
    def pending_increases(self) -> tuple[Increase, ...]:
        """The requested increases of the concurrency limit."""
        return self.increases.get(CONCURRENCY.key, ())

    def quota(self, limit: Limit) -> Quota:
        """The quota in force and its usage: the value of tapctl.toml, else the one that was read.

        It is the documented default where the account has no part in it: nothing of it is read, and AWS raises it for
        none.
        """
        quota = self.account.quotas.get(limit.key, Quota(UNREAD, UNREAD))
        if override := self.limits.overrides.get(limit.key):
            return Quota(override.value, quota.usage, QuotaSource.CONFIGURED, quota.maybe)
        is_read = not isinstance(quota.value, Unknown)
        if is_read or limit.quota or limit.adjustable or limit.default is None:
            return quota
        return Quota(limit.default, quota.usage, QuotaSource.DOCUMENTED)

    @property
    def verdict(self) -> Verdict:
        return worst(finding.verdict for finding in self.findings if self.counts(finding))

    def counts(self, finding: Finding) -> bool:
        """Whether a finding is part of the verdict."""
        return (finding.judged or self.strict) and not finding.excused

    @property
    def reserved_by_others(self) -> int:
        """The concurrency that functions outside of the stack reserve, where the account's settings were read."""
        match self.concurrency.limit, self.concurrency.unreserved:
            case int(limit), int(unreserved):
                own = sum(known(change.claim_before) for change in self.changes)
                return max(0, limit - unreserved - own)
            case _:
                return 0

    @property
    def not_seen(self) -> list[OpaqueResource]:
        """Parts that an include or a macro adds and that change no finding; reports only list them."""
        unknown = (finding for finding in self.findings if finding.verdict is Verdict.UNKNOWN and finding.judged)
        named = {(finding.file, finding.line) for finding in unknown}
        brought = [place for place in self.demand.opaque_resources if place.type in (INCLUDE, FN_TRANSFORM)]
        return [place for place in brought if (place.file, place.line) not in named]

    @property
    def first_step(self) -> RemedyPlan | None:
        """The reservations of the first of two steps; None where one step is enough or two would not help."""
        return self.two_step.first if self.two_step else None

    @property
    def needs_consent(self) -> bool:
        """Whether a deploy may only go on with consent to its remedy, or to its two steps."""
        return self.remedy_asks and (self.first_step is not None or bool(self.plan.changes))

    @property
    def concurrency_after_remedy(self) -> Verdict:
        """The verdict on concurrency once the remedy is applied, or the deploy goes in two steps."""
        two_steps = self.first_step is not None and not self.remedy_forbidden
        remedied = self.plan.possible and bool(self.plan.changes)
        return Verdict.FITS if two_steps or remedied else self.concurrency.verdict

    @property
    def other_findings(self) -> list[Finding]:
        """The findings of the verdict that no remedy changes: on other limits, or on what was not read."""
        return [
            finding
            for finding in self.findings
            if self.counts(finding) and (finding.limit != CONCURRENCY.id or not finding.judged)
        ]

    @property
    def verdict_after_remedy(self) -> Verdict:
        """The verdict on what a deploy would execute."""
        return worst([*(finding.verdict for finding in self.other_findings), self.concurrency_after_remedy])

    @property
    def lint_errors(self) -> list[Finding]:
        return [finding for finding in self.lint if finding.severity == "error" and not finding.excused]
