"""The checks of every resource type that tapctl verifies: one module a service."""

from collections.abc import Mapping

from tapctl.verify.resource_check import ResourceCheck
from tapctl.verify.services import (
    apigateway,
    awslambda,
    cloudwatch,
    dynamodb,
    events,
    iam,
    kms,
    logs,
    scheduler,
    sns,
    sqs,
)

CHECKS_BY_TYPE: Mapping[str, tuple[ResourceCheck, ...]] = {
    **apigateway.CHECKS_BY_TYPE,
    **awslambda.CHECKS_BY_TYPE,
    **cloudwatch.CHECKS_BY_TYPE,
    **dynamodb.CHECKS_BY_TYPE,
    **events.CHECKS_BY_TYPE,
    **iam.CHECKS_BY_TYPE,
    **kms.CHECKS_BY_TYPE,
    **logs.CHECKS_BY_TYPE,
    **scheduler.CHECKS_BY_TYPE,
    **sns.CHECKS_BY_TYPE,
    **sqs.CHECKS_BY_TYPE,
}
