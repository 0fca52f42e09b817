"""Runs all checks of one stack in parallel, and retries the jobs with failures while the retry window lasts."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import chain

from tapctl.aws.session import Aws
from tapctl.concurrency.remedy import Remedy, RemedyAction
from tapctl.hints import advise
from tapctl.hints.deploy import DeployAdvice
from tapctl.resource_types import RESERVED_CONCURRENCY
from tapctl.settings.settings import Settings
from tapctl.stacks.follow import stack_flags
from tapctl.stacks.status import rule_for
from tapctl.state import journal
from tapctl.template.model import Template
from tapctl.unknown import Unknown
from tapctl.verify.check import Check, CheckStatus, Job, failed
from tapctl.verify.compare import same
from tapctl.verify.deployed_stack import DeployedStack, read
from tapctl.verify.drift import check_drift
from tapctl.verify.http import Route, check_http
from tapctl.verify.invoke import check_invocation
from tapctl.verify.outputs import check_exports, check_outputs, check_patterns
from tapctl.verify.resources import resource_jobs, unchecked
from tapctl.verify.retry import RetryWindow
from tapctl.verify.webhook.probe import check_webhook

ONCE = RetryWindow(0)
AFTER_DEPLOY = RetryWindow(30, pause=1)
"""IAM, API Gateway and Lambda apply some changes seconds after CloudFormation reports the deploy complete."""


@dataclass(frozen=True, slots=True)
class Verification:
    """The checks of one stack, in the order of its template."""

    stack_name: str
    checks: tuple[Check, ...]
    stack_id: str = ""
    template: Template | None = None
    """The template file, where it is known: reports take line numbers from it."""
    env: str | None = None
    """The environment, where it is known."""

    @property
    def failed(self) -> list[Check]:
        return failed(self.checks)

    @property
    def remedies(self) -> list[Check]:
        """The checks that state what a remedy has changed."""
        return [check for check in self.checks if check.remedied]


def verify(
    aws: Aws,
    settings: Settings,
    route: Route,
    *,
    retry: RetryWindow = ONCE,
    drift: bool = False,
    progress: Callable[[str], None] = lambda _: None,
) -> Verification:
    """Check the stack, its outputs, its resources and the expectations in `[verify]`.

    `progress` is called once, before the first retry.
    """
    name = settings.stack_name
    assert name is not None  # noqa: S101 - commands require a stack name
    results: dict[str, list[Check]] = {}
    stack_id = ""
    for attempt, _ in enumerate(retry.tries()):
        if attempt == 1:
            progress(f"failed: {', '.join(_retried(results))}; retrying for up to {retry.seconds:.0f} s")
        stack = read(aws, stack_id or name)
        stack_id = stack.id
        jobs = _jobs(aws, stack, settings, route, drift=drift)
        results |= _run({key: job for key, job in jobs.items() if key not in results or _can_recover(results[key])})
        if not any(map(_can_recover, results.values())):
            break
    return Verification(name, tuple(chain(*results.values())), stack_id)


def _jobs(aws: Aws, stack: DeployedStack, settings: Settings, route: Route, *, drift: bool) -> dict[str, Job]:
    """Every job of the stack, by a key that is the same in every attempt."""
    jobs: dict[str, Job] = {"stack": lambda: [_check_status(aws, stack)]}
    if not rule_for(stack.status).usable:
        return jobs
    config, stacks = settings.verify, [member for member in stack.members() if rule_for(member.status).usable]
    jobs |= {f"outputs {member.prefix}": partial(check_outputs, member, route) for member in stacks}
    jobs |= {
        "patterns": partial(check_patterns, config.outputs, stack),
        "exports": partial(check_exports, aws, stacks),
    }
    jobs["remedies"] = partial(check_remedies, stack)
    jobs |= {f"resource {name}": job for name, job in resource_jobs(aws, stacks).items()}
    jobs["others"] = partial(check_drift, aws, stacks) if drift else partial(unchecked, stacks)
    if config.elsewhere:
        jobs["configuration"] = lambda: [_not_applied(config.elsewhere)]
    jobs |= {f"http {index}": partial(check_http, probe, stack, route) for index, probe in enumerate(config.http)}
    jobs |= {
        f"invoke {index}": partial(check_invocation, probe, stack, aws) for index, probe in enumerate(config.invoke)
    }
    if config.webhook:
        jobs["webhook"] = partial(check_webhook, config.webhook, stack, aws, settings.parameters, route)
    return jobs


def _not_applied(elsewhere: str) -> Check:
    message = f"[verify] of tapctl.toml is for {elsewhere}, so it is not applied"
    return Check("configuration", CheckStatus.NOT_CHECKED, message)


def _run(jobs: dict[str, Job]) -> dict[str, list[Check]]:
    with ThreadPoolExecutor(8, "verify") as pool:
        futures = {key: pool.submit(lambda run: list(run()), job) for key, job in jobs.items()}
        return {key: future.result() for key, future in futures.items()}


def _can_recover(checks: Iterable[Check]) -> bool:
    """Whether a retry may turn a failure into a success."""
    return any(not check.permanent for check in failed(checks))


def _retried(results: dict[str, list[Check]]) -> list[str]:
    """The subjects of the failures that are retried."""
    return list(dict.fromkeys(check.subject for check in failed(chain(*results.values())) if not check.permanent))


def check_remedies(stack: DeployedStack) -> Iterator[Check]:
    """Checks that state the remedies of this machine's last deploy, as far as the stack still has them."""
    for name, (requested, value) in journal.remedied(stack.id).items():
        remedy = Remedy(RemedyAction.DROP if value is None else RemedyAction.LOWER, value, requested or 0)
        if _has(stack, name, value):
            yield Check(name, CheckStatus.PROVED, remedy.effect, remedied=True, permanent=True)


def _has(stack: DeployedStack, name: str, value: int | None) -> bool:
    """Whether the function is deployed with the reservation; assumed for a function of a nested stack."""
    if "/" in name:
        return True
    if name not in stack.template.body["Resources"]:
        return False
    reserved = stack.properties(name).get(RESERVED_CONCURRENCY)
    return isinstance(reserved, Unknown) or same(value, reserved)


def _check_status(aws: Aws, stack: DeployedStack) -> Check:
    """The status of the stack. A failure is permanent unless an operation is in progress."""
    rule = rule_for(stack.status)
    status = CheckStatus.PROVED if rule.stable else CheckStatus.FAILED
    message, hint = f"{stack.name} is {stack.status}: {rule.meaning}", None
    if not rule.usable:
        message = f"{message}; there is no working stack"
        recreate = DeployAdvice.RECREATE_WITH_RECOVER if rule.consent else DeployAdvice.RECREATE_STACK
        hint = advise(recreate, stack_flags(aws, stack.name))
    return Check("stack", status, message, hint, permanent=rule.end is not None)
