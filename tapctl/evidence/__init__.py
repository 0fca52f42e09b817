"""Experiments that a user runs in an account: what AWS does where documentation and public reports leave it open.

experiment     one question as a row: calls, permissions, predictions, what the judgement does with the answer
awslambda …    the rows, one file per service
claims         what tapctl takes AWS to do, with its grade and its sources
run            runs rows, each in a stack of its own with a journal, and takes away what they made
record         `tapctl.evidence/1`, and what today's rows read from a record of any day
"""

from collections.abc import Sequence

from tapctl.errors import UsageError
from tapctl.evidence import awslambda, cloudformation, servicequotas
from tapctl.evidence.claims import claim, with_grade
from tapctl.evidence.experiment import Experiment
from tapctl.evidence.run import Bound, Cleaned, Journal, Runner, clean

__all__ = ["EXPERIMENTS", "Bound", "Cleaned", "Journal", "Runner", "chosen", "claim", "clean", "with_grade"]

EXPERIMENTS = {row.id: row for row in (*awslambda.ROWS, *cloudformation.ROWS, *servicequotas.ROWS)}


def chosen(ids: Sequence[str]) -> tuple[Experiment, ...]:
    """The experiments with these ids, all without any. Raises `UsageError` for another id."""
    if unknown := [id_ for id_ in ids if id_ not in EXPERIMENTS]:
        raise UsageError(f"no experiment is named {unknown[0]}", "`tapctl evidence list` lists them")
    return tuple(row for id_, row in EXPERIMENTS.items() if not ids or id_ in ids)
