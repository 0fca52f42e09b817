"""The limits of KMS that a deploy can reach."""

from tapctl.limits.row import Call, Limit, each

ROWS = (
    Limit(
        id="kms-keys",
        key="kms/L-C2F1777E",
        title="KMS keys",
        docs="https://docs.aws.amazon.com/kms/latest/developerguide/resource-limits.html",
        counts=(each("AWS::KMS::Key"), each("AWS::KMS::ReplicaKey")),
        default=100_000,
        # ListKeys returns AWS managed keys too, which do not count toward the quota.
        usage=Call("kms", "ListKeys", "Keys"),
        at_most=True,
    ),
)
