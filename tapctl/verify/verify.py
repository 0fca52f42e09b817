"""All checks of one stack, in parallel, in a steady order; what failed is asked again as long as somebody waits."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import chain

from tapctl.aws.session import Aws
from tapctl.settings.settings import Settings
from tapctl.stacks.follow import stack_flags
from tapctl.stacks.status import rule_for
from tapctl.template.model import Template
from tapctl.verify.check import Check, CheckStatus, Job, failed
from tapctl.verify.configured import check_http, check_patterns
from tapctl.verify.deployed_stack import Deployed, read
from tapctl.verify.drift import check_drift
from tapctl.verify.exports import check_exports
from tapctl.verify.http import Route
from tapctl.verify.outputs import check_outputs
from tapctl.verify.resources import resource_jobs, unchecked
from tapctl.verify.retry import RetryWindow
from tapctl.verify.webhook.probe import check_webhook

ONCE = RetryWindow(0)
AFTER_DEPLOY = RetryWindow(30, pause=1)
"""IAM, API Gateway and Lambda show a change some seconds after CloudFormation is done with it."""


@dataclass(frozen=True, slots=True)
class Verification:
    """Everything that was looked at in one stack."""

    stack_name: str
    checks: tuple[Check, ...]
    stack_id: str = ""
    template: Template | None = None
    """The file that the stack was made from, where it is known, to say in which line of it a check belongs."""

    @property
    def failed(self) -> list[Check]:
        return failed(self.checks)


def verify(
    aws: Aws,
    settings: Settings,
    route: Route,
    *,
    patience: RetryWindow = ONCE,
    drift: bool = False,
    tell: Callable[[str], None] = lambda _: None,
) -> Verification:
    """Look at the stack, its outputs, the resources behind them, and at what `[verify]` expects.

    `tell` hears once what failed and is asked again.
    """
    name = settings.stack_name
    assert name is not None  # noqa: S101 - the command refused to start without one
    checks: dict[str, list[Check]] = {}
    stack_id = ""
    for number, _ in enumerate(patience.tries()):
        if number == 1:
            waited_for = dict.fromkeys(each.subject for each in failed(chain(*checks.values())) if not each.lasting)
            tell(f"not right yet: {', '.join(waited_for)}; asking again for up to {patience.seconds:.0f} s")
        deployed = read(aws, stack_id or name)
        stack_id = deployed.id
        jobs = _jobs(aws, deployed, settings, route, drift=drift)
        checks |= _run({key: job for key, job in jobs.items() if key not in checks or _may_heal(checks[key])})
        if not any(map(_may_heal, checks.values())):
            break
    return Verification(name, tuple(chain(*checks.values())), stack_id)


def _jobs(aws: Aws, deployed: Deployed, settings: Settings, route: Route, *, drift: bool) -> dict[str, Job]:
    """Everything that can be looked at, by a name that stays from try to try."""
    expected = settings.verify
    stack: dict[str, Job] = {"stack": lambda: [_check_status(aws, deployed)]}
    if not rule_for(deployed.status).usable:
        return stack
    jobs: dict[str, Job] = {
        **stack,
        "outputs": partial(check_outputs, deployed),
        "patterns": partial(check_patterns, expected.outputs, deployed),
        "exports": partial(check_exports, aws, deployed),
    }
    jobs |= {f"resource {name}": job for name, job in resource_jobs(aws, deployed).items()}
    jobs["others"] = partial(check_drift, aws, deployed) if drift else partial(unchecked, deployed)
    for index, probe in enumerate(expected.http):
        jobs[f"http {index}"] = partial(check_http, probe, deployed, route)
    if expected.webhook:
        jobs["webhook"] = partial(check_webhook, expected.webhook, deployed, aws, settings.parameters, route)
    return jobs


def _run(jobs: dict[str, Job]) -> dict[str, list[Check]]:
    with ThreadPoolExecutor(8, "verify") as pool:
        running = {key: pool.submit(_found, job) for key, job in jobs.items()}
        return {key: future.result() for key, future in running.items()}


def _found(job: Job) -> list[Check]:
    return list(job())


def _may_heal(checks: Iterable[Check]) -> bool:
    return any(not each.lasting for each in failed(checks))


def _check_status(aws: Aws, deployed: Deployed) -> Check:
    """A state that no operation is going to end lasts."""
    row = rule_for(deployed.status)
    status = CheckStatus.PROVED if row.stable else CheckStatus.FAILED
    said, hint = f"{deployed.name} is {deployed.status}: {row.meaning}", None
    if not row.usable:
        agreed = " --recover" if row.consent else ""
        said = f"{said}; there is no working stack"
        hint = f"`tapctl deploy{stack_flags(aws, deployed.name)}{agreed}` makes it anew"
    return Check("stack", status, said, hint, lasting=row.end is not None)
