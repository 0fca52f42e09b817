"""The limits of API Gateway that a deploy can reach: of REST, HTTP and WebSocket APIs."""

from tapctl.limits.row import ABSENT, PRESENT, Call, Count, DefaultGrade, Limit, counted, each, size, value

DOCS = "https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html"
_HTTP_DOCS = "https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html"
REST_API, API = "AWS::ApiGateway::RestApi", "AWS::ApiGatewayV2::Api"
ROUTE = "AWS::ApiGatewayV2::Route"


def _call(operation: str, path: str = "items", *, token: tuple[str, str] | None = None) -> Call:
    """A list of REST APIs or of what belongs to them; all reads of API Gateway have one IAM action."""
    return Call("apigateway", operation, path, {"limit": 500}, action="apigateway:GET", token=token)


def _apis(kind: str, code: str, title: str, types: tuple[str | None, ...], default: int) -> Limit:
    """The REST APIs of one endpoint type; without one, an API is edge-optimized."""
    return Limit(
        id=f"apigateway-{kind.lower()}-apis",
        key=f"apigateway/{code}",
        title=title,
        docs=DOCS,
        counts=(each(REST_API, where={"EndpointConfiguration.Types": types}),),
        default=default,
        adjustable=False,
        usage=_call("GetRestApis", f"items[?contains(to_string(endpointConfiguration.types), '{kind}')]"),
    )


def _account(
    id_: str, code: str, title: str, counts: tuple[Count, ...], usage: Call, *, default: int, adjustable: bool = True
) -> Limit:
    """A limit of the account."""
    return Limit(
        id=f"apigateway-{id_}",
        key=f"apigateway/{code}",
        title=title,
        docs=DOCS,
        counts=counts,
        default=default,
        adjustable=adjustable,
        usage=usage,
    )


def _per(
    id_: str,
    name: str,
    title: str,
    counts: tuple[Count, ...],
    default: int,
    *,
    docs: str = DOCS,
    unit: str = "",
    grade: DefaultGrade = DefaultGrade.VERIFIED,
    usage: Call | None = None,
) -> Limit:
    """A limit of one API, key or domain; without a `usage`, what it has outside of the template is not read."""
    return Limit(
        id=f"apigateway-{id_}",
        key=f"apigateway/{name}",
        title=title,
        docs=docs,
        counts=counts,
        default=default,
        unit=unit,
        grade=grade,
        usage=usage,
        adjustable=name.startswith("L-"),
    )


def _of_api(operation: str) -> Call:
    """A list of what an HTTP API has."""
    return Call("apigatewayv2", operation, "Items", action="apigateway:GET", parent="ApiId")


def _of_body(counter: str, type_: str) -> tuple[Count, ...]:
    """The entries that a function counts in the OpenAPI body of an API."""
    return tuple(
        count for path in ("Body", "BodyS3Location") for count in counted(counter, type_, where={path: (PRESENT,)})
    )


