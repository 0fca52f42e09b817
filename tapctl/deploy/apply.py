"""A remedy put into a template's body."""

import copy
from collections.abc import Mapping
from typing import Any

from tapctl.errors import UsageError
from tapctl.headroom.remedy import Action, Plan

SETTING = "ReservedConcurrentExecutions"


def apply(body: Mapping[str, Any], plan: Plan, prefix: str = "") -> dict[str, Any]:
    """The template as the plan wants it; what it keeps is left as it was written.

    `prefix` says which stack of the family this is; what the plan wants of the others is theirs to apply.
    Raises `UsageError` for a function that a transform makes.
    """
    changed = copy.deepcopy(dict(body))
    for name, remedy in plan.changes.items():
        logical_id = name.removeprefix(prefix)
        if not name.startswith(prefix) or "/" in logical_id:
            continue
        resource = changed["Resources"].get(logical_id)
        if resource is None:
            raise UsageError(
                f"the reservation of {logical_id} is made by a transform and cannot be changed by itself",
                "change it in the template",
            )
        # AWS::NoValue rather than no property: it also wins over a default that a transform would fill in.
        value = remedy.value if remedy.action is Action.LOWER else {"Ref": "AWS::NoValue"}
        resource.setdefault("Properties", {})[SETTING] = value
    return changed
