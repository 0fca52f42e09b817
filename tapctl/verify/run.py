"""All checks of one stack, in parallel, in a steady order."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from tapctl.aws import Aws
from tapctl.config import Settings
from tapctl.deploy.stack_state import End, state
from tapctl.verify.check import Check, Status, failed
from tapctl.verify.http import Route
from tapctl.verify.outputs import check_outputs
from tapctl.verify.resources import resource_jobs, unchecked
from tapctl.verify.subject import Deployed, read
from tapctl.verify.webhook import check_webhook


@dataclass(frozen=True, slots=True)
class Verification:
    """Everything that was looked at in one stack."""

    stack_name: str
    checks: tuple[Check, ...]

    @property
    def failed(self) -> list[Check]:
        return failed(self.checks)


def verify(aws: Aws, settings: Settings, route: Route) -> Verification:
    """Look at the stack, its outputs, the resources behind them, and send the configured webhook."""
    name = settings.stack_name
    assert name is not None  # noqa: S101 - the command refused to start without one
    deployed = read(aws, name)
    with ThreadPoolExecutor(8, "verify") as pool:
        resources = [pool.submit(job) for job in resource_jobs(aws, deployed).values()]
        checks = [_check_status(deployed), *check_outputs(deployed)]
        for job in resources:
            checks += job.result()
        checks += unchecked(deployed)
        if probe := settings.verify.webhook:
            checks += check_webhook(probe, deployed, aws, settings.parameters, route)
    return Verification(name, tuple(checks))


def _check_status(deployed: Deployed) -> Check:
    row = state(deployed.status)
    status = Status.PROVED if row.end is End.SUCCESS else Status.FAILED
    return Check("stack", status, f"{deployed.name} is {deployed.status}: {row.meaning}")
