"""The limits of IAM that a deploy can reach; IAM is global."""

from tapctl.limits.row import Call, Limit, LimitKind

ROWS = (
    Limit(
        id="iam-roles",
        title="IAM roles",
        service="iam",
        code="L-FE177D64",
        kind=LimitKind.COUNT,
        docs="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html",
        spends={"AWS::IAM::Role": 1},
        usage=Call("iam", "GetAccountSummary", "SummaryMap.Roles"),
        quota=Call("iam", "GetAccountSummary", "SummaryMap.RolesQuota"),
    ),
)
