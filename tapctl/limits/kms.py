"""The limits of KMS that a deploy can reach."""

from tapctl.limits.row import Call, Limit, each, tally

DOCS = "https://docs.aws.amazon.com/kms/latest/developerguide/resource-limits.html"

ROWS = (
    Limit(
        id="kms-keys",
        key="kms/L-C2F1777E",
        title="KMS keys",
        docs=DOCS,
        counts=(each("AWS::KMS::Key"), each("AWS::KMS::ReplicaKey")),
        default=100_000,
        # ListKeys returns AWS managed keys too, which do not count toward the quota.
        usage=Call("kms", "ListKeys", "Keys"),
        at_most=True,
    ),
    Limit(
        id="kms-aliases-per-key",
        key="kms/L-340F62FB",
        title="Aliases per KMS key",
        docs=DOCS,
        counts=(each("AWS::KMS::Alias", per="TargetKeyId"),),
        default=50,
        usage=tally("kms", "ListAliases", "Aliases[].TargetKeyId"),
    ),
)
