"""The limits of Glue that a deploy can reach."""

from tapctl.limits.row import Call, Limit, each

DOCS = "https://docs.aws.amazon.com/general/latest/gr/glue.html"


def _account(id_: str, name: str, title: str, type_: str, usage: Call, *, default: int) -> Limit:
    return Limit(
        id=id_,
        key=f"glue/{name}",
        title=title,
        docs=DOCS,
        counts=(each(f"AWS::Glue::{type_}"),),
        default=default,
        adjustable=name.startswith("L-"),
        usage=usage,
    )


ROWS = (
    _account("glue-jobs", "L-611FDDE4", "Glue jobs", "Job", Call("glue", "ListJobs", "JobNames"), default=2000),
    _account("glue-crawlers", "L-11FA2C1A", "Glue crawlers", "Crawler",
             Call("glue", "ListCrawlers", "CrawlerNames", token=("NextToken", "NextToken")), default=1000),
    _account("glue-triggers", "L-F1653A6D", "Glue triggers", "Trigger", Call("glue", "ListTriggers", "TriggerNames"),
             default=1000),
    _account("glue-workflows", "L-7DD7C33A", "Glue workflows", "Workflow", Call("glue", "ListWorkflows", "Workflows"),
             default=1000),
    _account("glue-databases", "L-F953935E", "Glue databases", "Database", Call("glue", "GetDatabases", "DatabaseList"),
             default=10_000),
    _account("glue-connections", "L-4256D6D2", "Glue connections", "Connection",
             Call("glue", "GetConnections", "ConnectionList", {"HidePassword": True}), default=1000),
    _account("glue-security-configurations", "L-83192DBF", "Glue security configurations", "SecurityConfiguration",
             Call("glue", "GetSecurityConfigurations", "SecurityConfigurations"), default=250),
    _account("glue-registries", "registries", "Glue schema registries", "Registry",
             Call("glue", "ListRegistries", "Registries"), default=100),
    Limit(
        id="glue-tables-per-database",
        key="glue/L-B8497671",
        title="Tables per Glue database",
        docs=DOCS,
        # Tables are never listed: crawlers and jobs make them with the data.
        counts=(each("AWS::Glue::Table", per="DatabaseName"),),
        default=200_000,
    ),
)  # fmt: skip
