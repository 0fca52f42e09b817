"""KMS keys and aliases."""

from collections.abc import Mapping

from tapctl.verify.compare import as_state, boolean, same_name
from tapctl.verify.policy import policy_check
from tapctl.verify.resource_check import PropertyCheck, ResourceCheck, by_id

CHECKS_BY_TYPE: Mapping[str, tuple[ResourceCheck, ...]] = {
    "AWS::KMS::Key": (
        ResourceCheck(
            "kms",
            "DescribeKey",
            by_id("KeyId"),
            (
                PropertyCheck("Enabled", "KeyState", default=True, to_api=as_state, label="KeyState"),
                PropertyCheck("KeySpec"),
                PropertyCheck("KeyUsage"),
                PropertyCheck("MultiRegion", absent=False),
            ),
            result_path="KeyMetadata",
        ),
        ResourceCheck(
            "kms",
            "GetKeyRotationStatus",
            by_id("KeyId"),
            (PropertyCheck("EnableKeyRotation", "KeyRotationEnabled", absent=False, to_api=boolean),),
        ),
        ResourceCheck(
            "kms",
            "GetKeyPolicy",
            lambda resource: {"KeyId": resource.physical_id, "PolicyName": "default"},
            (policy_check("KeyPolicy", "Policy"),),
        ),
    ),
    "AWS::KMS::Alias": (
        ResourceCheck(
            "kms",
            "DescribeKey",
            by_id("KeyId"),
            (PropertyCheck("TargetKeyId", "KeyId", equal=same_name),),
            result_path="KeyMetadata",
        ),
    ),
}
