"""The limits of Secrets Manager that a deploy can reach."""

from tapctl.limits.row import Call, Limit, each, size

DOCS = "https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html"

ROWS = (
    Limit(
        id="secretsmanager-secrets",
        key="secretsmanager/L-2F66C23C",
        title="Secrets",
        docs=DOCS,
        counts=(each("AWS::SecretsManager::Secret"),),
        default=500_000,
        adjustable=False,
        # A secret in its recovery window counts.
        usage=Call("secretsmanager", "ListSecrets", "SecretList", {"IncludePlannedDeletion": True}),
    ),
    Limit(
        id="secretsmanager-policy-size",
        key="secretsmanager/policy-size",
        title="Length of a secret's resource policy",
        docs=DOCS,
        counts=(size("AWS::SecretsManager::ResourcePolicy", "ResourcePolicy"),),
        unit="characters",
        default=20_480,
        adjustable=False,
    ),
    Limit(
        id="secretsmanager-value-size",
        key="secretsmanager/value-size",
        title="Length of a secret's value",
        docs=DOCS,
        counts=(size("AWS::SecretsManager::Secret", "SecretString"),),
        unit="bytes",
        default=65_536,
        adjustable=False,
    ),
)