ROWS = (
    _apis("REGIONAL", "L-AA0FF27B", "Regional REST APIs", ("REGIONAL",), 600),
    _apis("EDGE", "L-B97207D0", "Edge-optimized REST APIs", (ABSENT, "EDGE"), 120),
    _apis("PRIVATE", "L-A966AB5C", "Private REST APIs", ("PRIVATE",), 600),
    _account("api-keys", "L-1D180A63", "API keys of REST APIs", (each("AWS::ApiGateway::ApiKey"),),
             _call("GetApiKeys"), default=10_000, adjustable=False),
    _account("usage-plans", "L-E8693075", "Usage plans", (each("AWS::ApiGateway::UsagePlan"),),
             _call("GetUsagePlans"), default=300),
    _account(
        "domain-names", "L-A93447B8", "Public custom domain names",
        (each("AWS::ApiGateway::DomainName"), each("AWS::ApiGatewayV2::DomainName")),
        _call("GetDomainNames", "items[?!contains(to_string(endpointConfiguration.types), 'PRIVATE')]"), default=120,
    ),
    _account(
        "private-domain-names", "L-24E7E662", "Private custom domain names", (each("AWS::ApiGateway::DomainNameV2"),),
        _call("GetDomainNames", "items[?contains(to_string(endpointConfiguration.types), 'PRIVATE')]"), default=50,
    ),
    _account(
        "domain-access-associations", "L-4D98A8A5", "Domain name access associations",
        (each("AWS::ApiGateway::DomainNameAccessAssociation"),),
        _call("GetDomainNameAccessAssociations", token=("position", "position")), default=100,
    ),
    _account("vpc-links", "L-A4C7274F", "VPC links of REST APIs", (each("AWS::ApiGateway::VpcLink"),),
             _call("GetVpcLinks"), default=20),
    Limit(
        id="apigateway-http-vpc-links",
        key="apigateway/L-608BDCD4",
        title="VPC links of HTTP APIs",
        docs=_HTTP_DOCS,
        counts=(each("AWS::ApiGatewayV2::VpcLink"),),
        default=10,
        grade=DefaultGrade.LIKELY,
        usage=Call(
            "apigatewayv2", "GetVpcLinks", "Items", token=("NextToken", "NextToken"), action="apigateway:GET"
        ),
    ),
    _account("client-certificates", "L-824C9E42", "Client certificates", (each("AWS::ApiGateway::ClientCertificate"),),
             _call("GetClientCertificates"), default=60),
    _per(
        "resources-per-api", "L-01C8A9E0", "Resources of a REST API, routes of a WebSocket API",
        (
            each("AWS::ApiGateway::Resource", per="RestApiId"),
            each(ROUTE, per="ApiId", where={"ApiId>ProtocolType": ("WEBSOCKET",)}),
            *_of_body("apigateway.resources", REST_API),
        ), 300,
    ),
    _per(
        "routes-per-http-api", "L-65B5C802", "Routes of an HTTP API",
        (
            each(ROUTE, per="ApiId", where={"ApiId>ProtocolType": (ABSENT, "HTTP")}),
            *_of_body("apigateway.routes", API),
        ), 300, docs=_HTTP_DOCS, usage=_of_api("GetRoutes"),
    ),
    _per(
        "integrations-per-http-api", "integrations-per-http-api", "Integrations of an HTTP API",
        (each("AWS::ApiGatewayV2::Integration", per="ApiId", where={"ApiId>ProtocolType": (ABSENT, "HTTP")}),), 300,
        docs=_HTTP_DOCS, grade=DefaultGrade.LIKELY, usage=_of_api("GetIntegrations"),
    ),
    _per(
        "stages-per-api", "L-379E48B0", "Stages per API",
        (
            each("AWS::ApiGatewayV2::Stage", per="ApiId"),
            *counted("apigateway.stages", "AWS::ApiGateway::Stage"),
            *counted("apigateway.stages", "AWS::ApiGateway::Deployment", where={"StageName": (PRESENT,)}),
        ), 10,
    ),
    _per(
        "authorizers-per-api", "authorizers-per-api", "Authorizers per API",
        (
            each("AWS::ApiGateway::Authorizer", per="RestApiId"),
            each("AWS::ApiGatewayV2::Authorizer", per="ApiId"),
        ), 10,
    ),
    _per("usage-plans-per-key", "L-985EB478", "Usage plans per API key",
         (each("AWS::ApiGateway::UsagePlanKey", per="KeyId"),), 10,
         usage=Call("apigateway", "GetUsagePlans", "items", {"limit": 500}, action="apigateway:GET", parent="keyId")),
    _per("routing-rules-per-domain", "L-68B79FF0", "Routing rules per domain name",
         (each("AWS::ApiGatewayV2::RoutingRule", per="DomainNameArn"),), 50),
    _per("integration-timeout", "L-E5AE38E3", "Integration timeout of a method of a REST API",
         (value("AWS::ApiGateway::Method", "Integration.TimeoutInMillis"),), 29_000, unit="milliseconds"),
    _per("policy-size", "L-8B81B02C", "Length of a REST API's resource policy", (size(REST_API, "Policy"),), 8192,
         unit="characters"),
)  # fmt: skip
