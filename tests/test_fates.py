"""What becomes of what a stack holds: told from the templates that it and its nested stacks run."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tapctl.account.model import LiveFunction, Stack
from tapctl.headroom.verdict import Verdict
from tapctl.preflight import judge
from tapctl.template.load import load

from .account.reader import MadeUpAccount, made_up
from .test_preflight import settings

FITS, EXCEEDS, UNCERTAIN = Verdict.FITS, Verdict.EXCEEDS, Verdict.UNCERTAIN
FUNCTION = """
Resources:
  {name}:
    Type: AWS::Lambda::Function
    DeletionPolicy: {policy}
    Properties: {{PackageType: {package}, ReservedConcurrentExecutions: {reserved}}}
"""
NESTED = (
    "Resources: {{Inner: {{Type: AWS::CloudFormation::Stack, DeletionPolicy: {}, Properties: {{TemplateURL: {}}}}}}}"
)
TOPIC = "Resources: {T: {Type: AWS::SNS::Topic}}"


def function(name: str, reserved: int, *, policy: str = "Delete", package: str = "Zip") -> str:
    return FUNCTION.format(name=name, reserved=reserved, policy=policy, package=package)


@dataclass
class Running(MadeUpAccount):
    """Answers with the template of each stack by its id."""

    bodies: Mapping[str, str] = field(default_factory=dict)

    def running(self, stack: Stack) -> str:
        return self.bodies[stack.id]


def running(held: Mapping[str, int], unreserved: int, **bodies: str) -> Running:
    functions = {name: LiveFunction(f"mine-{name}", reserved, 0) for name, reserved in held.items()}
    nested = {f"{name}/": name for name in bodies if name != "root"}
    stack = Stack("mine", "UPDATE_COMPLETE", functions, id="root", nested=nested)
    return Running(made_up(1000, unreserved, stack=stack).account, bodies=bodies)


def verdict(text: str, reader: Running, folder: Path, inner: str = TOPIC) -> Verdict:
    (folder / "inner.yaml").write_text(inner)
    (folder / "template.yaml").write_text(text)
    return judge(load(str(folder / "template.yaml")), reader, settings()).verdict


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        pytest.param("Delete", UNCERTAIN, id="deleted-it-frees-what-it-held-in-the-end"),
        pytest.param("Retain", EXCEEDS, id="retained-it-frees-nothing"),
        pytest.param("RetainExceptOnCreate", EXCEEDS, id="retained-after-its-creation"),
    ],
)
def test_a_function_that_leaves_the_stack_may_stay_in_the_account(
    policy: str, expected: Verdict, tmp_path: Path
) -> None:
    reader = running({"Old": 60}, 140, root=function("Old", 60, policy=policy))
    assert verdict(function("New", 80), reader, tmp_path) is expected


@pytest.mark.parametrize(
    ("of_the_stack", "of_the_function", "expected"),
    [
        pytest.param("Delete", "Delete", UNCERTAIN, id="all-is-deleted"),
        pytest.param("Delete", "Retain", EXCEEDS, id="the-function-is-retained"),
        pytest.param("Retain", "Delete", EXCEEDS, id="the-nested-stack-is-retained"),
    ],
)
def test_so_may_one_of_a_nested_stack(
    of_the_stack: str, of_the_function: str, expected: Verdict, tmp_path: Path
) -> None:
    root, inner = NESTED.format(of_the_stack, "https://x/y"), function("Old", 60, policy=of_the_function)
    reader = running({"Inner/Old": 60}, 140, root=root, Inner=inner)
    assert verdict(function("New", 80), reader, tmp_path) is expected


@pytest.mark.parametrize(
    ("package", "expected"),
    [
        pytest.param("Zip", FITS, id="changed-in-place"),
        pytest.param("Image", UNCERTAIN, id="made-anew-it-holds-both-for-a-while"),
    ],
)
def test_a_function_of_a_nested_stack_may_be_made_anew(package: str, expected: Verdict, tmp_path: Path) -> None:
    before = function("Fn", 60)
    reader = running({"Inner/Fn": 60}, 140, root=NESTED.format("Delete", "https://x/y"), Inner=before)
    after = function("Fn", 60, package=package)
    assert verdict(NESTED.format("Delete", "inner.yaml"), reader, tmp_path, after) is expected


@pytest.mark.parametrize(
    ("package", "expected"),
    [
        pytest.param("Zip", EXCEEDS, id="in-place-its-reservation-goes-below-what-is-provisioned"),
        pytest.param("Image", FITS, id="made-anew-it-has-nothing-provisioned"),
    ],
)
def test_a_function_may_be_made_anew_without_any_concurrency(package: str, expected: Verdict, tmp_path: Path) -> None:
    held = LiveFunction("mine-Fn", None, 1, {"Live": 1})
    stack = Stack("mine", "UPDATE_COMPLETE", {"Fn": held}, id="root")
    reader = Running(made_up(1000, 140, stack=stack).account, bodies={"root": function("Fn", 5)})
    assert verdict(function("Fn", 0, package=package), reader, tmp_path) is expected


REPLACING = """
Resources:
  Fn:
    Type: AWS::Lambda::Function
    UpdateReplacePolicy: {policy}
    Properties: {{PackageType: Image, ReservedConcurrentExecutions: 60}}
