"""Words every `Advice`, so that the judgement and its inputs spell no command and no option."""

from collections.abc import Iterable, Mapping

from tapctl.hints import Advice, Hint

WORDING: Mapping[Advice, str] = {
    Advice.APPLY_REMEDY: (
        "`tapctl deploy` with these options applies the remedy; `tapctl fix --write` writes it into the template"
    ),
    Advice.ALLOW_REMEDY: (
        "`tapctl deploy` applies the remedy with your consent, or with `--remedy adjust`; `tapctl fix --write` writes"
        " it into the template"
    ),
    Advice.ALLOW_TWO_STEPS: (
        "`tapctl deploy` deploys it in two steps with your consent, or with `--remedy adjust`: it lowers first, then"
        " raises"
    ),
    Advice.DEPLOY_IN_TWO_STEPS: "`tapctl deploy` deploys it in two steps: it lowers first, then raises",
    Advice.DEPLOY_IN_TWO_STEPS_IF_ALLOWED: (
        "without `--remedy fail`, `tapctl deploy` deploys it in two steps: it lowers first, then raises"
    ),
    Advice.DEPLOY_SECOND_STEP: "`tapctl deploy` with the same options continues with step 2",
    Advice.PIN_MINIMUM: "pass `--min-unreserved N` if you know the minimum, from an error of this account",
    Advice.FREE_RESERVATIONS: "free concurrency that other functions reserve",
    Advice.FREE_HELD: "free concurrency that other functions reserve: {}",
    Advice.FREE_PROVISIONED: (
        "`aws lambda delete-provisioned-concurrency-config --function-name {} --qualifier {}` frees what an earlier"
        " deploy left behind"
    ),
    Advice.START_SANDBOX_WITH_LIMIT: "`tapctl sandbox start --limit {}`",
    Advice.RAISE_SANDBOX_LIMIT: "or raise the sandbox's limit: `tapctl sandbox start --limit {}`",
    Advice.REQUEST_INCREASE: (
        "or request an increase: `aws service-quotas request-service-quota-increase --service-code {}"
        " --quota-code {} --desired-value {}`"
    ),
    Advice.REQUEST_INCREASE_IN_REGION: (
        "or request an increase: `aws service-quotas request-service-quota-increase --service-code {}"
        " --quota-code {} --desired-value {} --region {}`"
    ),
    Advice.RAISE_QUOTA: (
        "request an increase: `aws service-quotas request-service-quota-increase --service-code {}"
        " --quota-code {} --desired-value {} --region {}`"
    ),
    Advice.INCREASE_PENDING: "an increase to {} was requested on {} and is pending",
    Advice.WAIT_FOR_INCREASE: (
        "an increase to {} was requested on {} and is pending; `tapctl deploy --wait-increase` waits for it"
    ),
    Advice.GIVE_PARAMETER: "pass `--parameter {}=VALUE`",
    Advice.GIVE_LOOKUP: "pass `--resolve {}=VALUE`",
    Advice.CREATE_LOOKUP: "create it first; `--resolve {}=VALUE` judges the template with the value that it will have",
    Advice.GIVE_REGION: "pass `--region REGION`",
    Advice.GIVE_ACCOUNT_ID: "credentials of the account, or a snapshot with its `account_id`, give it",
    Advice.GIVE_STACK_NAME: "pass `--stack-name NAME`",
    Advice.NAME_TEMPLATE: "name the template as an argument, with `--template`, or as `template` in tapctl.toml",
    Advice.PIPE_TEMPLATE: "pipe it: `… | tapctl preflight -`",
    Advice.SYNTHESIZE_CDK_APP: "`cdk synth` writes one",
    Advice.CHECK_NESTED_TEMPLATE: "run `tapctl preflight` on that template as well",
    Advice.RUN_CFN_LINT: "`cfn-lint TEMPLATE` shows more; `--no-lint` skips it",
    Advice.TRUST_CFN_LINT_CONFIGURATION: (
        "if you trust it, `--allow-cfnlintrc-code` allows it; `--no-lint` skips cfn-lint"
    ),
    Advice.VALIDATE_SAM: "`sam validate --lint` may show more",
    Advice.READ_PROCESSED_TEMPLATE: (
        "run preflight on what it generates: `aws cloudformation get-template --template-stage Processed`"
    ),
    Advice.ALLOW_ACTION: "allow the action {}",
    Advice.SAVE_SNAPSHOT: "`tapctl account --output {}` saves one",
    Advice.RENEW_SNAPSHOT: "`tapctl account --output FILE` saves a new one",
    Advice.NAME_STACK_WITH_FUNCTION: "name a stack that has one with `--stack-name`",
    Advice.DELETE_RESERVATION: "`aws lambda delete-function-concurrency --function-name {}`",
    Advice.PUT_RESERVATION: (
        "`aws lambda put-function-concurrency --function-name {} --reserved-concurrent-executions {}`"
    ),
    Advice.LIST_INCREASES: (
        "wait for AWS to decide; `aws service-quotas list-requested-service-quota-change-history` lists it"
    ),
    Advice.SET_REGION: "pass `--region`, set AWS_REGION, or set `region` in tapctl.toml",
    Advice.SET_REGION_OR_ENVIRONMENT: (
        "pass `--region` or `--env` ({}), set AWS_REGION, or set `region` in tapctl.toml"
    ),
    Advice.LIST_PROFILES: "`aws configure list-profiles` lists the profiles",
    Advice.GIVE_CREDENTIALS: "run `aws configure` or `aws sso login`, or pass `--profile NAME`",
    Advice.RENEW_CREDENTIALS: "sign in again, for example with `aws sso login`",
    Advice.TEST_CREDENTIALS: (
        "check them with `aws sts get-caller-identity`; a Region that the account has not enabled refuses them too"
    ),
    Advice.SET_CLOCK: "set the clock, for example with `timedatectl set-ntp true`",
    Advice.TRUST_STACK_SETS: (
        "`aws cloudformation activate-organizations-access` with credentials of the management account gives it"
    ),
}


