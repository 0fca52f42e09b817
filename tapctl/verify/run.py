"""All checks of one stack, in parallel, in a steady order."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from tapctl.aws import Aws
from tapctl.config import Settings, WebhookProbe, secret_value
from tapctl.deploy.stack_state import End, state
from tapctl.errors import ConfigError
from tapctl.verify.check import Check, Status, failed
from tapctl.verify.outputs import check_outputs
from tapctl.verify.resources import check_resources, unchecked
from tapctl.verify.subject import Deployed, read
from tapctl.verify.webhook import Route, check_webhook


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
        resources = [pool.submit(job) for job in check_resources(aws, deployed)]
        checks = [_check_status(deployed), *check_outputs(deployed)]
        for job in resources:
            checks += job.result()
        checks += unchecked(deployed)
        if probe := settings.verify.webhook:
            checks += check_webhook(probe, deployed, aws, _secret(probe, settings), route)
    return Verification(name, tuple(checks))


def _check_status(deployed: Deployed) -> Check:
    row = state(deployed.status)
    status = Status.PROVED if row.end is End.SUCCESS else Status.FAILED
    return Check("stack", status, f"{deployed.name} is {deployed.status}: {row.meaning}")


def _secret(probe: WebhookProbe, settings: Settings) -> str | None:
    """The first secret of the provider; `secret_parameter` holds a JSON object from provider to secrets."""
    if probe.secret is not None:
        return secret_value(probe.secret, "[verify.webhook] secret")
    text = settings.parameters.get(probe.secret_parameter or "")
    if text is None:
        return None
    try:
        secrets = json.loads(text)[probe.provider]
        return str(secrets if isinstance(secrets, str) else secrets[0])
    except (ValueError, KeyError, IndexError, TypeError):
        raise ConfigError(
            f"parameter {probe.secret_parameter} is no JSON object with a list of secrets for {probe.provider}",
            f'for example {{"{probe.provider}": ["whsec_…"]}}',
        ) from None
