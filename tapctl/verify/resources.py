"""The checks of a stack's resources, each by the API of its own service, and of its nested stacks."""

from collections.abc import Container, Iterable, Iterator, Sequence

from tapctl.aws.session import Aws
from tapctl.hints import advise
from tapctl.hints.deploy import DeployAdvice
from tapctl.resource_types import STACK
from tapctl.sandbox.quirks import DROPPED_PROPERTIES, is_emulator
from tapctl.stacks.status import rule_for
from tapctl.template.model import Resource
from tapctl.template.nested import passed_down
from tapctl.unknown import Unknown
from tapctl.verify.check import Check, CheckStatus, Job
from tapctl.verify.deployed_stack import DeployedStack
from tapctl.verify.resource_check import Answers, LiveResource, NotFound
from tapctl.verify.services import CHECKS_BY_TYPE


def resource_jobs(aws: Aws, stacks: Sequence[DeployedStack]) -> dict[str, Job]:
    """Logical id to job, for the resources that have checks and whose condition is not false."""
    answers, emulated = Answers(aws), is_emulator(aws)
    peers: dict[str, tuple[str, ...]] = {}
    for stack, resource in _checked(stacks):
        if physical_id := stack.physical_ids.get(resource.logical_id):
            peers[resource.type] = (*peers.get(resource.type, ()), physical_id)

    def live(stack: DeployedStack, resource: Resource, physical_id: str) -> LiveResource:
        dropped = DROPPED_PROPERTIES.get(resource.type, frozenset()) if emulated else frozenset()
        name, properties = f"{stack.prefix}{resource.logical_id}", stack.properties(resource.logical_id)
        return LiveResource(answers, name, physical_id, properties, dropped, peers[resource.type])

    def job(stack: DeployedStack, resource: Resource) -> Job:
        def run() -> Iterable[Check]:
            if not (physical_id := stack.physical_ids.get(resource.logical_id)):
                return [_without_physical_id(stack, resource)]
            if resource.type == STACK:
                return _nested_stack(stack, resource, physical_id)
            return _run_checks(live(stack, resource, physical_id), resource.type)

        return run

    return {f"{stack.prefix}{resource.logical_id}": job(stack, resource) for stack, resource in _checked(stacks)}


def services(types: Iterable[str]) -> tuple[str, ...]:
    """The services that the checks of these resource types call."""
    return tuple(dict.fromkeys(check.service for type_ in types for check in CHECKS_BY_TYPE.get(type_, ())))


def _checked(stacks: Iterable[DeployedStack]) -> Iterator[tuple[DeployedStack, Resource]]:
    for stack in stacks:
        for resource in stack.template.resources():
            if _has_checks(resource) and _exists(stack, resource) is not False:
                yield stack, resource


def _has_checks(resource: Resource) -> bool:
    return resource.type in CHECKS_BY_TYPE or resource.type == STACK


def unchecked(stacks: Iterable[DeployedStack], drift_checked: Container[str] = frozenset()) -> Iterator[Check]:
    """One NOT_CHECKED for each resource type without checks; resources in `drift_checked` do not count."""
    types = [
        resource.type
        for stack in stacks
        for resource in stack.template.resources()
        if not _has_checks(resource)
        and resource.logical_id in stack.physical_ids
        and f"{stack.prefix}{resource.logical_id}" not in drift_checked
    ]
    for resource_type in dict.fromkeys(types):
        count = types.count(resource_type)
        message = f"{count} resource{'s' if count > 1 else ''} of a type without checks"
        yield Check(resource_type, CheckStatus.NOT_CHECKED, message, advise(DeployAdvice.CHECK_DRIFT))


def _exists(stack: DeployedStack, resource: Resource) -> bool | Unknown:
    return stack.resolver.exists(resource.condition, ("Resources", resource.logical_id))


def _without_physical_id(stack: DeployedStack, resource: Resource) -> Check:
    name = f"{stack.prefix}{resource.logical_id}"
    if isinstance(exists := _exists(stack, resource), Unknown):
        message = f"cannot evaluate its condition: {exists.reason}"
        return Check(name, CheckStatus.NOT_CHECKED, message, exists.resolution)
    return Check(name, CheckStatus.FAILED, "missing from the stack")


def _nested_stack(stack: DeployedStack, resource: Resource, physical_id: str) -> Iterator[Check]:
    """The status of a nested stack, and whether it has the parameters that the template passes it."""
    name, nested = f"{stack.prefix}{resource.logical_id}", stack.nested.get(resource.logical_id)
    if isinstance(nested, Unknown):
        message = f"its resources were not read: {nested.reason}"
        yield Check(name, CheckStatus.NOT_CHECKED, message, nested.resolution)
        return
    if nested is None:
        yield Check(name, CheckStatus.FAILED, f"{physical_id} does not exist")
        return
    rule = rule_for(nested.status)
    status = CheckStatus.PROVED if rule.stable else CheckStatus.FAILED
    yield Check(name, status, f"{nested.name} is {nested.status}: {rule.meaning}", permanent=rule.end is not None)
    passed = passed_down(stack.resolver, resource).items()
    known = {key: value for key, value in passed if not isinstance(value, Unknown)}
    actual = {key: value for key, value in nested.parameters.items() if not isinstance(value, Unknown)}
    different = [key for key, value in known.items() if actual.get(key, value) != value]
    if different:
        # Only names: a value may be a secret.
        yield Check(name, CheckStatus.FAILED, f"Parameters differ from the template: {', '.join(different)}")
    elif compared := [key for key in known if key in actual]:
        yield Check(name, CheckStatus.PROVED, f"Parameters match the template: {', '.join(compared)}", detail=True)


def _run_checks(resource: LiveResource, resource_type: str) -> list[Check]:
    """Every check of the type, up to the one that finds that the resource does not exist."""
    checks: list[Check] = []
    try:
        for resource_check in CHECKS_BY_TYPE[resource_type]:
            checks += resource_check.run(resource)
    except NotFound:
        checks.append(Check(resource.logical_id, CheckStatus.FAILED, f"{resource.physical_id} does not exist"))
    return checks
