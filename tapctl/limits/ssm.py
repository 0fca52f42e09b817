"""The limits of Systems Manager that a deploy can reach."""

from tapctl.limits.row import ABSENT, Call, DefaultGrade, Limit, each

DOCS = "https://docs.aws.amazon.com/general/latest/gr/ssm.html"
PARAMETER = "AWS::SSM::Parameter"


def _open(id_: str, code: str, title: str, type_: str, usage: Call) -> Limit:
    """A limit of which Service Quotas alone has the default."""
    return Limit(
        id=id_,
        key=f"ssm/{code}",
        title=title,
        docs=DOCS,
        counts=(each(type_),),
        grade=DefaultGrade.OPEN,
        usage=usage,
    )


def _parameters(id_: str, name: str, title: str, tiers: tuple[str | None, ...], default: int) -> Limit:
    """A limit of the parameters of one tier."""
    return Limit(
        id=id_,
        key=f"ssm/{name}",
        title=title,
        docs="https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html",
        counts=(each(PARAMETER, where={"Tier": tiers}),),
        default=default,
        grade=DefaultGrade.LIKELY,
        adjustable=False,
        usage=Call("ssm", "DescribeParameters", f"Parameters[?Tier=='{name.partition('-')[0].title()}']"),
    )


ROWS = (
    _parameters("ssm-standard-parameters", "standard-parameters", "Standard parameters in Parameter Store",
                (ABSENT, "Standard", "Intelligent-Tiering"), 10_000),
    _parameters("ssm-advanced-parameters", "advanced-parameters", "Advanced parameters in Parameter Store",
                ("Advanced",), 100_000),
    _open("ssm-documents", "L-60D2045D", "Systems Manager documents", "AWS::SSM::Document",
          Call("ssm", "ListDocuments", "DocumentIdentifiers", {"Filters": [{"Key": "Owner", "Values": ["Self"]}]})),
    _open("ssm-maintenance-windows", "L-7727CE5B", "Maintenance windows", "AWS::SSM::MaintenanceWindow",
          Call("ssm", "DescribeMaintenanceWindows", "WindowIdentities")),
    _open("ssm-patch-baselines", "L-218CDBD4", "Patch baselines", "AWS::SSM::PatchBaseline",
          Call("ssm", "DescribePatchBaselines", "BaselineIdentities",
               {"Filters": [{"Key": "OWNER", "Values": ["Self"]}]})),
)  # fmt: skip
