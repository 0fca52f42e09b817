"""CloudFormation's handlers of Lambda functions, versions and aliases, with the properties the emulator drops."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tapctl.resource_types import ALIAS, FUNCTION, VERSION
from tapctl.sandbox import rules
from tapctl.sandbox.extension import patches, stored_properties
from tapctl.sandbox.extension.account import SandboxAccount
from tapctl.sandbox.extension.failure import invalid_property, refused_by_lambda
from tapctl.sandbox.extension.patches import Handler
from tapctl.sandbox.rules import NOTHING, Refusal

Properties = Mapping[str, Any]
Made = tuple[str, dict[str, Any]]


def install(account: SandboxAccount) -> None:
    """Wrap the three resource types."""
    _wrap_function(account)
    _wrap_version(account)
    _wrap_alias(account)


def _wrap_function(account: SandboxAccount) -> None:
    create_original = patches.handler(FUNCTION, "create")
    update_original = patches.handler(FUNCTION, "update")

    def create(logical_id: str, props: Properties, stack_name: str) -> Made:
        name = props.get("FunctionName")
        _refuse_taken(name)
        reserved = _judged_reservation(account, logical_id, props, name or "")
        made = create_original(logical_id, props, stack_name)
        stored_properties.store(made[0], props, reserved)
        return made

    def update(physical_id: str, old: Properties, new: Properties, stack_name: str, logical_id: str = "") -> Made:
        # A new name is a new function beside the old one until the cleanup: nothing is credited to it.
        renamed = new.get("FunctionName") != old.get("FunctionName")
        name = new.get("FunctionName") or "" if renamed else physical_id
        if renamed:
            _refuse_taken(name)
        reserved = _judged_reservation(account, logical_id or physical_id, new, name)
        made = update_original(physical_id, old, new, stack_name, logical_id)
        stored_properties.store(made[0], new, reserved)
        return made

    patches.replace_handlers(FUNCTION, create=create, update=update)


def _wrap_version(account: SandboxAccount) -> None:
    create_original = patches.handler(VERSION, "create")
    update_original = patches.handler(VERSION, "update")

    def create(logical_id: str, props: Properties, stack_name: str) -> Made:
        return _publish(account, logical_id, props, lambda: create_original(logical_id, props, stack_name))

    def update(physical_id: str, old: Properties, new: Properties, stack_name: str, logical_id: str = "") -> Made:
        def original() -> Made:
            return update_original(physical_id, old, new, stack_name, logical_id)

        # Only FunctionScalingConfig changes in place; everything else publishes a version.
        in_place = {**old, "FunctionScalingConfig": None} == {**new, "FunctionScalingConfig": None}
        return original() if in_place else _publish(account, logical_id or physical_id, new, original)

    patches.replace_handlers(VERSION, create=create, update=update)


def _wrap_alias(account: SandboxAccount) -> None:
    create_original = patches.handler(ALIAS, "create")
    update_original = patches.handler(ALIAS, "update")

    def create(logical_id: str, props: Properties, stack_name: str) -> Made:
        _judge_provisioned(account, logical_id, props, qualifier=props.get("Name", ""))
        return create_original(logical_id, props, stack_name)

    def update(physical_id: str, old: Properties, new: Properties, stack_name: str, logical_id: str = "") -> Made:
        _judge_provisioned(account, logical_id or physical_id, new, qualifier=new.get("Name", ""))
        return update_original(physical_id, old, new, stack_name, logical_id)

    patches.replace_handlers(ALIAS, create=create, update=update)


def _judged_reservation(account: SandboxAccount, logical_id: str, props: Properties, name: str) -> int | None:
    given = props.get("ReservedConcurrentExecutions")
    if given is None:
        return None
    value = rules.whole_number(given, least=0)
    if value is None:
        raise invalid_property(logical_id, "ReservedConcurrentExecutions", given, 0)
    if refused := rules.refuse_reserved(account.limits, account.table(), name, value):
        raise refused_by_lambda(refused)
    return value


def _judge_provisioned(account: SandboxAccount, logical_id: str, props: Properties, *, qualifier: str) -> int | None:
    given = (props.get("ProvisionedConcurrencyConfig") or {}).get("ProvisionedConcurrentExecutions")
    if given is None:
        return None
    value = rules.whole_number(given, least=1)
    if value is None:
        raise invalid_property(logical_id, "ProvisionedConcurrencyConfig/ProvisionedConcurrentExecutions", given, 1)
    function = _function_name(props)
    table = account.table()
    own = table.get(function, NOTHING)
    if version := props.get("FunctionVersion"):  # an alias: judged as if it pointed there already
        table[function] = replace(own, aliases={**own.aliases, qualifier: str(version)})
    if refused := rules.refuse_provisioned(account.limits, table, function, qualifier, value):
        raise refused_by_lambda(refused)
    return value


def _publish(account: SandboxAccount, logical_id: str, props: Properties, original: Handler) -> Made:
    value = _judge_provisioned(account, logical_id, props, qualifier="")
    physical_id, attributes = original()
    if value is not None:
        config = {"ProvisionedConcurrentExecutions": value}
        patches.PUT_PROVISIONED.get()(_function_name(props), attributes["Version"], config)
    return physical_id, attributes


def _refuse_taken(name: str | None) -> None:
    if name and name in patches.FUNCTIONS.get():
        raise refused_by_lambda(Refusal(f"Function already exist: {name}", status=409), "AlreadyExists")


def _function_name(props: Properties) -> str:
    return str(patches.FUNCTION_OF_REFERENCE.get()(props.get("FunctionName", ""))[1])
