"""The reference stack, deployed into a new account for each module."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from tapctl import sandbox
from tapctl.aws.session import Aws, Connection
from tapctl.settings.options import AccountOptions, TemplateOptions
from tapctl.settings.settings import Settings, read
from tapctl.settings.verify_section import VerifyConfig
from tapctl.verify.check import Check
from tapctl.verify.deployed_stack import read as read_stack
from tapctl.verify.resources import resource_jobs
from tapctl.verify.verify import Verification, verify
from tests.support.shared_sandbox import SharedSandbox

ROOT = Path(__file__).parents[2]
SQUARE_URL = "https://hooks.example.com/webhooks/square"


@dataclass
class ReferenceStack:
    """The deployed reference stack and the sandbox that runs it."""

    aws: Aws
    settings: Settings
    running: sandbox.Sandbox

    def verify(self, *, whole: bool = False) -> Verification:
        """The verification of the stack; `whole` includes the expectations in `[verify]`, which invoke the function."""
        plain = replace(self.settings, verify=VerifyConfig())
        return verify(self.aws, self.settings if whole else plain, lambda url: sandbox.route(self.running, url))

    def failures(self) -> list[tuple[str, str]]:
        return [(check.subject, check.message) for check in self.verify().failed]

    def checks_of(self, logical_id: str) -> list[Check]:
        """The checks of one resource."""
        return list(resource_jobs(self.aws, [read_stack(self.aws, "tapstack-local")])[logical_id]())

    def command(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run `tapctl` as a process, from the root of the repository."""
        return subprocess.run(
            [sys.executable, "-m", "tapctl", *arguments],
            check=False,
            cwd=ROOT,
            env=dict(os.environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
        )

    def deploy(self, *options: str) -> "subprocess.CompletedProcess[str]":
        parameters = [f"--parameter={name}={value}" for name, value in self.settings.parameters.items()]
        return self.command("deploy", "--env", "local", "--yes", "--no-lint", *parameters, *options)

    def client(self, service: str) -> Any:
        return self.aws.client(service)


@pytest.fixture(scope="module")
def reference(shared_sandbox: SharedSandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReferenceStack]:
    """The reference stack, which reserves 100 executions of the account's 1000."""
    with deploy_reference(shared_sandbox, tmp_path_factory.mktemp("reference")) as deployed:
        yield deployed


@contextmanager
def deploy_reference(server: SharedSandbox, folder: Path, **parameters: str) -> Iterator[ReferenceStack]:
    """The reference stack with these parameters, in a new account."""
    with server.account(folder / "state") as running:
        aws = Aws(Connection(running.region, endpoint=running.endpoint, keys=running.keys))
        local = read(AccountOptions(env="local"), template=TemplateOptions(template="-"), cwd=ROOT)
        settings = _with_all_providers(replace(local, region=running.region))
        deployed = ReferenceStack(aws, replace(settings, parameters={**settings.parameters, **parameters}), running)
        result = deployed.deploy("--no-verify")
        assert result.returncode == 0, result.stderr
        yield deployed


def _with_all_providers(settings: Settings) -> Settings:
    """The settings with a secret for every provider."""
    others = {name: [f"{name}-secret"] for name in ("generic", "github", "square", "stripe")}
    others["adyen"] = ["44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056"]
    secrets = json.loads(settings.parameters["WebhookSecrets"]) | others
    overrides = {"WebhookSecrets": json.dumps(secrets), "SquareNotificationUrl": SQUARE_URL}
    return replace(settings, parameters={**settings.parameters, **overrides})
