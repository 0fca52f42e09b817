"""What a verdict is about: the template's family under its parameters, the account, and the sums on concurrency."""

from dataclasses import dataclass

from tapctl.account.model import Account, Increase
from tapctl.headroom.concurrency import Judgement
from tapctl.headroom.demand import EventSource
from tapctl.headroom.remedy import Plan
from tapctl.headroom.transition import Change
from tapctl.template.family import Family
from tapctl.template.resolve import Resolver


@dataclass(frozen=True, slots=True)
class Subject:
    """Everything that the findings are drawn from."""

    family: Family
    account: Account
    changes: tuple[Change, ...]
    concurrency: Judgement
    staging: Plan | str | None = None
    plan: Plan | None = None
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
        return steps if isinstance(self.staging, Plan) else self.staging

    @property
    def resolver(self) -> Resolver:
        """The root's."""
        return self.family.resolver
