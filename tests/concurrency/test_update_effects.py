"""Which live functions an update replaces, deletes or retains, from the deployed templates."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tapctl.account.model import LiveFunction, Stack
from tapctl.concurrency.result import Preflight
from tapctl.concurrency.verdict import Verdict
from tapctl.report.preflight import as_text
from tapctl.report.render import RenderOptions
from tapctl.template.load import load
from tapctl.unknown import Unknown
from tapctl.workflows.preflight import judge
from tests.support.fake_account import FakeAccount, fake_account
from tests.support.golden import Golden
from tests.support.hints import noted
from tests.workflows.test_preflight import settings

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
class Running(FakeAccount):
    """Answers with the template of each stack by its id."""

    bodies: Mapping[str, str] = field(default_factory=dict)

    def deployed_template(self, stack: Stack) -> str:
        return self.bodies[stack.id]


def running(held: Mapping[str, int], unreserved: int, **bodies: str) -> Running:
    functions = {name: LiveFunction(f"mine-{name}", reserved, 0) for name, reserved in held.items()}
    nested = {f"{name}/": name for name in bodies if name != "root"}
    stack = Stack("mine", "UPDATE_COMPLETE", functions, id="root", nested=nested)
    return Running(fake_account(1000, unreserved, stack=stack).account, bodies=bodies)


def judged(text: str, reader: Running, folder: Path, inner: str = TOPIC) -> Preflight:
    (folder / "inner.yaml").write_text(inner)
    (folder / "template.yaml").write_text(text)
    return judge(load(str(folder / "template.yaml")), reader, settings())


def verdict(text: str, reader: Running, folder: Path, inner: str = TOPIC) -> Verdict:
    return judged(text, reader, folder, inner).verdict


def exceeds_with(final: int, text: str, reader: Running, folder: Path, inner: str = TOPIC) -> bool:
    """Whether the update exceeds and would leave this much unreserved in the end."""
    found = judged(text, reader, folder, inner)
    return (found.verdict, found.concurrency.outlook.final) == (EXCEEDS, final)


@pytest.mark.parametrize(
    ("policy", "final"),
    [
        pytest.param("Delete", 120, id="deleted-it-frees-what-it-held-in-the-end"),
        pytest.param("Retain", 60, id="retained-it-frees-nothing"),
        pytest.param("RetainExceptOnCreate", 60, id="retained-after-its-creation"),
    ],
)
def test_a_function_that_leaves_the_stack_may_stay_in_the_account(policy: str, final: int, tmp_path: Path) -> None:
    reader = running({"Old": 60}, 140, root=function("Old", 60, policy=policy))
    assert exceeds_with(final, function("New", 80), reader, tmp_path)


@pytest.mark.parametrize(
    ("of_the_stack", "of_the_function", "final"),
    [
        pytest.param("Delete", "Delete", 120, id="all-is-deleted"),
        pytest.param("Delete", "Retain", 60, id="the-function-is-retained"),
        pytest.param("Retain", "Delete", 60, id="the-nested-stack-is-retained"),
    ],
)
def test_a_function_of_a_nested_stack_may_stay_too(
    of_the_stack: str, of_the_function: str, final: int, tmp_path: Path
) -> None:
    root, inner = NESTED.format(of_the_stack, "https://x/y"), function("Old", 60, policy=of_the_function)
    reader = running({"Inner/Old": 60}, 140, root=root, Inner=inner)
    assert exceeds_with(final, function("New", 80), reader, tmp_path)


@pytest.mark.parametrize(
    ("package", "expected"),
    [
        pytest.param("Zip", FITS, id="changed-in-place"),
        pytest.param("Image", EXCEEDS, id="replaced-it-holds-both-for-a-while"),
    ],
)
def test_a_function_of_a_nested_stack_may_be_replaced(package: str, expected: Verdict, tmp_path: Path) -> None:
    before = function("Fn", 60)
    reader = running({"Inner/Fn": 60}, 140, root=NESTED.format("Delete", "https://x/y"), Inner=before)
    after = function("Fn", 60, package=package)
    assert verdict(NESTED.format("Delete", "inner.yaml"), reader, tmp_path, after) is expected


@pytest.mark.parametrize(
    ("package", "expected"),
    [
        pytest.param("Zip", EXCEEDS, id="in-place-its-reservation-goes-below-what-is-provisioned"),
        pytest.param("Image", FITS, id="replaced-it-has-nothing-provisioned"),
    ],
)
def test_a_function_may_be_replaced_by_one_without_concurrency(package: str, expected: Verdict, tmp_path: Path) -> None:
    held = LiveFunction("mine-Fn", None, 1, {"Live": 1})
    stack = Stack("mine", "UPDATE_COMPLETE", {"Fn": held}, id="root")
    reader = Running(fake_account(1000, 140, stack=stack).account, bodies={"root": function("Fn", 5)})
    assert verdict(function("Fn", 0, package=package), reader, tmp_path) is expected


REPLACING = """
Resources:
  Fn:
    Type: AWS::Lambda::Function
    UpdateReplacePolicy: {policy}
    Properties: {{PackageType: Image, ReservedConcurrentExecutions: 60}}
