"""The limits of Network Firewall that a deploy can reach."""

from tapctl.limits.row import Call, DefaultGrade, Limit, each

DOCS = "https://docs.aws.amazon.com/network-firewall/latest/developerguide/quotas.html"

ROWS = (
    Limit(
        id="network-firewall-firewalls",
        key="network-firewall/L-DE163D32",
        title="Network firewalls",
        docs=DOCS,
        counts=(each("AWS::NetworkFirewall::Firewall"),),
        grade=DefaultGrade.OPEN,
        usage=Call("network-firewall", "ListFirewalls", "Firewalls"),
    ),
)
