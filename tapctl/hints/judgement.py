"""Next steps of the judgement, the template, the account and the AWS room, as data."""

from enum import auto

from tapctl.hints import Advice


class JudgementAdvice(Advice):
    """Next steps; the comment lists the values that one takes, in order."""

    # the verdict on concurrency
    APPLY_REMEDY = auto()  # option that chooses the environment
    ALLOW_REMEDY = auto()  # option that chooses the environment
    ALLOW_TWO_STEPS = auto()
    DEPLOY_IN_TWO_STEPS = auto()
    DEPLOY_IN_TWO_STEPS_IF_ALLOWED = auto()
    DEPLOY_SECOND_STEP = auto()
    OR_SET_PARAMETER = auto()  # parameter, value, where it is set
    OR_OMIT_PARAMETER = auto()  # parameter, where it is set
    SET_PARAMETER_FOR_CDK = auto()  # parameter, value, where it is set
    OMIT_PARAMETER_FOR_CDK = auto()  # parameter, where it is set
    PASS_MINIMUM = auto()
    FREE_RESERVATIONS = auto()
    FREE_RESERVATIONS_OF = auto()  # functions with their reservations
    DELETE_PROVISIONED_CONFIG = auto()  # function name, qualifier
    START_SANDBOX_WITH_LIMIT = auto()  # limit
    OR_RAISE_SANDBOX_LIMIT = auto()  # limit
    OR_REQUEST_INCREASE = auto()  # service code, quota code, value
    OR_REQUEST_INCREASE_IN_REGION = auto()  # service code, quota code, value, Region
    INCREASE_PENDING = auto()  # value, day
    WAIT_FOR_INCREASE = auto()  # value, day
    REQUEST_INCREASE = auto()  # service code, quota code, value, Region

    # what a template leaves open
    PASS_PARAMETER = auto()  # parameter name
    PASS_LOOKUP = auto()  # `ssm:NAME` or `import:NAME`
    CREATE_OR_PASS_LOOKUP = auto()  # `ssm:NAME` or `import:NAME`
    PASS_REGION = auto()
    USE_CREDENTIALS_OR_SNAPSHOT = auto()
    GIVE_STACK_NAME = auto()
    NAME_TEMPLATE = auto()
    PIPE_TEMPLATE = auto()
    SYNTHESIZE_CDK_APP = auto()
    PREFLIGHT_NESTED_TEMPLATE = auto()
    RUN_CFN_LINT = auto()
    TRUST_CFN_LINT_CONFIGURATION = auto()
    VALIDATE_SAM = auto()
    PREFLIGHT_PROCESSED_TEMPLATE = auto()

    # what an account leaves open
    ALLOW_ACTION = auto()  # IAM action
    SAVE_SNAPSHOT = auto()  # path
    RENEW_SNAPSHOT = auto()
    NAME_STACK_WITH_FUNCTION = auto()
    DELETE_RESERVATION = auto()  # function name
    PUT_RESERVATION = auto()  # function name, value
    AWAIT_DECISION = auto()

    # how AWS is reached
    SET_REGION = auto()
    SET_REGION_OR_ENVIRONMENT = auto()  # names of the environments in tapctl.toml
    LIST_PROFILES = auto()
    CONFIGURE_CREDENTIALS = auto()
    SIGN_IN_AGAIN = auto()
    CHECK_CREDENTIALS = auto()
    SET_CLOCK = auto()
    ACTIVATE_ORGANIZATIONS_ACCESS = auto()
    CREATE_ROLES = auto()  # account id, action
    CORRECT_OUS = auto()
    LIST_ACCOUNTS_INSTEAD = auto()
    USE_MANAGEMENT_ACCOUNT = auto()
    CHECK_NETWORK = auto()
    CHECK_ENDPOINT = auto()
    USE_REGION = auto()
    FIX_AWS_CONFIG = auto()
    UPGRADE_BOTO3 = auto()

    # the template
    NAME_TEMPLATE_FILE = auto()
    NAME_TEMPLATE_IN_FOLDER = auto()
    NAME_ONE_OF_TEMPLATES = auto()  # files
    SPLIT_STACK = auto()
    SPLIT_INTO_NESTED = auto()
    SPLIT_ENTRY = auto()
    MOVE_TO_OTHER_STACK = auto()
    FLATTEN_TEMPLATE = auto()
    FIX_SYNTAX = auto()
    INDENT_WITH_SPACES = auto()
    NAME_RELATIVE_PATH = auto()
    WRITE_KEY_OUT = auto()
    WRITE_VALUE_OUT = auto()
    QUOTE_KEY = auto()
    KEEP_ONE_TEMPLATE = auto()
    MERGE_LIST_OF_MAPS = auto()
    CHECK_TEXT_FILE = auto()
    SAVE_AS_UTF8 = auto()
    FIX_SAM_ERROR = auto()
    REMOVE_CIRCULAR_INCLUDE = auto()
    REMOVE_CIRCULAR_NESTING = auto()
    NEST_FEWER_STACKS = auto()
    QUOTE_CONDITION = auto()
    CHECK_LOOP_BODY = auto()
    SET_WHOLE_NUMBER = auto()
    ADD_TRANSFORM = auto()  # name of the transform
    CHANGE_IN_TEMPLATE = auto()
    FIX_LINT_ERRORS = auto()

    # limits of an account
    ALLOW_NAMED_ACTION = auto()
    ASK_SUPPORT = auto()
    REQUEST_AT_MOST = auto()  # number
    REQUEST_AT_LEAST = auto()  # number
    CHOOSE_REGION_WITH_SERVICE = auto()
    LEAVE_RESERVATION_OUT = auto()
    LEAVE_PROVISIONED_OUT = auto()
    LEAVE_BOTH_OUT = auto()
    LIMIT_BY_CAPACITY_PROVIDER = auto()
    LEAVE_ONE_SETTING_OUT = auto()  # property
    RESERVE_LESS = auto()
    PROVISION_LESS = auto()
    RESERVE_MORE = auto()  # number
    RESERVE_MORE_OR_LOWER_FIRST = auto()  # number
    PROVISION_ON_ONE = auto()
    REMOVE_PROVISIONED_FIRST = auto()  # alias
    SET_FUNCTION_VERSION = auto()
    SET_MAXIMUM_CONCURRENCY = auto()  # number
    WRITE_LIVE_VALUE = auto()
    KEEP_FUNCTION_NAME = auto()  # executions that provisioned concurrency takes first
    PROVISION_ON_ALIAS = auto()  # executions that provisioned concurrency takes first
    LOWER_BEFORE_RAISING = auto()  # executions that provisioned concurrency takes first
    LOWER_MIN_CAPACITY = auto()  # number
    REMOVE_TARGET = auto()
    LOWER_MEMORY = auto()  # megabytes
    LOWER_ALONE = auto()
    SET_AT_MOST = auto()  # number
    CHOOSE_EXPORT = auto()  # stack
    KEEP_EXPORT = auto()
    DELETE_IN_EARLIER_DEPLOY = auto()
    DETERMINE_CLAIM = auto()  # function, reason
    LOWER_PROVISIONED = auto()  # functions
    TEMPLATE_HAS = auto()  # functions
    THROTTLE_BY_EVENT_SOURCE = auto()  # event source, function
    THROTTLE_BY_STAGE = auto()  # property of a stage

    # texts that are not of tapctl
    AS_WRITTEN = auto()  # text of a template or of a snapshot
    READ_PAGE = auto()  # address of a documentation page
