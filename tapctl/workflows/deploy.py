"""The workflow behind `tapctl deploy`: judge, mend, deploy, and learn from a refusal before trying once more.

look at the stack -> preflight -> gate -> [first of two steps] -> change set -> headroom again -> execute
     ^                                                                              |           |
     |____________________ somebody took the headroom meanwhile ____________________|           |
     |____________________ AWS refused, and named the floor (once) _____________________________|
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from tapctl.account.floor_cache import remember
from tapctl.account.live import LiveAccount
from tapctl.account.model import LearnedFloor
from tapctl.concurrency import two_step
from tapctl.concurrency.remedy import RemedyPlan
from tapctl.concurrency.result import Preflight
from tapctl.concurrency.verdict import Verdict, worst
from tapctl.errors import BusyError, DeployFailed, ExitCode, TapctlError
from tapctl.hints import Hint
from tapctl.stacks.change_set import ChangeSet
from tapctl.stacks.operation import Observer
from tapctl.stacks.redaction import secrets_of
from tapctl.stacks.stack import StackDescription, describe_stack
from tapctl.stacks.status import StackAction
from tapctl.state.journal import Journal, opened
from tapctl.unknown import Unknown
from tapctl.workflows.deployer import Deployer, Outcome, Raced, check_parameters
from tapctl.workflows.no_op import find_no_op
from tapctl.workflows.preflight import judge, preflight
from tapctl.workflows.resume import resume

if TYPE_CHECKING:
    from tapctl.aws.session import Aws
    from tapctl.settings.settings import Settings
    from tapctl.template.lint import Linting
    from tapctl.template.model import Template

RACES = 5
"""How often the headroom may be taken away between verdict and execution before the deploy gives up."""


class Narrator(Observer, Protocol):
    """Who is shown the verdict, too."""

    def verdict(self, result: Preflight) -> None:
        """What the preflight found."""
        ...


class Blocked(TapctlError):
    """The verdict does not let the deploy go on; the exit code is the verdict's."""

    def __init__(self, code: ExitCode, message: str, hint: Hint | None = None) -> None:
        super().__init__(message, hint)
        self.exit_code = code  # type: ignore[misc]


@dataclass(frozen=True, slots=True)
class DeployResult:
    """A deploy that ended well."""

    preflight: Preflight | None
    """None where the stack was what it should be already, and nothing had to be judged."""
    outcome: Outcome
    unverified: bool = False
    """Whether a verification is owed, of this deploy or of an earlier one."""


def deploy(
    template: Template,
    deployer: Deployer,
    narrator: Narrator,
    linting: Linting | None,
    *,
    allow_uncertain: bool = False,
) -> DeployResult | None:
    """Deploy a template so that it fits; None when somebody said no, to the first of two steps if there were two.

    Raises `Blocked` when the verdict forbids it, and what `Deployer.deploy` raises.
    """
    found = describe_stack(deployer.aws, deployer.name)
    with _journal(deployer, found) as journal:
        secrets = secrets_of(template, deployer.settings.parameters)
        deployer = replace(deployer, journal=journal, secrets=secrets)
        stale = resume(deployer.operator, waits=deployer.waits) or journal.waited
        live = None if stale else found
        done = _release(template, deployer, narrator, linting, live, allow_uncertain=allow_uncertain)
        return replace(done, unverified=journal.entry.unverified) if done else None


def _journal(deployer: Deployer, live: StackDescription) -> AbstractContextManager[Journal]:
    """The journal of the stack in its account and Region; one for this run alone where the account is not known."""
    if live.id:
        return opened(live.id.split(":")[4], deployer.aws.region, deployer.name)
    identity = LiveAccount(deployer.aws).identity()
    if isinstance(identity, Unknown):
        return nullcontext(Journal())
    return opened(identity.account_id, deployer.aws.region, deployer.name)


def _release(
    template: Template,
    deployer: Deployer,
    narrator: Narrator,
    linting: Linting | None,
    live: StackDescription | None,
    *,
    allow_uncertain: bool,
) -> DeployResult | None:
    refused: DeployFailed | None = None
    first: Outcome | None = None
    replacements = None
    for _ in range(RACES):
        settings = deployer.settings
        live = deployer.recovery.ready(live, told=refused is not None)
        check_parameters(live, template, settings)
        if same := find_no_op(template, deployer, live):
            return DeployResult(same.preflight, deployer.untouched(live))
        result = preflight(template, LiveAccount(deployer.aws), settings, linting, replacements)
        linting = None
        narrator.verdict(result)
        gate(result, allow_uncertain=allow_uncertain)
        try:
            if plan := result.first_step:
                begun = _first_step(deployer, result, live, plan)
                if begun is None:
                    return _ended(result, None, first)
                first = begun if begun.changed else first
                deployer, live = _after(deployer, first), describe_stack(deployer.aws, deployer.name)
                narrator.step(two_step.describe_second(plan))
            outcome = _target(deployer, result, live, two_step.SECOND if plan else "")
        except Raced as raced:
            replacements = raced.replacements
            narrator.step(f"{raced.message}; working the remedy out anew")
        except DeployFailed as failure:
            if failure.minimum is None:
                raise
            if refused:
                raise _twice(refused, failure) from None
            refused = failure
            deployer = replace(deployer, settings=_learn(deployer.aws, settings, result, failure, narrator))
            _clear(deployer)
        else:
            return _ended(result, outcome, first)
        live = None
    raise BusyError(
        f"the headroom of the account changed {RACES} times before stack {deployer.name} could be deployed",
        "run it again when the other deploys are over",
    )


