"""The limits of X-Ray that a deploy can reach."""

from tapctl.limits.row import Call, DefaultGrade, Limit, each

ROWS = (
    Limit(
        id="xray-sampling-rules",
        key="xray/L-8C0C998A",
        title="Custom sampling rules of X-Ray",
        docs="https://docs.aws.amazon.com/general/latest/gr/xray.html",
        counts=(each("AWS::XRay::SamplingRule"),),
        grade=DefaultGrade.OPEN,
        # The rule that every account has does not count.
        usage=Call("xray", "GetSamplingRules", "SamplingRuleRecords[?SamplingRule.RuleName!='Default']"),
    ),
)