DURING_DEPLOY: Mapping[Advice, str] = {
    Advice.ALLOW_REMEDY: "`--remedy adjust` applies the remedy; `tapctl fix --write` writes it into the template",
    Advice.APPLY_REMEDY: "`tapctl fix --write` writes the remedy into the template",
}
"""The wording while a deploy is running, where it differs."""

OF_FLEET: Mapping[Advice, str] = {
    Advice.RAISE_SANDBOX_LIMIT: (
        "or raise the limit in the sandbox: `tapctl sandbox start --account-limit ACCOUNT={}`"
    ),
    Advice.SAVE_SNAPSHOT: "`tapctl account --targets NAME --output FOLDER` saves one of each account and Region",
    Advice.RENEW_SNAPSHOT: "`tapctl account --targets NAME --output FOLDER` saves new ones",
}
"""The wording for one account of many."""

_IN_TWO_ROLLOUTS = "roll out a template with the smaller reservations first, since a stack set has no two steps"

THROUGH_STACK_SET: Mapping[Advice, str] = {
    **OF_FLEET,
    Advice.ALLOW_REMEDY: "`tapctl fleet deploy --remedy adjust` gives these accounts the remedy as parameter overrides",
    Advice.APPLY_REMEDY: "`tapctl fleet deploy` gives these accounts the remedy as parameter overrides",
    Advice.ALLOW_TWO_STEPS: _IN_TWO_ROLLOUTS,
    Advice.DEPLOY_IN_TWO_STEPS: _IN_TWO_ROLLOUTS,
    Advice.DEPLOY_IN_TWO_STEPS_IF_ALLOWED: _IN_TWO_ROLLOUTS,
}
"""The wording for a fleet that has a stack set."""


_AS_ALWAYS: Mapping[Advice, str] = {}


def worded(hint: Hint, instead: Mapping[Advice, str] = _AS_ALWAYS) -> str:
    """A hint as a person reads it; `instead` has other wordings for some."""
    if isinstance(hint, str):
        return hint
    text = (instead.get(hint.advice) or WORDING[hint.advice]).format(*hint.values)
    return f"{text}; {hint.then}" if hint.then else text


def worded_all(hints: Iterable[Hint], instead: Mapping[Advice, str] = _AS_ALWAYS) -> str:
    """The hints of one finding in one line; empty where there are none."""
    return "; ".join(worded(hint, instead) for hint in hints)
