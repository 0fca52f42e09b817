"""The limits of EventBridge Scheduler that a deploy can reach."""

from tapctl.limits.row import Call, Limit, each

DOCS = "https://docs.aws.amazon.com/scheduler/latest/UserGuide/scheduler-quotas.html"

ROWS = (
    Limit(
        id="scheduler-schedules",
        key="scheduler/L-EE5D6FF0",
        title="Schedules",
        docs=DOCS,
        counts=(each("AWS::Scheduler::Schedule"),),
        default=10_000_000,
        usage=Call("scheduler", "ListSchedules", "Schedules"),
    ),
    Limit(
        id="scheduler-groups",
        key="scheduler/L-A632CD40",
        title="Schedule groups",
        docs=DOCS,
        counts=(each("AWS::Scheduler::ScheduleGroup"),),
        default=500,
        usage=Call("scheduler", "ListScheduleGroups", "ScheduleGroups"),
    ),
)
