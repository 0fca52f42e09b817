"""CloudFormation's handler of DynamoDB tables, with the properties the emulator drops."""

from collections.abc import Mapping
from typing import Any

from tapctl.sandbox.extension import patches
from tapctl.sandbox.extension.failure import already_exists

TABLE = "AWS::DynamoDB::Table"

Properties = Mapping[str, Any]
Made = tuple[str, dict[str, Any]]


def install() -> None:
    """Wrap the resource type."""
    create_original = patches.handler(TABLE, "create")
    update_original = patches.handler(TABLE, "update")
    delete_original = patches.handler(TABLE, "delete")

    def create(logical_id: str, props: Properties, stack_name: str) -> Made:
        _refuse_taken(props.get("TableName"))
        made = create_original(logical_id, props, stack_name)
        _keep(made[0], {}, props)
        return made

    def update(physical_id: str, old: Properties, new: Properties, stack_name: str, logical_id: str = "") -> Made:
        if new.get("TableName") != old.get("TableName"):
            _refuse_taken(new.get("TableName"))
        made = update_original(physical_id, old, new, stack_name, logical_id)
        _keep(made[0], old if made[0] == physical_id else {}, new)
        return made

    def delete(physical_id: str, props: Properties) -> None:
        if physical_id in patches.TABLES.get():
            _keep(physical_id, props, {})  # or the next table of that name would inherit them
        delete_original(physical_id, props)

    patches.replace_handlers(TABLE, create=create, update=update, delete=delete)


def _keep(name: str, old: Properties, new: Properties) -> None:
    patches.TABLES.get()[name]["SSEDescription"] = _encryption(new.get("SSESpecification") or {})
    recovery = new.get("PointInTimeRecoverySpecification") or {}
    enabled = _true(recovery.get("PointInTimeRecoveryEnabled"))
    patches.UPDATE_BACKUPS.get()(
        {"TableName": name, "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": enabled}}
    )
    if old.get("TimeToLiveSpecification") != new.get("TimeToLiveSpecification"):
        _expire(name, new.get("TimeToLiveSpecification") or {**old["TimeToLiveSpecification"], "Enabled": False})


def _encryption(spec: Properties) -> dict[str, Any] | None:
    """CloudFormation says SSEEnabled where DynamoDB says Enabled; DynamoDB's own key is no description at all."""
    if not _true(spec.get("SSEEnabled")):
        return None
    wanted = {"Enabled": True, "SSEType": spec.get("SSEType")}
    if key := spec.get("KMSMasterKeyId"):  # an id, an alias or an ARN; DescribeTable answers with the key's ARN
        wanted["KMSMasterKeyId"] = (patches.RESOLVE_KEY.get()(key) or {}).get("Arn", key)
    description: dict[str, Any] = patches.SSE_DESCRIPTION.get()(wanted)
    return description


def _expire(name: str, spec: Properties) -> None:
    wanted = {"AttributeName": spec.get("AttributeName", ""), "Enabled": _true(spec.get("Enabled"))}
    patches.UPDATE_TTL.get()({"TableName": name, "TimeToLiveSpecification": wanted})


def _refuse_taken(name: str | None) -> None:
    if name and name in patches.TABLES.get():
        raise already_exists(TABLE, name)


def _true(value: object) -> bool:
    return str(value).lower() == "true"
