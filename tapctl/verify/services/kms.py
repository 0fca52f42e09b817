"""KMS keys and aliases."""

from collections.abc import Mapping
from typing import Any

from tapctl.verify.compare import is_on, same_name
from tapctl.verify.policy import policy_difference, same_policy
from tapctl.verify.resource_check import PropertyCheck, ResourceCheck


def _state(value: Any) -> str:
    return "Enabled" if is_on(value) else "Disabled"


CHECKS_BY_TYPE: Mapping[str, tuple[ResourceCheck, ...]] = {
    "AWS::KMS::Key": (
        ResourceCheck(
            "kms",
            "DescribeKey",
            lambda live, _: {"KeyId": live.id},
            (
                PropertyCheck("state", "Enabled", "KeyMetadata.KeyState", default=True, says=_state),
                PropertyCheck("kind", "KeySpec", "KeyMetadata.KeySpec"),
                PropertyCheck("use", "KeyUsage", "KeyMetadata.KeyUsage"),
                PropertyCheck("multi-Region", "MultiRegion", "KeyMetadata.MultiRegion", absent=False),
            ),
        ),
        ResourceCheck(
            "kms",
            "GetKeyRotationStatus",
            lambda live, _: {"KeyId": live.id},
            (PropertyCheck("yearly rotation", "EnableKeyRotation", "KeyRotationEnabled", absent=False, says=is_on),),
        ),
        ResourceCheck(
            "kms",
            "GetKeyPolicy",
            lambda live, _: {"KeyId": live.id, "PolicyName": "default"},
            (PropertyCheck("key policy", "KeyPolicy", "Policy", same=same_policy, explain=policy_difference),),
        ),
    ),
    "AWS::KMS::Alias": (
        ResourceCheck(
            "kms",
            "DescribeKey",
            lambda live, _: {"KeyId": live.id},
            (PropertyCheck("key", "TargetKeyId", "KeyMetadata.KeyId", same=same_name),),
        ),
    ),
}
