"""What a preflight found, whole, for whoever renders it or acts on it."""

from dataclasses import dataclass

from tapctl.account.model import Account, Increase
from tapctl.concurrency.change import ClaimChange
from tapctl.concurrency.demand import Demand, EventSource
from tapctl.concurrency.judge import Judgement
from tapctl.concurrency.remedy import RemedyPlan
from tapctl.concurrency.verdict import Finding, Verdict, worst
from tapctl.template.model import Template
from tapctl.template.nested import StackTree
from tapctl.template.resolver import Resolver


@dataclass(frozen=True, slots=True)
class Preflight:
    """The verdict with everything that led to it."""

    template: Template
    tree: StackTree
    account: Account
    demand: Demand
    changes: tuple[ClaimChange, ...]
    concurrency: Judgement
    plan: RemedyPlan
    findings: tuple[Finding, ...]
    lint: tuple[Finding, ...] = ()
    staging: RemedyPlan | str | None = None
    """The first of two steps, where a deploy in one might fail on the way; or why two would not do either."""

    forbidden: bool = False
    """Whether a remedy is not wanted: `--remedy fail`."""

    uncompared: str = ""
    """Why nobody could tell what the update makes anew, where that could change the verdict."""

    @property
    def verdict(self) -> Verdict:
        return worst(finding.verdict for finding in self.findings if finding.judged)

    @property
    def lint_errors(self) -> list[Finding]:
        return [finding for finding in self.lint if finding.severity == "error"]


@dataclass(frozen=True, slots=True)
class Subject:
    """Everything that the findings are drawn from."""

    tree: StackTree
    account: Account
    changes: tuple[ClaimChange, ...]
    concurrency: Judgement
    staging: RemedyPlan | str | None = None
    plan: RemedyPlan | None = None
    pending: tuple[Increase, ...] = ()
    sources: tuple[EventSource, ...] = ()
    sandbox: bool = False
    """Whether the account is the sandbox, which no quota of AWS's raises."""
    forbidden: bool = False
    """Whether `--remedy fail` keeps a deploy from changing anything, or from going in two steps."""

    @property
    def advice(self) -> str | None:
        """What two steps could do about an order of updates that might fail."""
        allowed = "without `--remedy fail` " if self.forbidden else ""
        steps = f"{allowed}`tapctl deploy` does it in two steps: it lowers first, then raises"
        return steps if isinstance(self.staging, RemedyPlan) else self.staging

    @property
    def resolver(self) -> Resolver:
        """The root's."""
        return self.tree.resolver
