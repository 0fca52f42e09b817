"""Change sets as CloudFormation makes them.

They leave out what no condition creates, show values before and after, and exist for an update of the outputs alone.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from itertools import chain
from typing import Any
from xml.sax.saxutils import escape

from tapctl.sandbox.extension import patches
from tapctl.sandbox.extension.patches import Record, Response

NO_CHANGES = "The submitted information didn't contain changes"
HIDDEN = "****"
"""What CloudFormation shows in place of a NoEcho parameter's value."""
LATER = "{{changeSet:KNOWN_AFTER_APPLY}}"
_SHOWN = "tapctl shown properties"


def install() -> None:
    """Wrap the emulator's preparation and comparison of templates, and the operations that make and show the result."""
    _resolve_what_exists()
    _compare_with_values()
    _accept_changed_outputs()
    _describe_values()


def _resolve_what_exists() -> None:
    original = patches.RESOLVE_PROPERTIES.get()

    def resolve(template: Record, parameters: Record, stack_name: str, stack_id: str) -> Record:
        resolved: Record = original(template, parameters, stack_name, stack_id)
        if not resolved:
            return resolved
        hidden = {
            name: {**value, "Value": HIDDEN} if value.get("NoEcho") else value for name, value in parameters.items()
        }
        shown = original(template, hidden, stack_name, stack_id) if hidden != parameters else resolved
        conditions = _conditions(template, parameters)
        return {
            "Resources": {
                name: {**resource, _SHOWN: shown["Resources"][name].get("Properties") or {}}
                for name, resource in resolved["Resources"].items()
                if conditions.get(resource.get("Condition"), True)
            }
        }

    patches.RESOLVE_PROPERTIES.put(resolve)


def _conditions(template: Record, parameters: Record) -> Mapping[str, bool]:
    conditions: Mapping[str, bool] = patches.EVALUATE_CONDITIONS.get()(template, parameters)
    return conditions


def _compare_with_values() -> None:
    original = patches.DIFF_RESOURCES.get()

    def compare(old: Record, new: Record, *more: Any) -> list[Record]:
        changes: list[Record] = original(old, new, *more)
        before, after = old.get("Resources", {}), new.get("Resources", {})
        for change in changes:
            name = change["ResourceChange"]["LogicalResourceId"]
            for detail in change["ResourceChange"].get("Details", ()):
                target = detail["Target"]
                if name in before and name in after and target.get("Name"):
                    _add_values(target, before[name].get(_SHOWN, {}), after[name].get(_SHOWN, {}))
            for context, resources in (("BeforeContext", before), ("AfterContext", after)):
                if name in resources:
                    properties = _before_execution(resources[name].get(_SHOWN, {}))
                    change["ResourceChange"][context] = json.dumps({"Properties": properties})
        return changes

    patches.DIFF_RESOURCES.put(compare)


def _add_values(target: Record, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    """Add path, value before and value after, as deep as only one value differs."""
    path, old, new = [target["Name"]], before.get(target["Name"]), after.get(target["Name"])
    while isinstance(old, dict) and isinstance(new, dict):
        differing = sorted(key for key in {*old, *new} if old.get(key) != new.get(key))
        if len(differing) != 1 or _is_intrinsic(old) or _is_intrinsic(new):
            break
        path.append(differing[0])
        old, new = old.get(differing[0]), new.get(differing[0])
    target["Path"] = "/Properties/" + "/".join(path)
    target |= {name: _text(value) for name, value in (("BeforeValue", old), ("AfterValue", new)) if value is not None}


def _is_intrinsic(value: Mapping[str, Any]) -> bool:
    return len(value) == 1 and next(iter(value)).startswith(("Fn::", "Ref"))


def _text(value: Any) -> str:
    known = _before_execution(value)
    return known if isinstance(known, str) else json.dumps(known)


def _before_execution(value: Any) -> Any:
    """The value, with what only the execution shows in the words of AWS."""
    match value:
        case dict() if _is_intrinsic(value):
            return LATER
        case dict():
            return {name: _before_execution(part) for name, part in value.items()}
        case list():
            return [_before_execution(part) for part in value]
        case _:
            return value


def _accept_changed_outputs() -> None:
    original = patches.CREATE_CHANGE_SET.get()

    def create(params: Record) -> Response:
        status, headers, body = original(params)
        found = re.search(rb"<Id>(.+?)</Id>", body)
        change_set = patches.CHANGE_SETS.get().get(found[1].decode()) if found else None
        if change_set and change_set["StatusReason"].startswith(NO_CHANGES) and _are_outputs_changed(change_set):
            change_set |= {"Status": "CREATE_COMPLETE", "ExecutionStatus": "AVAILABLE", "StatusReason": ""}
        return status, headers, body

    patches.ACTIONS.get()["CreateChangeSet"] = create


def _are_outputs_changed(change_set: Record) -> bool:
    stack = patches.STACKS.get().get(change_set["StackName"])
    if change_set["ChangeSetType"] != "UPDATE" or stack is None:
        return False
    before = _outputs(stack.get("_template") or {}, stack.get("_resolved_params") or {}, stack)
    return before != _outputs(change_set["_template"], change_set["_resolved_params"], stack)


def _outputs(template: Record, parameters: Record, stack: Record) -> Record:
    """The outputs that exist, with their values as far as they are known."""
    conditions = _conditions(template, parameters)
    existing = {
        name: output
        for name, output in template.get("Outputs", {}).items()
        if conditions.get(output.get("Condition"), True)
    }
    resolved: Record = patches.RESOLVE_REFERENCES.get()(
        deepcopy(existing),
        stack.get("_resources", {}),
        parameters,
        conditions,
        template.get("Mappings", {}),
        stack["StackName"],
        stack["StackId"],
    )
    return resolved


def _describe_values() -> None:
    original: Callable[[Record], Response] = patches.ACTIONS.get()["DescribeChangeSet"]

    def describe(params: Record) -> Response:
        status, headers, body = original(params)
        wanted = params.get("IncludePropertyValues", "false")
        wanted = wanted[0] if isinstance(wanted, list) else wanted
        found = re.search(rb"<ChangeSetId>(.+?)</ChangeSetId>", body)
        change_set = patches.CHANGE_SETS.get().get(found[1].decode()) if found else None
        if change_set is None or wanted.lower() != "true":
            return status, headers, body
        values, contexts = _elements(change_set), _contexts(change_set)
        body = re.sub(rb"(?=</Target>)", lambda _: next(values), body)
        return status, headers, re.sub(rb"(?=</ResourceChange>)", lambda _: next(contexts), body)

    patches.ACTIONS.get()["DescribeChangeSet"] = describe


def _elements(change_set: Record) -> Iterator[bytes]:
    """The missing values of each Target element of the answer, in its order."""
    details = chain.from_iterable(change["ResourceChange"].get("Details", ()) for change in change_set["Changes"])
    return (_xml(detail["Target"], "Path", "BeforeValue", "AfterValue") for detail in details)


def _contexts(change_set: Record) -> Iterator[bytes]:
    """The BeforeContext and AfterContext of the ResourceChange elements."""
    return (_xml(change["ResourceChange"], "BeforeContext", "AfterContext") for change in change_set["Changes"])


def _xml(record: Record, *names: str) -> bytes:
    return "".join(f"<{name}>{escape(record[name])}</{name}>" for name in names if name in record).encode()
