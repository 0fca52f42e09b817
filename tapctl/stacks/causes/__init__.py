"""Failures that are known by their words: what each means, and the next step.

The texts are CloudFormation's and the services' own, as status reasons of stack events and in refusals of change sets
carry them. What a row's pattern names, its meaning and hint may use. The first row that matches is taken.
"""

from tapctl.stacks.causes.access import KEYS, PERMISSIONS
from tapctl.stacks.causes.cause import Cause
from tapctl.stacks.causes.checks import CHECKS
from tapctl.stacks.causes.functions import CONCURRENCY, LAMBDA
from tapctl.stacks.causes.resources import NAMES, QUOTAS, REMAINS, WAITS

__all__ = ["CAUSES", "Cause"]

CAUSES = (*CONCURRENCY, *LAMBDA, *KEYS, *NAMES, *REMAINS, *CHECKS, *PERMISSIONS, *WAITS, *QUOTAS)
"""In the order in which they are tried: what says more comes before what says less."""
