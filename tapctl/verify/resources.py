"""The resources behind a stack, each asked by its own API whether it is alive and as the template says.

What an API does not show back is `not checked`, never passed.
"""

from collections.abc import Container, Iterator

from tapctl.aws.session import Aws
from tapctl.template.model import Resource
from tapctl.unknown import Unknown
from tapctl.verify.check import Check, CheckStatus, Job
from tapctl.verify.deployed_stack import Deployed
from tapctl.verify.emulated import DROPPED, is_emulated
from tapctl.verify.resource import Gone, LiveResource
from tapctl.verify.resource_check import ResourceCheck
from tapctl.verify.services import CHECKS_BY_TYPE


def resource_jobs(aws: Aws, deployed: Deployed) -> dict[str, Job]:
    """One job for each resource whose type can be looked at, by logical id."""
    return {
        resource.logical_id: _job(aws, deployed, resource)
        for resource in deployed.template.resources()
        if resource.type in CHECKS_BY_TYPE and _exists(deployed, resource) is not False
    }


def unchecked(deployed: Deployed, compared: Container[str] = frozenset()) -> Iterator[Check]:
    """What nothing can look at and CloudFormation has not `compared`, said in one line a type, not passed over."""
    types = [
        each.type
        for each in deployed.template.resources()
        if each.type not in CHECKS_BY_TYPE and each.logical_id in deployed.physical and each.logical_id not in compared
    ]
    for kind in dict.fromkeys(types):
        message = f"{types.count(kind)} of this type; CloudFormation's word is taken for it"
        yield Check(kind, CheckStatus.NOT_CHECKED, message, "`--drift` asks CloudFormation to compare")


def _exists(deployed: Deployed, resource: Resource) -> bool | Unknown:
    return deployed.resolver.exists(resource.condition, ("Resources", resource.logical_id))


def _job(aws: Aws, deployed: Deployed, resource: Resource) -> Job:
    def run() -> list[Check]:
        name = resource.logical_id
        physical = deployed.physical.get(name)
        if not physical:
            if isinstance(exists := _exists(deployed, resource), Unknown):
                message = f"whether it should be there is not known: {exists.reason}"
                return [Check(name, CheckStatus.NOT_CHECKED, message, exists.resolution or None)]
            return [Check(name, CheckStatus.FAILED, "it is not in the stack")]
        dropped = DROPPED.get(resource.type, frozenset()) if is_emulated(aws) else frozenset()
        live = LiveResource(aws, name, physical, deployed.properties(name), dropped)
        return _looked_at(live, CHECKS_BY_TYPE[resource.type])

    return run


def _looked_at(live: LiveResource, looks: tuple[ResourceCheck, ...]) -> list[Check]:
    """Everything that the looks find, up to where the resource turns out to be gone."""
    checks: list[Check] = []
    try:
        for look in looks:
            checks += look.checks(live)
    except Gone as gone:
        checks.append(Check(live.logical_id, CheckStatus.FAILED, str(gone)))
    return checks
