import pytest

from tapctl.errors import UsageError
from tapctl.settings.settings import Settings
from tapctl.stacks.stack import StackDescription
from tapctl.stacks.status import ABSENT, FORWARD, STATES, End, Situation, StackAction, decide, state
from tapctl.template.model import Template, check
from tapctl.template.parse import parse
from tapctl.workflows.deployer import check_parameters
from tests.support.stubbed_stacks import somewhere

TEXT = '{"Parameters": {"Stage": {"Type": "String"}}, "Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}}'

CREATE, UPDATE, WAIT, RECREATE = StackAction.CREATE, StackAction.UPDATE, StackAction.WAIT, StackAction.RECREATE
ROLL_BACK, CONTINUE, REFUSE = StackAction.ROLL_BACK, StackAction.CONTINUE, StackAction.REFUSE


def statuses() -> list[str]:
    """Every status that botocore's service model knows."""
    model = somewhere().client("cloudformation").meta.service_model
    return list(model.shape_for("StackStatus").enum)


@pytest.fixture(scope="module")
def template() -> Template:
    source = parse(TEXT, "shop.json")
    return check(Template(source, source.value))


def test_every_status_of_the_service_model_has_a_row_and_no_row_is_made_up() -> None:
    assert {*statuses(), ABSENT} == set(STATES)


@pytest.mark.parametrize("status", statuses())
def test_what_is_in_progress_has_not_ended_and_what_is_not_has(status: str) -> None:
    row = state(status)

    assert (row.end is None) == status.endswith("_IN_PROGRESS")
    assert (row.action is WAIT) == (status.endswith("_IN_PROGRESS") and status != "REVIEW_IN_PROGRESS")
    assert row.meaning
    assert row.hint or row.action is not REFUSE


def test_only_three_statuses_are_a_success() -> None:
    assert {name for name, row in STATES.items() if row.end is End.SUCCESS} == {
        "CREATE_COMPLETE",
        "UPDATE_COMPLETE",
        "IMPORT_COMPLETE",
    }


def test_every_status_whose_operation_failed_for_good_is_stuck() -> None:
    assert {name for name, row in STATES.items() if row.end is End.STUCK} == {
        name for name in statuses() if name.endswith("_FAILED")
    }


def test_a_status_that_aws_adds_later_is_left_alone() -> None:
    row = state("TELEPORT_COMPLETE")

    assert (row.action, row.end) == (REFUSE, None)
    assert "TELEPORT_COMPLETE" in row.meaning


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


@pytest.mark.parametrize("status", [*statuses(), ABSENT])
def test_every_status_has_its_action_and_says_whether_that_needs_consent(status: str) -> None:
    step = decide(Situation(status))

    assert (step.action, step.consent) == EXPECTED[status]


RECREATED = [name for name, row in STATES.items() if row.action is RECREATE]


@pytest.mark.parametrize("status", RECREATED)
def test_nothing_that_a_stack_holds_is_deleted_without_consent(status: str) -> None:
    assert decide(Situation(status, held=("Table",))).consent
    assert decide(Situation(status, kept=("Table",))).consent
    assert decide(Situation(status, guarded=True)).consent


@pytest.mark.parametrize("status", RECREATED)
def test_a_protected_environment_never_loses_a_resource(status: str) -> None:
    step = decide(Situation(status, held=("Table", "Key"), protected=True))

    assert step.action is REFUSE
    assert step.why == "and its environment is protected, so Table, Key must not be deleted"
    assert step.hint
    assert decide(Situation(status, kept=("Table",), protected=True)).action is RECREATE


@pytest.mark.parametrize("status", RECREATED)
def test_termination_protection_keeps_what_a_stack_holds(status: str) -> None:
    step = decide(Situation(status, held=("Table",), guarded=True))

    assert step.action is REFUSE
    assert "--no-enable-termination-protection" in step.hint


@pytest.mark.parametrize("status", statuses())
def test_only_a_failure_that_was_not_rolled_back_is_mended_by_going_on(status: str) -> None:
    usual, forward = decide(Situation(status)), decide(Situation(status, forward=True))

    assert forward.action is (UPDATE if status in FORWARD else usual.action)


def test_an_express_failure_is_not_rolled_back() -> None:
    step = decide(Situation("UPDATE_FAILED", express=True))

    assert (step.action, step.hint) == (REFUSE, "mend the template, and deploy it with `--express`")


@pytest.mark.parametrize(
    ("status", "previous", "lacks"),
    [
        pytest.param(ABSENT, {}, True, id="a new stack has none"),
        pytest.param("UPDATE_COMPLETE", {"Stage": "dev"}, False, id="a stack that is up keeps its value"),
        pytest.param("ROLLBACK_COMPLETE", {"Stage": "dev"}, True, id="a stack that is deleted first keeps nothing"),
        pytest.param("REVIEW_IN_PROGRESS", {"Stage": "dev"}, True, id="a stack under review keeps nothing"),
    ],
)
def test_a_parameter_without_a_value_is_asked_for(
    status: str, previous: dict[str, str], lacks: bool, template: Template
) -> None:
    live = StackDescription(status, "arn", previous)
    if not lacks:
        check_parameters(live, template, Settings("shop.json"))
        return
    with pytest.raises(UsageError, match=r"shop\.json needs a value for Stage") as raised:
        check_parameters(live, template, Settings("shop.json"))
    assert raised.value.hint == "`--parameter Stage=VALUE`, or tapctl.toml"
