"""Holds the sandbox's stack sets, runs their operations in the background, and saves and loads them with the state."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tapctl.sandbox import stack_set_rules, stack_sets
from tapctl.sandbox.extension import patches
from tapctl.sandbox.extension.account import CurrentFile
from tapctl.sandbox.extension.patches import Record
from tapctl.sandbox.extension.stack_set_cells import CellWorker, Job
from tapctl.sandbox.stack_set_rules import StackSetRules
from tapctl.sandbox.stack_sets import FAILED, CellOutcome, CellResult, Instance, Operation, SandboxStackSet

_log = logging.getLogger(__name__)
SAVED = "tapctl_stack_sets"
REMEMBERED = 10_000
"""Versions of a stack set from which lists are answered when they are to be old."""


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


class StackSetRunner:
    """Every stack set by its id, and the tasks of the operations that run; `changed` is called at every change."""

    def __init__(self, folder: Path, cells: CellWorker) -> None:
        self.sets: dict[str, SandboxStackSet] = {}
        self.changed: Callable[[], None] = lambda: None
        self._file = CurrentFile(folder / stack_set_rules.FILE, lambda: stack_set_rules.read(folder))
        self._cells = cells
        self._history: dict[str, deque[tuple[float, SandboxStackSet]]] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._stops = False

    @property
    def rules(self) -> StackSetRules:
        """The rules as stack_sets.json has them now."""
        return self._file.content

    def put(self, of: SandboxStackSet) -> None:
        """Store a stack set."""
        self.sets[of.id] = of
        self.changed()
        if self.rules.list_seconds:
            self._history.setdefault(of.id, deque(maxlen=REMEMBERED)).append((time.monotonic(), of))

    def as_listed(self, of: SandboxStackSet) -> SandboxStackSet:
        """The stack set as lists show it, which may be out of date."""
        if not self.rules.list_seconds:
            return of
        shown = time.monotonic() - self.rules.list_seconds
        old = (state for stored, state in reversed(self._history.get(of.id, ())) if stored <= shown)
        return next(old, replace(of, operations={}))

    def submit(self, of: SandboxStackSet, operation: Operation) -> None:
        """Queue an operation, and begin it unless another one is before it."""
        self.put(stack_sets.queue(of, operation))
        self._begin(of.id)

    async def stop(self, seconds: float) -> None:
        """Begin no more cells, since the sandbox ends, and wait for the running ones."""
        self._stops = True
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)

    def _begin(self, set_id: str) -> None:
        parallel = self.rules.managed_execution == "parallel"
        while operation := stack_sets.next_to_begin(self.sets[set_id], parallel=parallel):
            self.put(stack_sets.begin(self.sets[set_id], operation))
            self._keep(asyncio.get_running_loop().create_task(self._run(set_id, operation.id)))

    def _keep(self, task: asyncio.Task[Any]) -> None:
        """The loop alone does not keep a task."""
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self, set_id: str, operation_id: str) -> None:
        working: dict[asyncio.Task[CellOutcome], str] = {}
        while True:
            startable = () if self._stops else stack_sets.startable(self.sets[set_id].operations[operation_id])
            for cell in startable:
                of = self.sets[set_id]
                self.put(stack_sets.started(of, of.operations[operation_id], cell))
                task = asyncio.create_task(self._work(set_id, operation_id, cell))
                self._keep(task)
                working[task] = cell
            if not working:
                break
            done, _ = await asyncio.wait(working, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                self.put(stack_sets.finished(self.sets[set_id], operation_id, working.pop(task), task.result()))
        if not self._stops:
            self.put(stack_sets.settled(self.sets[set_id], operation_id, now()))
            self._begin(set_id)

    async def _work(self, set_id: str, operation_id: str, cell: str) -> CellOutcome:
        of = self.sets[set_id]
        operation, instance = of.operations[operation_id], of.instances[cell]

        def made(stack_id: str) -> None:
            self.put(stack_sets.made(self.sets[set_id], cell, stack_id))

        try:
            job = Job(of, instance, operation.action, bool(operation.retain), made)
            return await self._cells.work(job, lambda: self.rules)
        except Exception as error:  # noqa: BLE001  # whatever the emulator raises is this cell's failure
            _log.exception("cell %s of stack set %s", cell, of.name)
            return CellOutcome(FAILED, f"Internal failure: {error}", instance.stack_id)

    def install(self) -> None:
        """Save, load and reset the stack sets with the stacks of the emulator."""
        saved, load, reset = patches.SAVED_STACKS.get(), patches.LOAD_STACKS.get(), patches.RESET_STACKS.get()

        def get_state() -> Record:
            return {**saved(), SAVED: [asdict(stack_set) for stack_set in self.sets.values()]}

        def load_persisted_state(state: Record) -> None:
            load(state)
            for saved in state.get(SAVED, ()):
                self.put(stack_sets.interrupted(_loaded(saved), now()))

        def reset_all() -> None:
            reset()
            for task in tuple(self._tasks):
                task.get_loop().call_soon_threadsafe(task.cancel)  # a reset runs in a thread of its own
            self.sets.clear()

        patches.SAVED_STACKS.put(get_state)
        patches.LOAD_STACKS.put(load_persisted_state)
        patches.RESET_STACKS.put(reset_all)


def _loaded(saved: Mapping[str, Any]) -> SandboxStackSet:
    instances = {cell: Instance(**instance) for cell, instance in saved["instances"].items()}
    operations = {name: _operation(operation) for name, operation in saved["operations"].items()}
    tuples = {name: tuple(saved[name]) for name in ("capabilities", "units", "known")}
    return replace(SandboxStackSet(**{**saved, **tuples}), instances=instances, operations=operations)


def _operation(saved: Mapping[str, Any]) -> Operation:
    results = {cell: CellResult(**result) for cell, result in saved["results"].items()}
    overrides = saved["overrides"]
    if overrides is not None:
        overrides = tuple((name, value) for name, value in overrides)
    return Operation(**{**saved, "results": results, "overrides": overrides, "suspended": tuple(saved["suspended"])})