"""


@pytest.mark.parametrize(
    ("policy", "final"),
    [
        pytest.param("Delete", 140, id="the-old-one-frees-what-it-held-in-the-end"),
        pytest.param("Retain", 80, id="the-old-one-frees-nothing"),
    ],
)
def test_a_function_that_is_replaced_may_stay_in_the_account(policy: str, final: int, tmp_path: Path) -> None:
    reader = running({"Fn": 60}, 140, root=function("Fn", 60))
    assert exceeds_with(final, REPLACING.format(policy=policy), reader, tmp_path)


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
    ("before", "after", "expected", "final"),
    [
        pytest.param(publishing("V", "1"), publishing("V", "2"), EXCEEDS, 120, id="replaced"),
        pytest.param(
            publishing("V", "1"), publishing("V", "2", replacement="Retain"), EXCEEDS, 90, id="replaced-retained"
        ),
        pytest.param(publishing("V", "1"), publishing("V", "1", replacement="Retain"), FITS, 120, id="not-replaced"),
        pytest.param(publishing("V", "1"), publishing("W", "2"), EXCEEDS, 120, id="removed"),
        pytest.param(publishing("V", "1", deletion="Retain"), publishing("W", "2"), EXCEEDS, 90, id="removed-retained"),
        pytest.param(
            publishing("V", "1"), publishing("W", "2", deletion="Retain"), EXCEEDS, 120, id="the-other-retained"
        ),
    ],
)
def test_a_version_may_leave_what_it_provisions(
    before: str, after: str, expected: Verdict, final: int, tmp_path: Path
) -> None:
    held = LiveFunction("mine-Fn", None, 30, {"V": 30})
    stack = Stack("mine", "UPDATE_COMPLETE", {"Fn": held}, id="root")
    reader = Running(fake_account(1000, 120, stack=stack).account, bodies={"root": before})
    found = judged(after, reader, tmp_path)
    assert (found.verdict, found.concurrency.outlook.final) == (expected, final)


def test_a_retained_function_loses_what_its_alias_provisioned(tmp_path: Path) -> None:
    """Only what goes on provisions anything in the account."""
    held = LiveFunction("mine-Old", None, 60, {"V": 40, ":3": 20})
    stack = Stack("mine", "UPDATE_COMPLETE", {"Old": held}, id="root")
    reader = Running(fake_account(1000, 200, stack=stack).account, bodies={"root": function("Old", 0, policy="Retain")})
    template = tmp_path / "template.yaml"
    template.write_text(function("New", 100))
    found = judge(load(str(template)), reader, settings()).concurrency.outlook
    assert (found.final, found.peak) == (140, 100)


def by_hand(live: int | None, asked: int) -> Running:
    """A stack whose function has another reservation than its template says."""
    stack = Stack("mine", "UPDATE_COMPLETE", {"Fn": LiveFunction("mine-Fn", live, 0, {})}, id="root")
    return Running(fake_account(1000, 130, stack=stack).account, bodies={"root": function("Fn", asked)})


@pytest.mark.parametrize(
    ("live", "before", "after", "expected"),
    [
        pytest.param(10, 60, 60, UNCERTAIN, id="lowered-by-hand-and-maybe-left-so"),
        pytest.param(None, 60, 60, UNCERTAIN, id="taken-away-by-hand"),
        pytest.param(10, 60, 30, FITS, id="set-to-what-fits"),
        pytest.param(10, 60, 70, EXCEEDS, id="set-again"),
        pytest.param(10, 10, 60, EXCEEDS, id="raised"),
    ],
)
def test_a_reservation_that_was_changed_by_hand_may_stay_so(
    live: int | None, before: int, after: int, expected: Verdict, tmp_path: Path
) -> None:
    assert verdict(function("Fn", after), by_hand(live, before), tmp_path) is expected


def test_a_finding_names_the_function_that_was_changed_by_hand(tmp_path: Path, golden: Golden) -> None:
    template = tmp_path / "template.yaml"
    template.write_text(function("Fn", 60))
    finding = judge(load(str(template)), by_hand(10, 60), settings()).findings[0]
    assert (finding.verdict, finding.resource) == (UNCERTAIN, "Fn")
    golden([finding.message, *finding.hints])


def test_two_steps_are_not_promised_where_the_first_would_not_lower(tmp_path: Path) -> None:
    """A reservation that was raised by hand stays raised if the template does not change it."""
    template = tmp_path / "template.yaml"
    template.write_text(function("Fn", 60) + function("New", 40).partition("Resources:\n")[2])
    stack = Stack("mine", "UPDATE_COMPLETE", {"Fn": LiveFunction("mine-Fn", 100, 0, {})}, id="root")
    reader = Running(fake_account(1000, 120, stack=stack).account, bodies={"root": function("Fn", 60)})
    found = judge(load(str(template)), reader, settings())
    assert found.verdict is UNCERTAIN
    assert found.two_step is None
    assert [change.logical_id for change in found.changes if change.drifted] == ["Fn"]


PROVISIONING = """
Resources:
  Fn: {{Type: AWS::Lambda::Function, Properties: {{}}}}
  V: {{Type: AWS::Lambda::Version, Properties: {{FunctionName: !Ref Fn}}}}
  A:
    Type: AWS::Lambda::Alias
    Properties:
      FunctionName: !Ref Fn
      Name: live
      FunctionVersion: !GetAtt V.Version
      ProvisionedConcurrencyConfig: {{ProvisionedConcurrentExecutions: {}}}
