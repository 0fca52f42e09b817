"""EventBridge: event buses, rules and their targets."""

from collections.abc import Iterator, Mapping
from typing import Any

from tapctl.template.intrinsics import find_unknown
from tapctl.unknown import Unknown
from tapctl.verify.check import Check
from tapctl.verify.compare import same, same_document
from tapctl.verify.resource_check import (
    LiveResource,
    PropertyCheck,
    ResourceCheck,
    by_id,
    exists,
    own_id,
    without_details,
)

_MOST_TARGETS = 100
"""https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_ListTargetsByRule.html"""

_COMPARED = ("Arn", "RoleArn", "Input", "InputPath", "DeadLetterConfig", "SqsParameters")
"""The parts of a target that decide what is invoked, and with what."""


def _rule(resource: LiveResource, parameter: str) -> dict[str, Any]:
    bus = {name: resource.properties[name] for name in ("EventBusName",) if name in resource.properties}
    return {parameter: own_id(resource), **bus}


def _targets(resource: LiveResource, response: Any) -> Iterator[Check]:
    """Check that the template's targets exist and match; there may be others."""
    actual = {target["Id"]: target for target in response.get("Targets", [])}
    targets = resource.properties["Targets"]
    for target in targets if isinstance(targets, list) else [targets]:
        if isinstance(target, Unknown) or isinstance(target.get("Id"), Unknown):
            yield resource.unresolved("Targets")
        elif live := actual.get(str(target["Id"])):
            yield from _target(resource, target, live)
        else:
            yield resource.compared(False, "", f"target {target['Id']} does not exist")


def _target(resource: LiveResource, target: Mapping[str, Any], live: Mapping[str, Any]) -> Iterator[Check]:
    """Compare the parts of a target; only their names are printed, since an input may hold a secret."""
    name, expected = f"target {target['Id']}", {key: target[key] for key in _COMPARED if key in target}
    unresolved = [key for key, value in expected.items() if find_unknown(value)]
    different = [key for key in expected if key not in unresolved and not same(expected[key], live.get(key))]
    differs = f"{name} differs from the template: {', '.join(different)}"
    yield resource.compared(not different, f"{name} is {live['Arn']}", differs)
    if unresolved:
        yield resource.unresolved(f"{', '.join(unresolved)} of {name}")


CHECKS_BY_TYPE: Mapping[str, tuple[ResourceCheck, ...]] = {
    "AWS::Events::EventBus": (ResourceCheck("events", "DescribeEventBus", by_id("Name"), further=exists),),
    "AWS::Events::Rule": (
        ResourceCheck(
            "events",
            "DescribeRule",
            lambda resource: _rule(resource, "Name"),
            (
                PropertyCheck("State", default="ENABLED"),
                PropertyCheck("ScheduleExpression"),
                PropertyCheck("EventPattern", equal=same_document, difference=without_details),
                PropertyCheck("RoleArn"),
            ),
        ),
        ResourceCheck(
            "events",
            "ListTargetsByRule",
            lambda resource: {**_rule(resource, "Rule"), "Limit": _MOST_TARGETS},
            further=_targets,
            only_with="Targets",
        ),
    ),
}
