"""The limits of Cloud Map that a deploy can reach."""

from tapctl.limits.row import Call, Limit, ValueKind, each

DOCS = "https://docs.aws.amazon.com/cloud-map/latest/dg/cloud-map-limits.html"

ROWS = (
    Limit(
        id="cloudmap-namespaces",
        key="AWSCloudMap/L-0FE3F50E",
        title="Cloud Map namespaces",
        docs=DOCS,
        counts=(
            each("AWS::ServiceDiscovery::PrivateDnsNamespace"),
            each("AWS::ServiceDiscovery::PublicDnsNamespace"),
            each("AWS::ServiceDiscovery::HttpNamespace"),
        ),
        default=50,
        usage=Call("servicediscovery", "ListNamespaces", "Namespaces"),
    ),
    Limit(
        id="cloudmap-instances-per-service",
        key="AWSCloudMap/instances-per-service",
        title="Instances per Cloud Map service",
        docs=DOCS,
        counts=(each("AWS::ServiceDiscovery::Instance", per="ServiceId"),),
        default=1000,
        adjustable=False,
        usage=Call("servicediscovery", "ListServices", "Services[].[Id, InstanceCount]", reading=ValueKind.PAIRS),
    ),
)
