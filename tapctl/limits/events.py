"""The limits of EventBridge and its schemas that a deploy can reach."""

from tapctl.limits.row import Call, DefaultGrade, Limit, each, length, tally

DOCS = "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html"
RULE = "AWS::Events::Rule"


def _account(id_: str, code: str, title: str, type_: str, read: tuple[str, str], *, default: int) -> Limit:
    """A limit of the account; `read` has the operation and the path of its list, which has no paginator."""
    return Limit(
        id=id_,
        key=f"events/{code}",
        title=title,
        docs=DOCS,
        counts=(each(type_),),
        default=default,
        usage=Call("events", *read, token=("NextToken", "NextToken")),
    )


ROWS = (
    _account("events-buses", "L-658A4FD9", "Event buses", "AWS::Events::EventBus",
             ("ListEventBuses", "EventBuses"), default=100),
    Limit(
        id="events-rules-per-bus",
        key="events/L-244521F2",
        title="Rules per event bus",
        docs=DOCS,
        counts=(each(RULE, per="EventBusName", otherwise="default"),),
        default=300,  # 100 in af-south-1 and eu-south-1
        # Of the default bus; the rules of others are not read.
        usage=tally("events", "ListRules", "Rules[].EventBusName"),
    ),
    Limit(
        id="events-targets-per-rule",
        key="events/L-388D1D08",
        title="Targets per rule",
        docs=DOCS,
        counts=(length(RULE, "Targets"),),
        default=5,
        adjustable=False,
    ),
    _account("events-api-destinations", "L-FB1C3A6D", "API destinations", "AWS::Events::ApiDestination",
             ("ListApiDestinations", "ApiDestinations"), default=3000),
    _account("events-connections", "L-595D6D42", "EventBridge connections", "AWS::Events::Connection",
             ("ListConnections", "Connections"), default=3000),
    _account("events-endpoints", "L-EAC9A2AC", "EventBridge global endpoints", "AWS::Events::Endpoint",
             ("ListEndpoints", "Endpoints"), default=100),
    Limit(
        id="schemas-registries",
        key="schemas/L-85663EFB",
        title="Schema registries",
        docs=DOCS,
        counts=(each("AWS::EventSchemas::Registry"),),
        default=10,
        grade=DefaultGrade.LIKELY,
        usage=Call("schemas", "ListRegistries", "Registries", {"Scope": "LOCAL"}),
    ),
)  # fmt: skip
