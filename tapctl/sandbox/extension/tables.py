"""CloudFormation's handler of DynamoDB tables, with the properties that the emulator drops."""

from collections.abc import Mapping
from typing import Any

from tapctl.sandbox.extension import patches
from tapctl.sandbox.extension.failure import already_exists

TABLE = "AWS::DynamoDB::Table"

Properties = Mapping[str, Any]
Created = tuple[str, dict[str, Any]]


def install() -> None:
    """Wrap the resource type."""
    create_original = patches.handler(TABLE, "create")
    update_original = patches.handler(TABLE, "update")
    delete_original = patches.handler(TABLE, "delete")

    def create(logical_id: str, props: Properties, stack_name: str) -> Created:
        _refuse_existing(props.get("TableName"))
        created = create_original(logical_id, props, stack_name)
        _store(created[0], {}, props)
        return created

    def update(physical_id: str, old: Properties, new: Properties, stack_name: str, logical_id: str = "") -> Created:
        if new.get("TableName") != old.get("TableName"):
            _refuse_existing(new.get("TableName"))
        created = update_original(physical_id, old, new, stack_name, logical_id)
        _store(created[0], old if created[0] == physical_id else {}, new)
        return created

    def delete(physical_id: str, props: Properties) -> None:
        if physical_id in patches.TABLES.get():
            _store(physical_id, props, {})  # or the next table of that name would inherit them
        delete_original(physical_id, props)

    patches.replace_handlers(TABLE, create=create, update=update, delete=delete)


def _store(name: str, old: Properties, new: Properties) -> None:
    patches.TABLES.get()[name]["SSEDescription"] = _encryption(new.get("SSESpecification") or {})
    recovery = new.get("PointInTimeRecoverySpecification") or {}
    enabled = _is_true(recovery.get("PointInTimeRecoveryEnabled"))
    patches.UPDATE_BACKUPS.get()(
        {"TableName": name, "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": enabled}}
    )
    if old.get("TimeToLiveSpecification") != new.get("TimeToLiveSpecification"):
        _set_time_to_live(
            name, new.get("TimeToLiveSpecification") or {**old["TimeToLiveSpecification"], "Enabled": False}
        )


def _encryption(spec: Properties) -> dict[str, Any] | None:
    """The SSEDescription; CloudFormation's SSEEnabled is DynamoDB's Enabled, and DynamoDB's own key has none."""
    if not _is_true(spec.get("SSEEnabled")):
        return None
    wanted = {"Enabled": True, "SSEType": spec.get("SSEType")}
    if key := spec.get("KMSMasterKeyId"):  # an id, an alias or an ARN; DescribeTable returns the key's ARN
        wanted["KMSMasterKeyId"] = (patches.RESOLVE_KEY.get()(key) or {}).get("Arn", key)
    description: dict[str, Any] = patches.SSE_DESCRIPTION.get()(wanted)
    return description


def _set_time_to_live(name: str, spec: Properties) -> None:
    wanted = {"AttributeName": spec.get("AttributeName", ""), "Enabled": _is_true(spec.get("Enabled"))}
    patches.UPDATE_TTL.get()({"TableName": name, "TimeToLiveSpecification": wanted})


def _refuse_existing(name: str | None) -> None:
    if name and name in patches.TABLES.get():
        raise already_exists(TABLE, name)


def _is_true(value: object) -> bool:
    return str(value).lower() == "true"
