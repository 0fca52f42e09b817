"""Nested stacks as on AWS: one that is not created shows why and is rolled back, and DeletionPolicy holds within.

An update keeps the attributes of what it does not change.
"""

from collections.abc import Mapping
from typing import Any

from tapctl.resource_types import STACK
from tapctl.sandbox.extension import patches
from tapctl.sandbox.extension.failure import HandlerError
from tapctl.sandbox.extension.patches import Record


def install() -> None:
    """Wrap the creation and the deletion of nested stacks, and the updates of what they hold."""
    _keep_attributes()
    create, delete = patches.handler(STACK, "create"), patches.handler(STACK, "delete")

    def created(logical_id: str, props: Mapping[str, Any], stack_name: str) -> tuple[str, dict[str, Any]]:
        before = set(patches.STACKS.get())
        try:
            return create(logical_id, props, stack_name)
        except Exception as error:
            child = _failed_child(before, stack_name)
            if child is None:
                raise
            parent = patches.STACKS.get()[stack_name]
            # By the child's id, its events are found from those of its parent.
            _event(parent, logical_id, "CREATE_IN_PROGRESS", child["StackId"], reason="Resource creation Initiated")
            reason = f"The following resource(s) failed to create: [{_failed_resource(child)}]."
            _event(child, child["StackName"], "CREATE_FAILED", child["StackId"], reason=reason)
            if not parent.get("DisableRollback"):
                _delete(child, props, ("Retain",))
            raise HandlerError(f"Embedded stack {child['StackId']} was not successfully created: {reason}") from error

    def _delete(child: Record, props: Mapping[str, Any], policies: tuple[str, ...]) -> None:
        _event(child, child["StackName"], "DELETE_IN_PROGRESS", child["StackId"])
        definitions = child["_template"].get("Resources", {})
        for logical_id, resource in list(child["_resources"].items()):
            if definitions.get(logical_id, {}).get("DeletionPolicy") in policies:
                del child["_resources"][logical_id]
                _event(child, logical_id, "DELETE_SKIPPED", resource["PhysicalResourceId"], resource["ResourceType"])
        delete(child["StackId"], props)
        _event(child, child["StackName"], "DELETE_COMPLETE", child["StackId"])

    def deleted(physical_id: str, props: Mapping[str, Any]) -> None:
        stacks = patches.STACKS.get().values()
        found = (stack for stack in stacks if physical_id in (stack["StackId"], stack["StackName"]))
        if (child := next(found, None)) is None:
            delete(physical_id, props)
        else:
            _delete(child, props, ("Retain", "RetainExceptOnCreate"))

    patches.replace_handlers(STACK, create=created, delete=deleted)


def _keep_attributes() -> None:
    """Add the attributes that a resource had; the emulator passes those of a nested stack to no update."""
    original = patches.UPDATE_RESOURCE.get()

    def update(kind: str, physical_id: str, *more: Any) -> tuple[str, dict[str, Any]]:
        _, _, stack_name, logical_id, *_ = (*more, "")
        held = patches.STACKS.get().get(stack_name, {}).get("_resources", {}).get(logical_id, {})
        new_id, attributes = original(kind, physical_id, *more)
        kept = held.get("Attributes") or {} if new_id == physical_id else {}
        return new_id, {**kept, **attributes}

    patches.UPDATE_RESOURCE.put(update)


def _failed_child(before: set[str], parent: str) -> Record | None:
    """The stack that was begun in this one, and whose creation failed."""
    stacks: Mapping[str, Record] = patches.STACKS.get()
    of_parent = (stacks[name] for name in set(stacks) - before if stacks[name].get("_parent_stack_name") == parent)
    return next((stack for stack in of_parent if stack["StackStatus"] == "CREATE_FAILED"), None)


def _failed_resource(child: Record) -> str:
    events = patches.STACK_EVENTS.get()[child["StackId"]]
    failed = (event for event in events if event["ResourceStatus"] == "CREATE_FAILED")
    return str(next((event["LogicalResourceId"] for event in failed), ""))


def _event(
    stack: Record, logical_id: str, status: str, physical_id: str, kind: str = STACK, *, reason: str = ""
) -> None:
    patches.ADD_EVENT.get()(stack["StackId"], stack["StackName"], logical_id, kind, status, reason, physical_id)
