"""What the emulator's handler of Lambda functions drops and AWS returns: stored where its API reads it."""

from collections.abc import Mapping
from typing import Any

from tapctl.sandbox.extension import patches
from tapctl.sandbox.extension.patches import Record

KEPT = {"KmsKeyArn": "KMSKeyArn", "DeadLetterConfig": "DeadLetterConfig"}
"""The properties in a template, and their names in the Lambda API."""

SETTLED = {
    "State": "Active",
    "StateReason": "",
    "StateReasonCode": "",
    "LastUpdateStatus": "Successful",
    "LastUpdateStatusReason": "",
    "LastUpdateStatusReasonCode": "",
}


def store(name: str, props: Mapping[str, Any], reserved: int | None) -> None:
    """Store what the template says of a function that was just made or changed, and clear what it no longer says."""
    record: Record = patches.FUNCTIONS.get()[name]
    record["concurrency"] = reserved
    config: Record = record["config"]
    for theirs, ours in KEPT.items():
        if props.get(theirs):
            config[ours] = props[theirs]
        else:
            config.pop(ours, None)
    config["LoggingConfig"] = {"LogGroup": f"/aws/lambda/{name}", **config.get("LoggingConfig", {})}
    # CloudFormation reports the update complete only then; a timer of the emulator would not outlive a restart.
    config.update(SETTLED)
