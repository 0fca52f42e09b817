"""The limits of AppSync that a deploy can reach."""

from tapctl.limits.row import Call, Limit, each

DOCS = "https://docs.aws.amazon.com/general/latest/gr/appsync.html"


def _account(id_: str, code: str, title: str, type_: str, read: tuple[str, str]) -> Limit:
    """A limit of the account; `read` has the operation and the path of its list."""
    return Limit(
        id=id_,
        key=f"appsync/{code}",
        title=title,
        docs=DOCS,
        counts=(each(type_),),
        default=50,
        usage=Call("appsync", *read),
    )


def _per_api(id_: str, name: str, title: str, type_: str, per: str, *, read: tuple[str, str], default: int) -> Limit:
    """A limit of one API; `read` has the operation and the path of its list."""
    return Limit(
        id=id_,
        key=f"appsync/{name}",
        title=title,
        docs=DOCS,
        counts=(each(type_, per=per),),
        default=default,
        adjustable=name.startswith("L-"),
        usage=Call("appsync", *read, parent="apiId"),
    )


ROWS = (
    _account("appsync-graphql-apis", "L-4DFA3D2F", "AppSync GraphQL APIs", "AWS::AppSync::GraphQLApi",
             ("ListGraphqlApis", "graphqlApis")),
    _account("appsync-event-apis", "L-D19E6EC4", "AppSync Event APIs", "AWS::AppSync::Api", ("ListApis", "apis")),
    _account("appsync-domain-names", "L-51A37BC6", "AppSync custom domain names", "AWS::AppSync::DomainName",
             ("ListDomainNames", "domainNameConfigs")),
    _per_api("appsync-api-keys-per-api", "api-keys-per-api", "API keys per GraphQL API", "AWS::AppSync::ApiKey",
             "ApiId", read=("ListApiKeys", "apiKeys"), default=50),
    _per_api("appsync-namespaces-per-api", "L-39784425", "Channel namespaces per Event API",
             "AWS::AppSync::ChannelNamespace", "ApiId",
             read=("ListChannelNamespaces", "channelNamespaces"), default=50),
    _per_api("appsync-sources-per-merged-api", "L-3B7F188C", "Source APIs per merged API",
             "AWS::AppSync::SourceApiAssociation", "MergedApiIdentifier",
             read=("ListSourceApiAssociations", "sourceApiAssociationSummaries"), default=10),
)  # fmt: skip
