"""The limits of Cognito's user pools and identity pools that a deploy can reach."""

from tapctl.limits.row import Call, DefaultGrade, Limit, each

DOCS = "https://docs.aws.amazon.com/cognito/latest/developerguide/quotas.html"
_PAGE = {"MaxResults": 60}
"""Both lists of pools want a page size; this is the largest."""


def _per_pool(id_: str, code: str, title: str, type_: str, *, default: int, read: tuple[str, str]) -> Limit:
    """A limit of one user pool; `read` has the operation and the path of its list."""
    return Limit(
        id=id_,
        key=f"cognito-idp/{code}",
        title=title,
        docs=DOCS,
        counts=(each(type_, per="UserPoolId"),),
        default=default,
        grade=DefaultGrade.LIKELY,
        usage=Call("cognito-idp", *read, parent="UserPoolId"),
    )


ROWS = (
    Limit(
        id="cognito-idp-user-pools",
        key="cognito-idp/L-66E6DF30",
        title="Cognito user pools",
        docs=DOCS,
        counts=(each("AWS::Cognito::UserPool"),),
        default=1000,
        grade=DefaultGrade.LIKELY,
        usage=Call("cognito-idp", "ListUserPools", "UserPools", _PAGE),
    ),
    _per_pool("cognito-idp-clients-per-pool", "L-5EAB0605", "App clients per user pool",
              "AWS::Cognito::UserPoolClient", default=1000,
              read=("ListUserPoolClients", "UserPoolClients")),
    _per_pool("cognito-idp-identity-providers-per-pool", "L-1B44D826", "Identity providers per user pool",
              "AWS::Cognito::UserPoolIdentityProvider", default=300,
              read=("ListIdentityProviders", "Providers")),
    _per_pool("cognito-idp-resource-servers-per-pool", "L-7CDAF993", "Resource servers per user pool",
              "AWS::Cognito::UserPoolResourceServer", default=25,
              read=("ListResourceServers", "ResourceServers")),
    Limit(
        id="cognito-identity-pools",
        key="cognito-identity/L-8692CE1C",
        title="Cognito identity pools",
        docs=DOCS,
        counts=(each("AWS::Cognito::IdentityPool"),),
        grade=DefaultGrade.OPEN,
        usage=Call("cognito-identity", "ListIdentityPools", "IdentityPools", _PAGE),
    ),
)  # fmt: skip
