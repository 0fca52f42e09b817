"""The checks of a stack's resources, each by the API of its own service."""

from collections.abc import Container, Iterable, Iterator

from tapctl.aws.session import Aws
from tapctl.sandbox.quirks import DROPPED_PROPERTIES, is_emulator
from tapctl.template.model import Resource
from tapctl.unknown import Unknown
from tapctl.verify.check import Check, CheckStatus, Job
from tapctl.verify.deployed_stack import DeployedStack
from tapctl.verify.resource_check import LiveResource, NotFound
from tapctl.verify.services import CHECKS_BY_TYPE


def resource_jobs(aws: Aws, stack: DeployedStack) -> dict[str, Job]:
    """Logical id to job, for the resources that have checks and whose condition is not false."""
    return {
        resource.logical_id: _job(aws, stack, resource)
        for resource in stack.template.resources()
        if resource.type in CHECKS_BY_TYPE and _exists(stack, resource) is not False
    }


def services(types: Iterable[str]) -> tuple[str, ...]:
    """The services that the checks of these resource types call."""
    return tuple(dict.fromkeys(check.service for each in types for check in CHECKS_BY_TYPE.get(each, ())))


def unchecked(stack: DeployedStack, drift_checked: Container[str] = frozenset()) -> Iterator[Check]:
    """One NOT_CHECKED for each resource type without checks; resources in `drift_checked` do not count."""
    types = [
        resource.type
        for resource in stack.template.resources()
        if resource.type not in CHECKS_BY_TYPE
        and resource.logical_id in stack.physical_ids
        and resource.logical_id not in drift_checked
    ]
    for resource_type in dict.fromkeys(types):
        count = types.count(resource_type)
        message = f"{count} resource{'s' if count > 1 else ''} of a type without checks"
        yield Check(resource_type, CheckStatus.NOT_CHECKED, message, "`--drift` checks it through CloudFormation")


def _exists(stack: DeployedStack, resource: Resource) -> bool | Unknown:
    return stack.resolver.exists(resource.condition, ("Resources", resource.logical_id))


def _job(aws: Aws, stack: DeployedStack, resource: Resource) -> Job:
    def run() -> list[Check]:
        name = resource.logical_id
        physical_id = stack.physical_ids.get(name)
        if not physical_id:
            if isinstance(exists := _exists(stack, resource), Unknown):
                message = f"cannot evaluate its condition: {exists.reason}"
                return [Check(name, CheckStatus.NOT_CHECKED, message, exists.resolution or None)]
            return [Check(name, CheckStatus.FAILED, "missing from the stack")]
        dropped = DROPPED_PROPERTIES.get(resource.type, frozenset()) if is_emulator(aws) else frozenset()
        return _run_checks(LiveResource(aws, name, physical_id, stack.properties(name), dropped), resource.type)

    return run


def _run_checks(resource: LiveResource, resource_type: str) -> list[Check]:
    """Every check of the type, up to the one that finds that the resource does not exist."""
    checks: list[Check] = []
    try:
        for resource_check in CHECKS_BY_TYPE[resource_type]:
            checks += resource_check.run(resource)
    except NotFound:
        checks.append(Check(resource.logical_id, CheckStatus.FAILED, f"{resource.physical_id} does not exist"))
    return checks
