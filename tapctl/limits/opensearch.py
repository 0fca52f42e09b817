"""The limits of OpenSearch Service that a deploy can reach."""

from tapctl.limits.row import Call, Limit, each, value

DOCS = "https://docs.aws.amazon.com/opensearch-service/latest/developerguide/limits.html"
DOMAINS = ("AWS::OpenSearchService::Domain", "AWS::Elasticsearch::Domain")
_CONFIGURATION = dict(zip(DOMAINS, ("ClusterConfig", "ElasticsearchClusterConfig"), strict=True))

ROWS = (
    Limit(
        id="es-domains",
        key="es/L-076D529E",
        title="OpenSearch domains",
        docs=DOCS,
        counts=tuple(each(type_) for type_ in DOMAINS),
        default=500,
        usage=Call("opensearch", "ListDomainNames", "DomainNames", action="es:ListDomainNames"),
    ),
    Limit(
        id="es-instances-per-domain",
        key="es/L-6408ABDE",
        title="Instances per OpenSearch domain",
        docs=DOCS,
        counts=tuple(value(type_, f"{path}.InstanceCount") for type_, path in _CONFIGURATION.items()),
        default=200,
    ),
    Limit(
        id="es-master-instances-per-domain",
        key="es/master-instances-per-domain",
        title="Dedicated master instances per OpenSearch domain",
        docs=DOCS,
        counts=tuple(value(type_, f"{path}.DedicatedMasterCount") for type_, path in _CONFIGURATION.items()),
        default=5,
        adjustable=False,
    ),
)
