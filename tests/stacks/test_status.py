import pytest

from tapctl.aws.stacks import StackDescription
from tapctl.errors import UsageError
from tapctl.hints import advise
from tapctl.hints.deploy import DeployAdvice
from tapctl.resource_types import ABSENT, STACK_STATUSES, OperationEnd
from tapctl.settings.settings import Settings
from tapctl.stacks.stack import ReadyStack
from tapctl.stacks.status import ROLL_FORWARD, Situation, StackAction, decide, rule_for
from tapctl.template.model import Template, check
from tapctl.template.parse import parse
from tapctl.workflows.deployer import check_parameters
from tests.support.golden import Golden
from tests.support.stubbed_stacks import unreachable_aws
from tests.support.tables import check_each

TEXT = '{"Parameters": {"Stage": {"Type": "String"}}, "Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}}'

CREATE, UPDATE, WAIT, RECREATE = StackAction.CREATE, StackAction.UPDATE, StackAction.WAIT, StackAction.RECREATE
ROLL_BACK, CONTINUE, REFUSE = StackAction.ROLL_BACK, StackAction.CONTINUE, StackAction.REFUSE


def statuses() -> list[str]:
    """Every status that botocore's service model knows."""
    model = unreachable_aws().client("cloudformation").meta.service_model
    return list(model.shape_for("StackStatus").enum)


@pytest.fixture(scope="module")
def template() -> Template:
    source = parse(TEXT, "shop.json")
    return check(Template(source, source.value))


def test_every_status_of_the_service_model_is_known_and_no_other() -> None:
    assert {*statuses(), ABSENT} == set(STACK_STATUSES)


def it_has_no_end_only_in_progress(status: str) -> None:
    rule = rule_for(status)

    assert (rule.end is None) == status.endswith("_IN_PROGRESS")
    assert (rule.action is WAIT) == (status.endswith("_IN_PROGRESS") and status != "REVIEW_IN_PROGRESS")
    assert rule.meaning
    assert rule.hint or rule.action is not REFUSE


def test_a_status_in_progress_has_no_end_and_any_other_has_one() -> None:
    check_each({status: status for status in statuses()}, it_has_no_end_only_in_progress)


def test_only_three_statuses_are_a_success() -> None:
    assert {name for name, status in STACK_STATUSES.items() if status.end is OperationEnd.SUCCESS} == {
        "CREATE_COMPLETE",
        "UPDATE_COMPLETE",
        "IMPORT_COMPLETE",
    }


def test_every_status_whose_operation_failed_for_good_is_stuck() -> None:
    assert {name for name, status in STACK_STATUSES.items() if status.end is OperationEnd.STUCK} == {
        name for name in statuses() if name.endswith("_FAILED")
    }


def test_a_stack_in_a_status_that_aws_adds_later_is_not_touched() -> None:
    rule = rule_for("TELEPORT_COMPLETE")

    assert (rule.action, rule.end) == (REFUSE, None)
    assert "TELEPORT_COMPLETE" in rule.meaning


EXPECTED = {
    ABSENT: (CREATE, False),
    "REVIEW_IN_PROGRESS": (CREATE, False),
    "CREATE_IN_PROGRESS": (WAIT, False),
    "CREATE_FAILED": (RECREATE, False),
    "CREATE_COMPLETE": (UPDATE, False),
    "ROLLBACK_IN_PROGRESS": (WAIT, False),
    "ROLLBACK_FAILED": (RECREATE, True),
    "ROLLBACK_COMPLETE": (RECREATE, False),
    "DELETE_IN_PROGRESS": (WAIT, False),
    "DELETE_FAILED": (RECREATE, True),
    "DELETE_COMPLETE": (CREATE, False),
    "UPDATE_IN_PROGRESS": (WAIT, False),
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS": (WAIT, False),
    "UPDATE_COMPLETE": (UPDATE, False),
    "UPDATE_FAILED": (ROLL_BACK, True),
    "UPDATE_ROLLBACK_IN_PROGRESS": (WAIT, False),
    "UPDATE_ROLLBACK_FAILED": (CONTINUE, True),
    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS": (WAIT, False),
    "UPDATE_ROLLBACK_COMPLETE": (UPDATE, False),
    "IMPORT_IN_PROGRESS": (WAIT, False),
    "IMPORT_COMPLETE": (UPDATE, False),
    "IMPORT_ROLLBACK_IN_PROGRESS": (WAIT, False),
    "IMPORT_ROLLBACK_FAILED": (REFUSE, False),
    "IMPORT_ROLLBACK_COMPLETE": (UPDATE, False),
}


def test_the_action_of_every_status_and_whether_it_needs_consent() -> None:
    decisions = {status: decide(Situation(status)) for status in [*statuses(), ABSENT]}

    assert {status: (decision.action, decision.consent) for status, decision in decisions.items()} == EXPECTED


RECREATED = [name for name in STACK_STATUSES if rule_for(name).action is RECREATE]


@pytest.mark.parametrize("status", RECREATED)
def test_no_resource_is_deleted_without_consent(status: str) -> None:
    assert decide(Situation(status, held=("Table",))).consent
    assert decide(Situation(status, retained=("Table",))).consent
    assert decide(Situation(status, termination_protection=True)).consent


@pytest.mark.parametrize("status", RECREATED)
def test_a_protected_environment_keeps_its_resources(status: str) -> None:
    decision = decide(Situation(status, held=("Table", "Key"), protected=True))

    assert decision.action is REFUSE
    assert "Table, Key" in decision.why
    assert decision.hint
    assert decide(Situation(status, retained=("Table",), protected=True)).action is RECREATE


@pytest.mark.parametrize("status", RECREATED)
def test_termination_protection_keeps_the_resources(status: str) -> None:
    decision = decide(Situation(status, held=("Table",), termination_protection=True))

    assert decision.action is REFUSE
    assert decision.hint == advise(DeployAdvice.DISABLE_PROTECTION)


@pytest.mark.parametrize("status", statuses())
def test_only_a_failure_without_rollback_can_be_rolled_forward(status: str) -> None:
    usual, forward = decide(Situation(status)), decide(Situation(status, roll_forward=True))

    assert forward.action is (UPDATE if status in ROLL_FORWARD else usual.action)


def test_an_express_failure_is_not_rolled_back() -> None:
    decision = decide(Situation("UPDATE_FAILED", express=True))

    assert decision.action is REFUSE
    assert decision.hint == advise(DeployAdvice.DEPLOY_EXPRESS)


@pytest.mark.parametrize(
    ("status", "previous", "lacks"),
    [
        pytest.param(ABSENT, {}, True, id="a new stack has no value"),
        pytest.param("UPDATE_COMPLETE", {"Stage": "dev"}, False, id="an updated stack keeps its value"),
        pytest.param("ROLLBACK_COMPLETE", {"Stage": "dev"}, True, id="a stack that is deleted first keeps no value"),
        pytest.param("REVIEW_IN_PROGRESS", {"Stage": "dev"}, True, id="a stack under review keeps no value"),
    ],
)
def test_a_parameter_without_a_value_is_an_error(
    status: str, previous: dict[str, str], lacks: bool, template: Template, golden: Golden
) -> None:
    ready = ReadyStack(StackDescription("shop", status, "arn", previous), rule_for(status).action)
    if not lacks:
        check_parameters(ready, template, Settings("shop.json"))
        return
    with pytest.raises(UsageError) as raised:
        check_parameters(ready, template, Settings("shop.json"))
    golden(raised.value)
