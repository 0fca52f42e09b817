"""Function properties that the emulator's handler drops, stored where its Lambda API reads them."""

from collections.abc import Mapping
from typing import Any

from tapctl.sandbox.extension import patches
from tapctl.sandbox.extension.patches import Record

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