"""


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        pytest.param(60, UNCERTAIN, id="scaled-beside-the-stack-it-may-stay-so"),
        pytest.param(10, EXCEEDS, id="raised"),
    ],
)
def test_provisioned_concurrency_that_was_changed_by_hand_may_stay_so(
    before: int, expected: Verdict, tmp_path: Path
) -> None:
    stack = Stack("mine", "UPDATE_COMPLETE", {"Fn": LiveFunction("mine-Fn", None, 10, {"A": 10})}, id="root")
    reader = Running(fake_account(1000, 130, stack=stack).account, bodies={"root": PROVISIONING.format(before)})
    assert verdict(PROVISIONING.format(60), reader, tmp_path) is expected


def test_an_unreadable_value_is_no_drift(tmp_path: Path) -> None:
    held = LiveFunction("mine-Fn", Unknown("denied", noted("allow it")), 0, {})
    reader = Running(
        fake_account(1000, 130, stack=Stack("mine", "UPDATE_COMPLETE", {"Fn": held}, id="root")).account,
        bodies={"root": function("Fn", 60)},
    )
    assert verdict(function("Fn", 60), reader, tmp_path) is Verdict.UNKNOWN


NAMED = """
Resources:
  Fn:
    Type: AWS::Lambda::Function
    UpdateReplacePolicy: Retain
    Properties: {{FunctionName: !Sub '${{AWS::StackId}}-{}', ReservedConcurrentExecutions: 60}}
"""


@pytest.mark.parametrize(
    ("after", "expected"),
    [pytest.param("x", FITS, id="the-same"), pytest.param("y", UNCERTAIN, id="maybe-another")],
)
def test_a_name_that_is_not_known_and_written_as_before_is_the_same(
    after: str, expected: Verdict, tmp_path: Path
) -> None:
    stack = Stack("mine", "UPDATE_COMPLETE", {"Fn": LiveFunction("stack-id-x", 60, 0)}, id="root")
    reader = Running(fake_account(1000, 140, stack=stack).account, bodies={"root": NAMED.format("x")})
    assert verdict(NAMED.format(after), reader, tmp_path) is expected


STORED = """
Parameters: {P: {Type: AWS::SSM::Parameter::Value<Number>, Default: /p}}
Resources: {Fn: {Type: AWS::Lambda::Function, Properties: {ReservedConcurrentExecutions: !Ref P}}}
"""


@pytest.mark.parametrize(
    ("stored", "expected"),
    [pytest.param("60", UNCERTAIN, id="changed-by-hand"), pytest.param("10", EXCEEDS, id="changed-in-the-store")],
)
def test_the_stored_value_at_the_last_deploy_is_compared_with_the_current_one(
    stored: str, expected: Verdict, tmp_path: Path
) -> None:
    held = {"Fn": LiveFunction("mine-Fn", 10, 0)}
    stack = Stack("mine", "UPDATE_COMPLETE", held, {"P": "/p"}, id="root", stored={"ssm:/p": stored})
    account = fake_account(1000, 130, stack=stack, lookups={"ssm:/p": "60"}).account
    assert verdict(STORED, Running(account, bodies={"root": STORED}), tmp_path) is expected


def test_a_running_template_that_only_cloudformation_reads_may_be_another_one(tmp_path: Path) -> None:
    stack = Stack("mine", "UPDATE_COMPLETE", {"Fn": LiveFunction("mine-Fn", 60, 0)}, id="root")
    unreadable = function("Fn", 60) + "    Metadata: {a: [1}\n"
    reader = Running(fake_account(1000, 140, stack=stack).account, bodies={"root": unreadable})
    assert verdict(function("Fn", 60, package="Image"), reader, tmp_path) is UNCERTAIN


SWITCHED_OFF = """
Mappings: {M: {small: {n: Zip}}}
Conditions: {Never: !Equals [a, b]}
Resources:
  Fn: {Type: AWS::Lambda::Function, Properties: {ReservedConcurrentExecutions: 60}}
  X: {Type: AWS::Lambda::Function, Condition: Never, Properties: {PackageType: !FindInMap [M, large, n]}}
