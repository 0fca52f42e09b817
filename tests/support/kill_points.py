"""A deploy that is killed at a chosen moment: `python -m tests.support.kill_points ENDPOINT TEMPLATE STACK MOMENT`.

A moment is the beginning of a step's text, `changes` or `event`.
"""

import os
import signal
import sys
from dataclasses import dataclass
from typing import NoReturn

from tapctl.aws.session import Aws, Connection
from tapctl.aws.stacks import StackEvent
from tapctl.hints import Hint
from tapctl.settings.settings import Settings
from tapctl.stacks.change_set import ChangeSet
from tapctl.template.load import load
from tapctl.workflows.deploy import deploy
from tapctl.workflows.deployer import DeployRequest
from tests.support.fake_ui import FakeUI


def kill() -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


@dataclass
class KillingUI(FakeUI):
    """Confirms, and kills the process at its moment."""

    moment: str = ""

    def step(self, text: str, hint: Hint | None = None) -> None:
        if text.startswith(self.moment):
            kill()

    def changes(self, change_set: ChangeSet) -> None:
        if self.moment == "changes":
            kill()

    def event(self, event: StackEvent) -> None:
        if self.moment == "event":
            kill()


def main(endpoint: str, account: str, secret: str, template: str, stack: str, moment: str) -> None:
    settings = Settings(template, stack_name=stack, region="us-east-1")
    aws = Aws(Connection("us-east-1", endpoint=endpoint, keys=(account, secret)))
    deploy(DeployRequest(aws, load(template), settings, timeout=60), KillingUI(moment=moment))


if __name__ == "__main__":
    main(*sys.argv[1:])
