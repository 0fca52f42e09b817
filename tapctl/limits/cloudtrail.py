"""The limits of CloudTrail that a deploy can reach."""

from tapctl.limits.row import Call, Limit, each

DOCS = "https://docs.aws.amazon.com/awscloudtrail/latest/userguide/WhatIsCloudTrail-Limits.html"

ROWS = (
    Limit(
        id="cloudtrail-trails",
        key="cloudtrail/trails",
        title="Trails",
        docs=DOCS,
        counts=(each("AWS::CloudTrail::Trail"),),
        default=5,
        adjustable=False,
        # A trail of another Region or of the organization that records here, too, counts and is listed.
        usage=Call("cloudtrail", "DescribeTrails", "trailList"),
    ),
    Limit(
        id="cloudtrail-event-data-stores",
        key="cloudtrail/event-data-stores",
        title="Event data stores",
        docs=DOCS,
        counts=(each("AWS::CloudTrail::EventDataStore"),),
        default=10,
        adjustable=False,
        usage=Call("cloudtrail", "ListEventDataStores", "EventDataStores", token=("NextToken", "NextToken")),
    ),
)
