"""Words what the judgement, the template, the account and the AWS edge advise."""

from collections.abc import Mapping

from tapctl.hints import Advice
from tapctl.hints.judgement import JudgementAdvice

_NO_TWO_STEPS = "two steps would not fit either: provisioned concurrency takes {} before anything is freed"

WORDING: Mapping[Advice, str] = {
    JudgementAdvice.APPLY_REMEDY: (
        "`tapctl deploy` with these options applies the remedy; `tapctl fix{} --write` writes it into the template"
    ),
    JudgementAdvice.ALLOW_REMEDY: (
        "`tapctl deploy` with these options applies the remedy with your consent, or with `--remedy adjust`;"
        " `tapctl fix{} --write` writes it into the template"
    ),
    JudgementAdvice.ALLOW_TWO_STEPS: (
        "`tapctl deploy` deploys it in two steps with your consent, or with `--remedy adjust`: it lowers first, then"
        " raises"
    ),
    JudgementAdvice.DEPLOY_IN_TWO_STEPS: "`tapctl deploy` deploys it in two steps: it lowers first, then raises",
    JudgementAdvice.DEPLOY_IN_TWO_STEPS_IF_ALLOWED: (
        "without `--remedy fail`, `tapctl deploy` deploys it in two steps: it lowers first, then raises"
    ),
    JudgementAdvice.DEPLOY_SECOND_STEP: "`tapctl deploy` with the same options continues with step 2",
    JudgementAdvice.OR_SET_PARAMETER: 'alternatively, set parameter {} to "{}"{}',
    JudgementAdvice.OR_OMIT_PARAMETER: "alternatively, leave parameter {} out{}",
    JudgementAdvice.SET_PARAMETER_FOR_CDK: 'set parameter {} to "{}"{}, which the next `cdk synth` does not overwrite',
    JudgementAdvice.OMIT_PARAMETER_FOR_CDK: "leave parameter {} out{}, which the next `cdk synth` does not overwrite",
    JudgementAdvice.PASS_MINIMUM: "pass `--min-unreserved N` if you know the minimum, from an error of this account",
    JudgementAdvice.FREE_RESERVATIONS: "free concurrency that other functions reserve",
    JudgementAdvice.FREE_RESERVATIONS_OF: "free concurrency that other functions reserve: {}",
    JudgementAdvice.DELETE_PROVISIONED_CONFIG: (
        "`aws lambda delete-provisioned-concurrency-config --function-name {!q} --qualifier {!q}` frees what an earlier"
        " deploy left behind"
    ),
    JudgementAdvice.START_SANDBOX_WITH_LIMIT: "`tapctl sandbox start --limit {}` sets the limit",
    JudgementAdvice.OR_RAISE_SANDBOX_LIMIT: "or raise the sandbox's limit: `tapctl sandbox start --limit {}`",
    JudgementAdvice.OR_REQUEST_INCREASE: (
        "or request an increase: `aws service-quotas request-service-quota-increase --service-code {}"
        " --quota-code {} --desired-value {}`"
    ),
    JudgementAdvice.OR_REQUEST_INCREASE_IN_REGION: (
        "or request an increase: `aws service-quotas request-service-quota-increase --service-code {}"
        " --quota-code {} --desired-value {} --region {}`"
    ),
    JudgementAdvice.REQUEST_INCREASE: (
        "request an increase: `aws service-quotas request-service-quota-increase --service-code {}"
        " --quota-code {} --desired-value {} --region {}`"
    ),
    JudgementAdvice.INCREASE_PENDING: "an increase to {} was requested on {} and is pending",
    JudgementAdvice.WAIT_FOR_INCREASE: (
        "an increase to {} was requested on {} and is pending; `tapctl deploy --wait-increase` waits for it"
    ),
    JudgementAdvice.PASS_PARAMETER: "pass `--parameter {!q}=VALUE`",
    JudgementAdvice.PASS_LOOKUP: "pass `--resolve {!q}=VALUE`",
    JudgementAdvice.CREATE_OR_PASS_LOOKUP: (
        "create it first; `--resolve {!q}=VALUE` judges the template with the value that it will have"
    ),
    JudgementAdvice.PASS_REGION: "pass `--region REGION`",
    JudgementAdvice.USE_CREDENTIALS_OR_SNAPSHOT: "use credentials of the account, or a snapshot with its `account_id`",
    JudgementAdvice.GIVE_STACK_NAME: "pass `--stack-name NAME`",
    JudgementAdvice.NAME_TEMPLATE: (
        "name the template as an argument, with `--template`, or as `template` in tapctl.toml"
    ),
    JudgementAdvice.PIPE_TEMPLATE: "pipe it: `… | tapctl preflight -`",
    JudgementAdvice.SYNTHESIZE_CDK_APP: "`cdk synth` writes one",
    JudgementAdvice.PREFLIGHT_NESTED_TEMPLATE: "run `tapctl preflight` on that template as well",
    JudgementAdvice.RUN_CFN_LINT: "`cfn-lint TEMPLATE` shows more; `--no-lint` skips it",
    JudgementAdvice.TRUST_CFN_LINT_CONFIGURATION: (
        "if you trust it, `--allow-cfnlintrc-code` allows it; `--no-lint` skips cfn-lint"
    ),
    JudgementAdvice.VALIDATE_SAM: "`sam validate --lint` may show more",
    JudgementAdvice.PREFLIGHT_PROCESSED_TEMPLATE: (
        "run preflight on what it generates: `aws cloudformation get-template --template-stage Processed`"
    ),
    JudgementAdvice.ALLOW_ACTION: "allow the action {}",
    JudgementAdvice.SAVE_SNAPSHOT: "`tapctl account --output {!q}` saves one",
    JudgementAdvice.RENEW_SNAPSHOT: "`tapctl account --output FILE` saves a new one",
    JudgementAdvice.NAME_STACK_WITH_FUNCTION: "name a stack that has one with `--stack-name`",
    JudgementAdvice.DELETE_RESERVATION: "`aws lambda delete-function-concurrency --function-name {!q}`",
    JudgementAdvice.PUT_RESERVATION: (
        "`aws lambda put-function-concurrency --function-name {!q} --reserved-concurrent-executions {}`"
    ),
    JudgementAdvice.AWAIT_DECISION: (
        "wait for AWS to decide; `aws service-quotas list-requested-service-quota-change-history` lists it"
    ),
    JudgementAdvice.SET_REGION: "pass `--region`, set AWS_REGION, or set `region` in tapctl.toml",
    JudgementAdvice.SET_REGION_OR_ENVIRONMENT: (
        "pass `--region` or `--env` ({}), set AWS_REGION, or set `region` in tapctl.toml"
    ),
    JudgementAdvice.LIST_PROFILES: "`aws configure list-profiles` lists the profiles",
    JudgementAdvice.CONFIGURE_CREDENTIALS: "run `aws configure` or `aws sso login`, or pass `--profile NAME`",
    JudgementAdvice.SIGN_IN_AGAIN: "sign in again, for example with `aws sso login`",
    JudgementAdvice.CHECK_CREDENTIALS: (
        "check them with `aws sts get-caller-identity`; a Region that the account has not enabled refuses them too"
    ),
    JudgementAdvice.SET_CLOCK: "set the clock, for example with `timedatectl set-ntp true`",
    JudgementAdvice.ACTIVATE_ORGANIZATIONS_ACCESS: (
        "`aws cloudformation activate-organizations-access` with credentials of the management account gives it"
    ),
    # the template
    JudgementAdvice.NAME_TEMPLATE_FILE: "name a template file",
    JudgementAdvice.NAME_TEMPLATE_IN_FOLDER: "name the template file in it",
    JudgementAdvice.NAME_ONE_OF_TEMPLATES: "name one of them: {}",
    JudgementAdvice.SPLIT_STACK: "split the stack",
    JudgementAdvice.SPLIT_INTO_NESTED: "split it into nested stacks",
    JudgementAdvice.SPLIT_ENTRY: "split it into several",
    JudgementAdvice.MOVE_TO_OTHER_STACK: "move a part of it into another stack",
    JudgementAdvice.FLATTEN_TEMPLATE: "flatten the template",
    JudgementAdvice.FIX_SYNTAX: "fix the syntax",
    JudgementAdvice.INDENT_WITH_SPACES: "indent with spaces, never tabs",
    JudgementAdvice.NAME_RELATIVE_PATH: "a path is relative to the template that names it",
    JudgementAdvice.WRITE_KEY_OUT: "write the key out",
    JudgementAdvice.WRITE_VALUE_OUT: "write the value out",
    JudgementAdvice.QUOTE_KEY: "quote the key",
    JudgementAdvice.KEEP_ONE_TEMPLATE: "keep one template per file",
    JudgementAdvice.MERGE_LIST_OF_MAPS: "merge a list of maps: `<<: [*a, *b]`",
    JudgementAdvice.CHECK_TEXT_FILE: "check that it is a text file",
    JudgementAdvice.SAVE_AS_UTF8: "save it as UTF-8, or name the template file",
    JudgementAdvice.FIX_SAM_ERROR: "fix the error that SAM reports",
    JudgementAdvice.REMOVE_CIRCULAR_INCLUDE: "remove the circular include",
    JudgementAdvice.REMOVE_CIRCULAR_NESTING: "remove the circular nesting",
    JudgementAdvice.NEST_FEWER_STACKS: "nest fewer stacks: CloudFormation allows no more in one operation",
    JudgementAdvice.QUOTE_CONDITION: "quote it; YAML reads unquoted words such as On and Yes as booleans",
    JudgementAdvice.CHECK_LOOP_BODY: "check the body of the loop",
    JudgementAdvice.SET_WHOLE_NUMBER: "set a whole number of 0 or more, or omit it",
    JudgementAdvice.ADD_TRANSFORM: "add `Transform: {}`",
    JudgementAdvice.CHANGE_IN_TEMPLATE: "change it in the template",
    JudgementAdvice.FIX_LINT_ERRORS: "fix the errors, or skip linting with `--no-lint`",
    # limits of an account
    JudgementAdvice.ALLOW_NAMED_ACTION: "allow the action that the message names",
    JudgementAdvice.ASK_SUPPORT: "open a case with AWS Support",
    JudgementAdvice.REQUEST_AT_MOST: "request {} or less",
    JudgementAdvice.REQUEST_AT_LEAST: "request {} or more; for less, open a case with AWS Support",
    JudgementAdvice.CHOOSE_REGION_WITH_SERVICE: "choose a Region that has the service",
    JudgementAdvice.LEAVE_RESERVATION_OUT: "leave out the reservation",
    JudgementAdvice.LEAVE_PROVISIONED_OUT: "leave out ProvisionedConcurrencyConfig",
    JudgementAdvice.LEAVE_BOTH_OUT: "leave out ProvisionedConcurrencyConfig and ReservedConcurrentExecutions",
    JudgementAdvice.LIMIT_BY_CAPACITY_PROVIDER: (
        "leave out the reservation; the capacity provider limits how far the function scales"
    ),
    JudgementAdvice.LEAVE_ONE_SETTING_OUT: "leave out {} or ProvisionedConcurrencyConfig",
    JudgementAdvice.RESERVE_LESS: "reserve less",
    JudgementAdvice.PROVISION_LESS: "provision less",
    JudgementAdvice.RESERVE_MORE: "reserve at least {}, or provision less",
    JudgementAdvice.RESERVE_MORE_OR_LOWER_FIRST: (
        "reserve at least {}, or lower the provisioned concurrency in an earlier deploy"
    ),
    JudgementAdvice.PROVISION_ON_ONE: "provision on one of them",
    JudgementAdvice.REMOVE_PROVISIONED_FIRST: "remove it from {} in an earlier deploy, or publish another version",
    JudgementAdvice.SET_FUNCTION_VERSION: "set FunctionVersion to an AWS::Lambda::Version",
    JudgementAdvice.SET_MAXIMUM_CONCURRENCY: (
        "set MaximumConcurrency to {} in total, and to at least 2 on each event source"
    ),
    JudgementAdvice.WRITE_LIVE_VALUE: "write the live value into the template, or set it back",
    JudgementAdvice.KEEP_FUNCTION_NAME: (
        f"{_NO_TWO_STEPS}; keep the FunctionName, or change it in a later deploy, after the old function has no"
        " concurrency"
    ),
    JudgementAdvice.PROVISION_ON_ALIAS: (
        f"{_NO_TWO_STEPS}; provision on an alias, which keeps its provisioned concurrency when its version changes"
    ),
    JudgementAdvice.LOWER_BEFORE_RAISING: (
        f"{_NO_TWO_STEPS}; add `DependsOn` from the raised resource to the lowered one, or deploy the lowering first"
    ),
    JudgementAdvice.LOWER_MIN_CAPACITY: "lower MinCapacity to {} in total",
    JudgementAdvice.REMOVE_TARGET: "remove the scalable target",
    JudgementAdvice.LOWER_MEMORY: "set MemorySize to at most {}, or ask AWS Support for more",
    JudgementAdvice.LOWER_ALONE: "lower it in a deploy of that change alone",
    JudgementAdvice.SET_AT_MOST: "set it to {} or less",
    JudgementAdvice.CHOOSE_EXPORT: "choose another export name, or remove the export from stack {} first",
    JudgementAdvice.KEEP_EXPORT: "keep the export as it is until no stack imports it",
    JudgementAdvice.DELETE_IN_EARLIER_DEPLOY: (
        "delete what leaves the stack in a deploy before this one: CloudFormation deletes last"
    ),
    JudgementAdvice.DETERMINE_CLAIM: "determine the claim of {} ({}); without it, no remedy can be computed",
    JudgementAdvice.LOWER_PROVISIONED: "lower or remove the provisioned concurrency of {}",
    JudgementAdvice.TEMPLATE_HAS: "the template has: {}",
    JudgementAdvice.THROTTLE_BY_EVENT_SOURCE: (
        "ScalingConfig.MaximumConcurrency of {} throttles {} without a reservation"
    ),
    JudgementAdvice.THROTTLE_BY_STAGE: "{} throttles without a reservation",
    # texts that are not of tapctl
    JudgementAdvice.AS_WRITTEN: "{}",
    JudgementAdvice.READ_PAGE: "{}",
    # how AWS is reached
    JudgementAdvice.CREATE_ROLES: "create it in these accounts, let it trust account {}, and allow {} there",
    JudgementAdvice.CORRECT_OUS: "correct `ous` of the fleet in tapctl.toml",
    JudgementAdvice.LIST_ACCOUNTS_INSTEAD: (
        "`ous` needs credentials of the management account, or of a delegated administrator of Organizations;"
        " without them, list `accounts`"
    ),
    JudgementAdvice.USE_MANAGEMENT_ACCOUNT: (
        'use credentials of the management account, or of a delegated administrator with `call_as = "delegated_admin"`'
    ),
    JudgementAdvice.CHECK_NETWORK: "check the network, a proxy, the Region and AWS_ENDPOINT_URL",
    JudgementAdvice.CHECK_ENDPOINT: "check AWS_ENDPOINT_URL",
    JudgementAdvice.USE_REGION: "use a Region such as us-east-1",
    JudgementAdvice.FIX_AWS_CONFIG: "fix the file, or set AWS_CONFIG_FILE",
    JudgementAdvice.UPGRADE_BOTO3: "`pip install --upgrade boto3`",
}
