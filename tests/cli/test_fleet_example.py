"""The fleet of `examples/fleet`, as the README leads through it."""

import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tapctl.__main__ import main
from tapctl.sandbox.clients import ACCOUNT_VARIABLE
from tests.support.shared_sandbox import SharedSandbox
from tests.support.stack_sets import Fleet
from tests.support.terminal import Answer

EXAMPLE = Path(__file__).parents[2] / "examples" / "fleet"
LIMITS = {"1": 1000, "2": 1000, "3": 400, "4": 50, "5": 10, "6": 1000}
"""The limits by the digit of the accounts."""


@dataclass
class Example:
    """The folder of the example, whose accounts have other ids."""

    folder: Path
    ids: Mapping[str, str]
    patch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]

    def tapctl(self, *arguments: str) -> Answer:
        self.patch.setattr(sys, "argv", ["tapctl", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        assert isinstance(ended.value.code, int)
        return Answer(ended.value.code, *self.capsys.readouterr())

    @contextmanager
    def account(self, digit: str) -> Iterator[None]:
        """The account of the credentials, for the block."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv(ACCOUNT_VARIABLE, self.ids[digit])
            yield

    def deploys(self) -> tuple[int, Any]:
        """The exit code and the document of a rollout."""
        answer = self.tapctl("fleet", "deploy", "prod", "--yes", "--remedy", "adjust", "--no-lint", "--format", "json")
        return answer.code, answer.json()

    def add(self, digit: str) -> None:
        """Let an account join the fleet."""
        with (self.folder / "accounts.yml").open("a") as file:
            file.write(f'  - {{account_id: "{self.ids[digit]}", name: latecomer}}\n')


@pytest.fixture
def example(
    fleet: Fleet,
    shared_sandbox: SharedSandbox,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Example:
    monkeypatch.delenv("CI", raising=False)
    ids = dict(zip("1234567", (*fleet.accounts, *shared_sandbox.new_ids(3)), strict=True))
    folder = tmp_path / "fleet"
    folder.mkdir()
    for file in EXAMPLE.iterdir():
        text = re.sub(r"\b(\d)\1{11}\b", lambda match: ids[match[1]], file.read_text())
        (folder / file.name).write_text(text)
    monkeypatch.chdir(folder)
    made = Example(folder, ids, monkeypatch, capsys)
    given = (f"--account-limit={ids[digit]}={limit}" for digit, limit in LIMITS.items())
    assert made.tapctl("sandbox", "start", *given).code == 0
    return made


def cells(entries: Any) -> list[int]:
    return [len(entry["cells"]) for entry in entries]


def test_the_fleet_of_the_readme(example: Example) -> None:
    with example.account("6"):
        assert example.tapctl("deploy", "--yes", "--no-lint", "--no-verify").code == 0

    judged = example.tapctl("preflight", "--targets", "prod", "--no-lint", "--format", "json")
    verdicts = [cell["verdict"] for cell in judged.json()["cells"]]
    assert (judged.code, verdicts) == (3, ["fits"] * 4 + ["uncertain"] * 2 + ["exceeds"] * 4 + ["fits"] * 2)

    plan = example.tapctl("fleet", "plan", "prod", "--no-lint", "--format", "json")
    sets = plan.json()["override_sets"]
    assert (plan.code, [override_set["overrides"] for override_set in sets]) == (
        3,
        [{"Reserved": v} for v in ("350", "262", "")],
    )
    assert cells(sets) == [6, 2, 4]

    code, rollout = example.deploys()
    failed = [
        cell for operation in rollout["operations"] for cell in operation["cells"] if cell["status"] != "SUCCEEDED"
    ]
    assert (code, len(rollout["deployed"])) == (6, 11)
    assert [(cell["account_id"], cell["region"]) for cell in failed] == [(example.ids["6"], "us-east-1")]
    assert example.tapctl("fleet", "verify", "prod").code == 8

    with example.account("6"):
        assert example.tapctl("destroy", "--yes").code == 0
    code, rollout = example.deploys()
    # The instance whose creation failed is deleted, and created again.
    assert (code, cells(rollout["operations"]), len(rollout["deployed"])) == (0, [1, 1], 12)
    assert example.tapctl("fleet", "verify", "prod").code == 0

    code, rollout = example.deploys()
    assert (code, rollout["operations"], len(rollout["deployed"])) == (0, [], 12)

    example.add("7")  # with the limit of the administrator account
    code, rollout = example.deploys()
    assert (code, cells(rollout["operations"]), len(rollout["deployed"])) == (0, [2], 14)
    assert example.tapctl("fleet", "destroy", "prod", "--yes").code == 0
