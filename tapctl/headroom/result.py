"""What a preflight found, whole, for whoever renders it or acts on it."""

from dataclasses import dataclass

from tapctl.account.model import Account
from tapctl.headroom.concurrency import Judgement
from tapctl.headroom.demand import Demand
from tapctl.headroom.remedy import Plan
from tapctl.headroom.transition import Change
from tapctl.headroom.verdict import Finding, Verdict, worst
from tapctl.template.family import Family
from tapctl.template.model import Template


@dataclass(frozen=True, slots=True)
class Preflight:
    """The verdict with everything that led to it."""

    template: Template
    family: Family
    account: Account
    demand: Demand
    changes: tuple[Change, ...]
    concurrency: Judgement
    plan: Plan
    findings: tuple[Finding, ...]
    lint: tuple[Finding, ...] = ()
    staging: Plan | str | None = None
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
