"""EventBridge Scheduler: schedules and their groups."""

from collections.abc import Mapping

from tapctl.verify.resource_check import PropertyCheck, ResourceCheck, StateCheck, by_id, own_id, without_details

CHECKS_BY_TYPE: Mapping[str, tuple[ResourceCheck, ...]] = {
    "AWS::Scheduler::Schedule": (
        ResourceCheck(
            "scheduler",
            "GetSchedule",
            lambda resource: (
                {"Name": own_id(resource)}
                | {name: resource.properties[name] for name in ("GroupName",) if name in resource.properties}
            ),
            (
                PropertyCheck("State", default="ENABLED", absent="ENABLED"),
                PropertyCheck("ScheduleExpression"),
                PropertyCheck("ScheduleExpressionTimezone", default="UTC", absent="UTC"),
                PropertyCheck("FlexibleTimeWindow.Mode"),
                PropertyCheck("Target.Arn"),
                PropertyCheck("Target.RoleArn"),
                PropertyCheck("Target.Input", difference=without_details),
            ),
        ),
    ),
    "AWS::Scheduler::ScheduleGroup": (
        ResourceCheck("scheduler", "GetScheduleGroup", by_id("Name"), states=(StateCheck("State", ("ACTIVE",)),)),
    ),
}
