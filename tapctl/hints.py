"""The next step below a verdict or an error, as data; `tapctl.report.hints` words it.

The rooms `concurrency`, `limits`, `template`, `account` and `aws` choose an advice and fill in its values. They spell
no command and no option, so that one place decides how a command is written. Errors of other rooms carry text.
"""

from dataclasses import dataclass, replace
from enum import Enum


class Advice(Enum):
    """One next step; its value is a stable id, and the comment lists the values that it takes, in order."""

    # the verdict on concurrency
    APPLY_REMEDY = "apply-remedy"
    ALLOW_REMEDY = "allow-remedy"
    ALLOW_TWO_STEPS = "allow-two-steps"
    DEPLOY_IN_TWO_STEPS = "deploy-in-two-steps"
    DEPLOY_IN_TWO_STEPS_IF_ALLOWED = "deploy-in-two-steps-if-allowed"
    DEPLOY_SECOND_STEP = "deploy-second-step"
    PIN_MINIMUM = "pin-minimum"
    FREE_RESERVATIONS = "free-reservations"
    FREE_HELD = "free-held"  # functions with their reservations
    FREE_PROVISIONED = "free-provisioned"  # function name, qualifier
    START_SANDBOX_WITH_LIMIT = "start-sandbox-with-limit"  # limit
    RAISE_SANDBOX_LIMIT = "raise-sandbox-limit"  # limit
    REQUEST_INCREASE = "request-increase"  # service code, quota code, value
    REQUEST_INCREASE_IN_REGION = "request-increase-in-region"  # service code, quota code, value, Region
    INCREASE_PENDING = "increase-pending"  # value, day
    WAIT_FOR_INCREASE = "wait-for-increase"  # value, day
    RAISE_QUOTA = "raise-quota"  # service code, quota code, value, Region

    # what a template leaves open
    GIVE_PARAMETER = "give-parameter"  # parameter name
    GIVE_LOOKUP = "give-lookup"  # `ssm:NAME` or `import:NAME`
    CREATE_LOOKUP = "create-lookup"  # `ssm:NAME` or `import:NAME`
    GIVE_REGION = "give-region"
    GIVE_ACCOUNT_ID = "give-account-id"
    GIVE_STACK_NAME = "give-stack-name"
    NAME_TEMPLATE = "name-template"
    PIPE_TEMPLATE = "pipe-template"
    SYNTHESIZE_CDK_APP = "synthesize-cdk-app"
    CHECK_NESTED_TEMPLATE = "check-nested-template"
    RUN_CFN_LINT = "run-cfn-lint"
    TRUST_CFN_LINT_CONFIGURATION = "trust-cfn-lint-configuration"
    VALIDATE_SAM = "validate-sam"
    READ_PROCESSED_TEMPLATE = "read-processed-template"

    # what an account leaves open
    ALLOW_ACTION = "allow-action"  # IAM action
    SAVE_SNAPSHOT = "save-snapshot"  # path
    RENEW_SNAPSHOT = "renew-snapshot"
    NAME_STACK_WITH_FUNCTION = "name-stack-with-function"
    DELETE_RESERVATION = "delete-reservation"  # function name
    PUT_RESERVATION = "put-reservation"  # function name, value
    LIST_INCREASES = "list-increases"

    # how AWS is reached
    SET_REGION = "set-region"
    SET_REGION_OR_ENVIRONMENT = "set-region-or-environment"  # names of the environments in tapctl.toml
    LIST_PROFILES = "list-profiles"
    GIVE_CREDENTIALS = "give-credentials"
    RENEW_CREDENTIALS = "renew-credentials"
    TEST_CREDENTIALS = "test-credentials"
    SET_CLOCK = "set-clock"
    TRUST_STACK_SETS = "trust-stack-sets"


@dataclass(frozen=True, slots=True)
class Advised:
    """An advice with its values, in the order that the advice lists."""

    advice: Advice
    values: tuple[str | int, ...] = ()
    then: str = ""
    """A further step in words, which follows the advice."""

    def __format__(self, spec: str) -> str:
        """Raises `TypeError`: a report words it, nothing else."""
        raise TypeError(f"{self.advice} is not text; tapctl.report.hints words it")


Hint = str | Advised
"""A next step: text without any command or option in it, or an advice."""


def advise(advice: Advice, *values: str | int) -> Advised:
    """`Advised` with its values as arguments."""
    return Advised(advice, values)


def with_step(hint: Hint | None, step: str) -> Hint:
    """The hint with a further step behind it, or that step alone."""
    match hint:
        case Advised():
            return replace(hint, then=f"{hint.then}; {step}" if hint.then else step)
        case str(text) if text:
            return f"{text}; {step}"
        case _:
            return step
