"""The limits of Managed Workflows for Apache Airflow that a deploy can reach."""

from tapctl.limits.row import Call, DefaultGrade, Limit, each

DOCS = "https://docs.aws.amazon.com/mwaa/latest/userguide/mwaa-quotas.html"

ROWS = (
    Limit(
        id="airflow-environments",
        key="airflow/L-67D41C6B",
        title="Airflow environments",
        docs=DOCS,
        counts=(each("AWS::MWAA::Environment"),),
        default=10,
        grade=DefaultGrade.LIKELY,
        usage=Call("mwaa", "ListEnvironments", "Environments", action="airflow:ListEnvironments"),
    ),
)