"""


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        pytest.param("Delete", UNCERTAIN, id="the-old-one-frees-what-it-held-in-the-end"),
        pytest.param("Retain", EXCEEDS, id="the-old-one-frees-nothing"),
    ],
)
def test_a_function_that_is_replaced_may_stay_in_the_account(policy: str, expected: Verdict, tmp_path: Path) -> None:
    reader = running({"Fn": 60}, 140, root=function("Fn", 60))
    assert verdict(REPLACING.format(policy=policy), reader, tmp_path) is expected


PUBLISHING = """
Resources:
  Fn: {{Type: AWS::Lambda::Function, Properties: {{}}}}
  {name}:
    Type: AWS::Lambda::Version
    DeletionPolicy: {deletion}
    UpdateReplacePolicy: {replacement}
    Properties:
      FunctionName: !Ref Fn
      Description: {description}
      ProvisionedConcurrencyConfig: {{ProvisionedConcurrentExecutions: 30}}
"""


def publishing(name: str, description: str, *, deletion: str = "Delete", replacement: str = "Delete") -> str:
    return PUBLISHING.format(name=name, description=description, deletion=deletion, replacement=replacement)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param(publishing("V", "1"), publishing("V", "2"), UNCERTAIN, id="replaced"),
        pytest.param(publishing("V", "1"), publishing("V", "2", replacement="Retain"), EXCEEDS, id="replaced-retained"),
        pytest.param(publishing("V", "1"), publishing("V", "1", replacement="Retain"), FITS, id="not-replaced"),
        pytest.param(publishing("V", "1"), publishing("W", "2"), UNCERTAIN, id="removed"),
        pytest.param(publishing("V", "1", deletion="Retain"), publishing("W", "2"), EXCEEDS, id="removed-retained"),
        pytest.param(publishing("V", "1"), publishing("W", "2", deletion="Retain"), UNCERTAIN, id="the-other-retained"),
    ],
)
def test_a_version_may_leave_what_it_provisions(before: str, after: str, expected: Verdict, tmp_path: Path) -> None:
    held = LiveFunction("mine-Fn", None, 30, {"V": 30})
    stack = Stack("mine", "UPDATE_COMPLETE", {"Fn": held}, id="root")
    reader = Running(made_up(1000, 120, stack=stack).account, bodies={"root": before})
    assert verdict(after, reader, tmp_path) is expected


def test_a_retained_function_loses_what_its_alias_provisioned(tmp_path: Path) -> None:
    """Only what goes on provisions anything in the account."""
    held = LiveFunction("mine-Old", None, 60, {"V": 40, ":3": 20})
    stack = Stack("mine", "UPDATE_COMPLETE", {"Old": held}, id="root")
    reader = Running(made_up(1000, 200, stack=stack).account, bodies={"root": function("Old", 0, policy="Retain")})
    template = tmp_path / "template.yaml"
    template.write_text(function("New", 100))
    found = judge(load(str(template)), reader, settings()).concurrency.outlook
    assert (found.final, found.peak) == (140, 100)


def by_hand(live: int | None, asked: int) -> Running:
    """A stack whose function has another reservation than its template says."""
    stack = Stack("mine", "UPDATE_COMPLETE", {"Fn": LiveFunction("mine-Fn", live, 0, {})}, id="root")
    return Running(made_up(1000, 130, stack=stack).account, bodies={"root": function("Fn", asked)})


@pytest.mark.parametrize(
    ("live", "before", "after", "expected"),
    [
        pytest.param(10, 60, 60, UNCERTAIN, id="lowered-by-hand-and-maybe-left-so"),
        pytest.param(None, 60, 60, UNCERTAIN, id="taken-away-by-hand"),
        pytest.param(10, 60, 30, FITS, id="set-to-what-fits"),
        pytest.param(10, 60, 70, EXCEEDS, id="asked-anew"),
        pytest.param(10, 10, 60, EXCEEDS, id="raised"),
    ],
)
def test_a_reservation_that_was_changed_by_hand_may_stay_so(
    live: int | None, before: int, after: int, expected: Verdict, tmp_path: Path
) -> None:
    assert verdict(function("Fn", after), by_hand(live, before), tmp_path) is expected


def test_it_is_said_which_was_changed_by_hand(tmp_path: Path) -> None:
    template = tmp_path / "template.yaml"
    template.write_text(function("Fn", 60))
    found = judge(load(str(template)), by_hand(10, 60), settings()).findings[0]
    assert "80 executions would stay unreserved; at least 100 must; the reservation of Fn was changed" in found.message
    assert found.hint == "write what is live into the template, or set it back"
