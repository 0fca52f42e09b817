"""The catalogue: one row per limit, one file per service.

To add a limit, add a `Limit` to the `ROWS` of its service's file; nothing else changes.
"""

from tapctl.limits import awslambda, cloudformation, dynamodb, iam, kms
from tapctl.limits.row import Limit, LimitKind

CATALOGUE: tuple[Limit, ...] = (
    *awslambda.ROWS,
    *cloudformation.ROWS,
    *dynamodb.ROWS,
    *iam.ROWS,
    *kms.ROWS,
)

CONCURRENCY = next(limit for limit in CATALOGUE if limit.kind is LimitKind.CONCURRENCY)

COVERED_TYPES = frozenset(type_ for limit in CATALOGUE for type_ in limit.spends)
"""The resource types that a row knows; a preflight names every other type as not covered."""

__all__ = ["CATALOGUE", "CONCURRENCY", "COVERED_TYPES", "Limit", "LimitKind"]
