"""The limits of KMS that a deploy can reach."""

from tapctl.limits.row import Call, Limit, LimitKind

ROWS = (
    Limit(
        id="kms-keys",
        title="KMS keys",
        service="kms",
        code="L-C2F1777E",
        kind=LimitKind.COUNT,
        docs="https://docs.aws.amazon.com/kms/latest/developerguide/resource-limits.html",
        spends={"AWS::KMS::Key": 1, "AWS::KMS::ReplicaKey": 1},
        # ListKeys returns AWS managed keys too, which do not count toward the quota.
        usage=Call("kms", "ListKeys", "Keys"),
        at_most=True,
    ),
)