def _first_step(deployer: Deployer, result: Preflight, live: StackDescription, plan: RemedyPlan) -> Outcome | None:
    """Free what the target needs, and raise nothing; None when somebody said no."""
    told = two_step.describe_first(result.changes, plan)
    deployer.observer.step(f"in two steps, since the order of the updates in one might fail; {told}")
    # The second step needs the end of the first, even where nobody waits for its own.
    first = replace(deployer, waits=True, part=two_step.FIRST).deploy(replace(result, plan=plan), live)
    return replace(first, only=told) if first else None


def _after(deployer: Deployer, first: Outcome | None) -> Deployer:
    return replace(deployer, before=two_step.FIRST) if first else deployer


def _target(deployer: Deployer, result: Preflight, live: StackDescription, part: str) -> Outcome | None:
    """Execute what was asked for in the end; None when somebody said no."""
    return replace(deployer, part=part).deploy(result, live, lambda found: _still_fits(deployer, result, found))


def _ended(result: Preflight, outcome: Outcome | None, first: Outcome | None) -> DeployResult | None:
    """A no to the target leaves the first step, where there was one."""
    ended = outcome or first
    return DeployResult(result, ended) if ended else None


def _clear(deployer: Deployer) -> None:
    """Leave no failed stack behind where the next verdict may end the deploy."""
    live = deployer.recovery.ready(told=True)
    if live.action is StackAction.RECREATE:
        deployer.recovery.clear(live)


def _twice(first: DeployFailed, second: DeployFailed) -> DeployFailed:
    """Both refusals, for a deploy that gives up."""
    before = "in the same words" if first.message == second.message else f"as well: {first.message}"
    message = f"{second.message}; the attempt before it was refused {before}"
    return DeployFailed(message, second.hint, minimum=second.minimum)


def _still_fits(deployer: Deployer, result: Preflight, found: ChangeSet) -> bool:
    """Read the headroom again, right before executing: does the same plan still do, with what will be replaced?"""
    again = judge(result.template, LiveAccount(deployer.aws), deployer.settings, found.replaced)
    before, now = result.concurrency_after_remedy, again.concurrency_after_remedy
    return again.plan.remedies == result.plan.remedies and worst([before, now]) is before


def gate(result: Preflight, *, allow_uncertain: bool) -> None:
    """Let the deploy go on only when it fits, or will. Raises `Blocked` with the exit code of what forbids it."""
    if result.lint_errors:
        raise Blocked(ExitCode.USAGE, "not deployed: cfn-lint found errors", "mend them, or `--no-lint`")
    verdict = result.verdict_after_remedy
    if verdict is Verdict.EXCEEDS:
        raise Blocked(
            verdict.exit_code, f"not deployed: the verdict is {verdict.value}", "see above for what would help"
        )
    if verdict is not Verdict.FITS and not allow_uncertain:
        hint = "resolution it as said above, or `--allow-uncertain`"
        raise Blocked(verdict.exit_code, f"not deployed: the verdict is {verdict.value}", hint)


def _learn(aws: Aws, settings: Settings, result: Preflight, failure: DeployFailed, narrator: Narrator) -> Settings:
    """Remember the floor that AWS named, and judge by it from now on, whatever was pinned."""
    limit, identity = result.concurrency.limit, LiveAccount(aws).identity()
    pinned = settings.min_unreserved
    instead = "" if pinned is None else f", not the {pinned} that was given"
    narrator.step(f"AWS refused, and names the minimum, {failure.minimum}{instead}; judging anew by that")
    if not isinstance(limit, int) or failure.minimum is None:
        return settings
    today = datetime.now(UTC).strftime("%Y-%m-%d")
    learned = LearnedFloor(failure.minimum, limit, today, f"an event of stack {settings.stack_name}")
    if not isinstance(identity, Unknown):
        remember(identity.account_id, identity.region, learned)
    return replace(settings, learned=learned, min_unreserved=None)
