"""The limits of GuardDuty that a deploy can reach: one detector in a Region."""

from tapctl.limits.row import Call, Limit, each

DOCS = "https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_limits.html"

ROWS = (
    Limit(
        id="guardduty-detectors",
        key="guardduty/detectors",
        title="GuardDuty detectors",
        docs=DOCS,
        counts=(each("AWS::GuardDuty::Detector"),),
        default=1,
        adjustable=False,
        usage=Call("guardduty", "ListDetectors", "DetectorIds"),
    ),
)
