"""Known failures by their text: what each means, and the next step.

The patterns match texts of CloudFormation and of the services, in status reasons of stack events and in refusals of
change sets. The meaning and the hint may use the groups that the pattern names. The first row that matches counts.
"""

from tapctl.stacks.causes.access import KEYS, PERMISSIONS
from tapctl.stacks.causes.cause import Cause
from tapctl.stacks.causes.checks import CHECKS, GENERAL
from tapctl.stacks.causes.custom_resources import CUSTOM
from tapctl.stacks.causes.functions import CONCURRENCY, LAMBDA
from tapctl.stacks.causes.resources import NAMES, QUOTAS, REMAINS, WAITS
from tapctl.stacks.causes.services import SERVICES

__all__ = ["CAUSES", "Cause"]

CAUSES = (
    *CONCURRENCY,
    *LAMBDA,
    *CUSTOM,
    *KEYS,
    *SERVICES,
    *NAMES,
    *REMAINS,
    *CHECKS,
    *PERMISSIONS,
    *WAITS,
    *QUOTAS,
    *GENERAL,
)
"""In the order in which they are tried: specific causes before general ones."""
