"""A deploy that is killed at a moment of the test's choice.

It is run as `python -m tests.support.kill_points ENDPOINT TEMPLATE STACK MOMENT`.

A moment is the beginning of what is told: of a step, `changes` or `event`.
"""

import os
import signal
import sys
from dataclasses import dataclass
from typing import NoReturn

from tapctl.aws.session import Aws, Target
from tapctl.aws.stacks import StackEvent
from tapctl.concurrency.result import Preflight
from tapctl.settings.settings import Settings
from tapctl.stacks.change_set import ChangeSet
from tapctl.template.load import load
from tapctl.workflows.deploy import deploy
from tapctl.workflows.deployer import Deployer
from tests.support.workspace import Watcher


def die() -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


@dataclass
class Dying(Watcher):
    """Says yes, and dies when it is told what it waits for."""

    moment: str = ""

    def step(self, text: str) -> None:
        if text.startswith(self.moment):
            die()

    def changes(self, found: ChangeSet) -> None:
        if self.moment == "changes":
            die()

    def event(self, event: StackEvent) -> None:
        if self.moment == "event":
            die()

    def verdict(self, result: Preflight) -> None: ...


def main(endpoint: str, template: str, stack: str, moment: str) -> None:
    settings = Settings(template, stack_name=stack, region="us-east-1")
    aws = Aws(Target("us-east-1", endpoint=endpoint, keys=("test", "test")))
    watcher = Dying(moment=moment)
    deploy(load(template), Deployer(aws, settings, watcher, timeout=60), watcher, None)


if __name__ == "__main__":
    main(*sys.argv[1:])