"""


def test_a_resource_with_a_false_condition_is_not_compared(tmp_path: Path) -> None:
    stack = Stack("mine", "UPDATE_COMPLETE", {"Fn": LiveFunction("mine-Fn", 60, 0)}, id="root")
    reader = Running(fake_account(1000, 140, stack=stack).account, bodies={"root": SWITCHED_OFF})
    assert verdict(SWITCHED_OFF, reader, tmp_path) is FITS


@pytest.mark.parametrize("policy", ["Delete", "Retain"])
def test_claims_of_a_nested_stack_are_unknown_without_its_template(policy: str, tmp_path: Path) -> None:
    root, inner = NESTED.format(policy, "https://x/y"), function("Old", 60)
    reader = running({"Inner/Old": 60}, 140, root=root, Inner=inner)
    after = f"{root}\n{function('New', 80).partition('Resources:')[2]}".replace(
        "Resources: {Inner", "Resources:\n  Inner"
    )
    after = after.replace("}}}", "}}")
    assert verdict(after, reader, tmp_path) is Verdict.UNKNOWN


@pytest.mark.parametrize("prefix", ["", "Inner/"])
def test_an_alias_of_a_function_elsewhere_holds_what_it_held(prefix: str, tmp_path: Path) -> None:
    alias = """
Resources:
  A:
    Type: AWS::Lambda::Alias
    Properties:
      FunctionName: elsewhere
      Name: live
      FunctionVersion: '1'
      ProvisionedConcurrencyConfig: {ProvisionedConcurrentExecutions: 30}
"""
    outside = {f"{prefix}A": LiveFunction("elsewhere", None, 30, {"A": 30})}
    nested = {"Inner/": "Inner"} if prefix else {}
    stack = Stack("mine", "UPDATE_COMPLETE", id="root", outside=outside, nested=nested)
    root = NESTED.format("Delete", "inner.yaml") if prefix else alias
    reader = Running(fake_account(1000, 120, stack=stack).account, bodies={"root": root, "Inner": alias})
    assert verdict(root, reader, tmp_path, alias) is FITS


@pytest.mark.parametrize(
    ("unreserved", "shown"),
    [pytest.param(140, True, id="both-would-not-fit"), pytest.param(160, False, id="there-is-room-for-both")],
)
def test_a_snapshot_without_the_deployed_template_leaves_replacements_unknown(
    unreserved: int, shown: bool, tmp_path: Path, golden: Golden
) -> None:
    template = tmp_path / "template.yaml"
    template.write_text(function("Fn", 60, package="Image"))
    stack = Stack("mine", "UPDATE_COMPLETE", {"Fn": LiveFunction("mine-Fn", 60, 0)})
    found = judge(load(str(template)), fake_account(1000, unreserved, stack=stack), settings())
    assert found.verdict is FITS
    assert bool(found.not_compared) is shown
    assert bool(found.effects.not_compared_reason)
    golden("\n".join(as_text(found, RenderOptions(100, color=False)).splitlines()[1:]))


HASHED = """
  Hash: {{Type: Custom::Hash, Properties: {{ServiceToken: x, Of: {}}}}}
"""


@pytest.mark.parametrize("policy", ["Delete", "Retain"])
@pytest.mark.parametrize(
    ("of", "expected"), [pytest.param(1, FITS, id="nothing-changed"), pytest.param(2, UNCERTAIN, id="maybe-replaced")]
)
def test_a_possible_replacement_is_at_most_uncertain(of: int, policy: str, expected: Verdict, tmp_path: Path) -> None:
    held = LiveFunction("mine-Fn", None, 30, {"V": 30})
    stack = Stack("mine", "UPDATE_COMPLETE", {"Fn": held}, id="root")
    before, after = (
        publishing("V", "!GetAtt Hash.Value", replacement=policy) + HASHED.format(value) for value in (1, of)
    )
    reader = Running(fake_account(1000, 120, stack=stack).account, bodies={"root": before})
    assert verdict(after, reader, tmp_path) is expected
