"""KMS keys and aliases."""

from collections.abc import Mapping
from typing import Any

from tapctl.verify.compare import is_on, same_name
from tapctl.verify.policy import policy_difference, same_policy
from tapctl.verify.resource_check import Look, Row


def _state(value: Any) -> str:
    return "Enabled" if is_on(value) else "Disabled"


LOOKS: Mapping[str, tuple[Look, ...]] = {
    "AWS::KMS::Key": (
        Look(
            "kms",
            "DescribeKey",
            lambda live, _: {"KeyId": live.id},
            (
                Row("state", "Enabled", "KeyMetadata.KeyState", default=True, says=_state),
                Row("kind", "KeySpec", "KeyMetadata.KeySpec"),
                Row("use", "KeyUsage", "KeyMetadata.KeyUsage"),
                Row("multi-Region", "MultiRegion", "KeyMetadata.MultiRegion", absent=False),
            ),
        ),
        Look(
            "kms",
            "GetKeyRotationStatus",
            lambda live, _: {"KeyId": live.id},
            (Row("yearly rotation", "EnableKeyRotation", "KeyRotationEnabled", absent=False, says=is_on),),
        ),
        Look(
            "kms",
            "GetKeyPolicy",
            lambda live, _: {"KeyId": live.id, "PolicyName": "default"},
            (Row("key policy", "KeyPolicy", "Policy", same=same_policy, explain=policy_difference),),
        ),
    ),
    "AWS::KMS::Alias": (
        Look(
            "kms",
            "DescribeKey",
            lambda live, _: {"KeyId": live.id},
            (Row("key", "TargetKeyId", "KeyMetadata.KeyId", same=same_name),),
        ),
    ),
}
