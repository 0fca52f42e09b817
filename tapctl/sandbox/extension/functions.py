"""CloudFormation's handlers of Lambda functions, versions and aliases, with the properties that the emulator drops."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tapctl.resource_types import ALIAS, FUNCTION, VERSION
from tapctl.sandbox import rules
from tapctl.sandbox.extension import patches
from tapctl.sandbox.extension.account import SandboxAccount
from tapctl.sandbox.extension.failure import invalid_property, refused_by_lambda
from tapctl.sandbox.extension.patches import Handler, Record
from tapctl.sandbox.extension.shared_code import refuse_unreadable
from tapctl.sandbox.rules import NO_CONCURRENCY, LambdaRefusal

Properties = Mapping[str, Any]
Created = tuple[str, dict[str, Any]]


def install(account: SandboxAccount) -> None:
    """Wrap the three resource types."""
    _wrap_function(account)
    _wrap_version(account)
    _wrap_alias(account)
    _replace_for_durability()


def _wrap_function(account: SandboxAccount) -> None:
    create_original = patches.handler(FUNCTION, "create")
    update_original = patches.handler(FUNCTION, "update")

    def create(logical_id: str, props: Properties, stack_name: str) -> Created:
        name = props.get("FunctionName")
        _refuse_existing(name)
        refuse_unreadable(props.get("Code") or {})
        reserved = _checked_reservation(account, logical_id, props, name or "")
        created = create_original(logical_id, props, stack_name)
        store(created[0], props, reserved)
        return created

    def update(physical_id: str, old: Properties, new: Properties, stack_name: str, logical_id: str = "") -> Created:
        # A new name replaces the function, and the old one keeps its claim until the cleanup: nothing is credited.
        renamed = new.get("FunctionName") != old.get("FunctionName")
        name = new.get("FunctionName") or "" if renamed else physical_id
        if renamed:
            _refuse_existing(name)
        refuse_unreadable(new.get("Code") or {})
        reserved = _checked_reservation(account, logical_id or physical_id, new, name)
        created = update_original(physical_id, old, new, stack_name, logical_id)
        store(created[0], new, reserved)
        return created

    patches.replace_handlers(FUNCTION, create=create, update=update)


def _wrap_version(account: SandboxAccount) -> None:
    create_original = patches.handler(VERSION, "create")
    update_original = patches.handler(VERSION, "update")

    def create(logical_id: str, props: Properties, stack_name: str) -> Created:
        return _publish(account, logical_id, props, lambda: create_original(logical_id, props, stack_name))

    def update(physical_id: str, old: Properties, new: Properties, stack_name: str, logical_id: str = "") -> Created:
        def original() -> Created:
            return update_original(physical_id, old, new, stack_name, logical_id)

        # Only FunctionScalingConfig changes in place; everything else publishes a version.
        in_place = {**old, "FunctionScalingConfig": None} == {**new, "FunctionScalingConfig": None}
        return original() if in_place else _publish(account, logical_id or physical_id, new, original)

    patches.replace_handlers(VERSION, create=create, update=update)


def _wrap_alias(account: SandboxAccount) -> None:
    create_original = patches.handler(ALIAS, "create")
    update_original = patches.handler(ALIAS, "update")

    def create(logical_id: str, props: Properties, stack_name: str) -> Created:
        _check_provisioned(account, logical_id, props, qualifier=props.get("Name", ""))
        return create_original(logical_id, props, stack_name)

    def update(physical_id: str, old: Properties, new: Properties, stack_name: str, logical_id: str = "") -> Created:
        _check_provisioned(account, logical_id or physical_id, new, qualifier=new.get("Name", ""))
        return update_original(physical_id, old, new, stack_name, logical_id)

    patches.replace_handlers(ALIAS, create=create, update=update)


def _replace_for_durability() -> None:
    """Replace a function if DurableConfig is added or removed, as CloudFormation does; the emulator updates it."""
    original = patches.REPLACING_CHANGE.get()

    def replacing(kind: str, old: Properties, new: Properties) -> bool:
        durability = kind == FUNCTION and ("DurableConfig" in old) is not ("DurableConfig" in new)
        return durability or bool(original(kind, old, new))

    patches.REPLACING_CHANGE.put(replacing)


def _checked_reservation(account: SandboxAccount, logical_id: str, props: Properties, name: str) -> int | None:
    value = props.get("ReservedConcurrentExecutions")
    if value is None:
        return None
    number = rules.whole_number(value, least=0)
    if number is None:
        raise invalid_property(logical_id, "ReservedConcurrentExecutions", value, 0)
    if refusal := rules.refuse_reserved(account.limits, account.functions(), name, number):
        raise refused_by_lambda(refusal)
    return number


def _check_provisioned(account: SandboxAccount, logical_id: str, props: Properties, *, qualifier: str) -> int | None:
    value = (props.get("ProvisionedConcurrencyConfig") or {}).get("ProvisionedConcurrentExecutions")
    if value is None:
        return None
    number = rules.whole_number(value, least=1)
    if number is None:
        raise invalid_property(logical_id, "ProvisionedConcurrencyConfig/ProvisionedConcurrentExecutions", value, 1)
    name = _function_name(props)
    functions = account.functions()
    own = functions.get(name, NO_CONCURRENCY)
    if version := props.get("FunctionVersion"):  # an alias: checked as if it already pointed to this version
        functions[name] = replace(own, aliases={**own.aliases, qualifier: str(version)})
    if refusal := rules.refuse_provisioned(account.limits, functions, name, qualifier, number):
        raise refused_by_lambda(refusal)
    return number


def _publish(account: SandboxAccount, logical_id: str, props: Properties, original: Handler) -> Created:
    value = _check_provisioned(account, logical_id, props, qualifier="")
    physical_id, attributes = original()
    if value is not None:
        config = {"ProvisionedConcurrentExecutions": value}
        patches.PUT_PROVISIONED.get()(_function_name(props), attributes["Version"], config)
    return physical_id, attributes


def _refuse_existing(name: str | None) -> None:
    if name and name in patches.FUNCTIONS.get():
        raise refused_by_lambda(LambdaRefusal(f"Function already exist: {name}", status=409), "AlreadyExists")


def _function_name(props: Properties) -> str:
    return str(patches.FUNCTION_OF_REFERENCE.get()(props.get("FunctionName", ""))[1])


STORED = {"KmsKeyArn": "KMSKeyArn", "DeadLetterConfig": "DeadLetterConfig"}
"""Property names of CloudFormation, and the same in the Lambda API."""

ACTIVE = {
    "State": "Active",
    "StateReason": "",
    "StateReasonCode": "",
    "LastUpdateStatus": "Successful",
    "LastUpdateStatusReason": "",
    "LastUpdateStatusReasonCode": "",
}


def store(name: str, props: Mapping[str, Any], reserved: int | None) -> None:
    """Store the properties of a function that was just created or updated, and clear those that were removed."""
    record: Record = patches.FUNCTIONS.get()[name]
    record["concurrency"] = reserved
    config: Record = record["config"]
    for property_name, api_name in STORED.items():
        if props.get(property_name):
            config[api_name] = props[property_name]
        else:
            config.pop(api_name, None)
    config["LoggingConfig"] = {"LogGroup": f"/aws/lambda/{name}", **config.get("LoggingConfig", {})}
    # CloudFormation reports the update complete only when the function is active; the emulator's own timer would be
    # lost by a restart.
    config.update(ACTIVE)
