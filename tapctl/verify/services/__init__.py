"""How each type of resource is looked at: one file a service, one tuple of looks a type."""

from collections.abc import Mapping

from tapctl.verify.resource_check import Look
from tapctl.verify.services import apigateway, awslambda, cloudwatch, dynamodb, iam, kms, logs, sns, sqs

LOOKS: Mapping[str, tuple[Look, ...]] = {
    **apigateway.LOOKS,
    **awslambda.LOOKS,
    **cloudwatch.LOOKS,
    **dynamodb.LOOKS,
    **iam.LOOKS,
    **kms.LOOKS,
    **logs.LOOKS,
    **sns.LOOKS,
    **sqs.LOOKS,
}
