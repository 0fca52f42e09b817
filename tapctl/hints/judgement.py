"""What the judgement, the template, the account and the AWS edge advise, as data."""

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
    PIN_MINIMUM = auto()
    FREE_RESERVATIONS = auto()
    FREE_HELD = auto()  # functions with their reservations
    FREE_PROVISIONED = auto()  # function name, qualifier
    START_SANDBOX_WITH_LIMIT = auto()  # limit
    RAISE_SANDBOX_LIMIT = auto()  # limit
    REQUEST_INCREASE = auto()  # service code, quota code, value
    REQUEST_INCREASE_IN_REGION = auto()  # service code, quota code, value, Region
    INCREASE_PENDING = auto()  # value, day
    WAIT_FOR_INCREASE = auto()  # value, day
    RAISE_QUOTA = auto()  # service code, quota code, value, Region

    # what a template leaves open
    GIVE_PARAMETER = auto()  # parameter name
    GIVE_LOOKUP = auto()  # `ssm:NAME` or `import:NAME`
    CREATE_LOOKUP = auto()  # `ssm:NAME` or `import:NAME`
    GIVE_REGION = auto()
    GIVE_ACCOUNT_ID = auto()
    GIVE_STACK_NAME = auto()
    NAME_TEMPLATE = auto()
    PIPE_TEMPLATE = auto()
    SYNTHESIZE_CDK_APP = auto()
    CHECK_NESTED_TEMPLATE = auto()
    RUN_CFN_LINT = auto()
    TRUST_CFN_LINT_CONFIGURATION = auto()
    VALIDATE_SAM = auto()
    READ_PROCESSED_TEMPLATE = auto()

    # what an account leaves open
    ALLOW_ACTION = auto()  # IAM action
    SAVE_SNAPSHOT = auto()  # path
    RENEW_SNAPSHOT = auto()
    NAME_STACK_WITH_FUNCTION = auto()
    DELETE_RESERVATION = auto()  # function name
    PUT_RESERVATION = auto()  # function name, value
    LIST_INCREASES = auto()

    # how AWS is reached
    SET_REGION = auto()
    SET_REGION_OR_ENVIRONMENT = auto()  # names of the environments in tapctl.toml
    LIST_PROFILES = auto()
    GIVE_CREDENTIALS = auto()
    RENEW_CREDENTIALS = auto()
    TEST_CREDENTIALS = auto()
    SET_CLOCK = auto()
    TRUST_STACK_SETS = auto()

    # the template
    NAME_TEMPLATE_FILE = auto()
    NAME_TEMPLATE_IN_FOLDER = auto()
    NAME_ONE_OF_TEMPLATES = auto()  # files
    SPLIT_STACK = auto()
    SPLIT_INTO_NESTED = auto()
    SPLIT = auto()
    MOVE_TO_OTHER_STACK = auto()
    FLATTEN = auto()
    FIX_SYNTAX = auto()
    INDENT_WITH_SPACES = auto()
    NAME_RELATIVE_PATH = auto()
    WRITE_KEY_OUT = auto()
    WRITE_VALUE_OUT = auto()
    QUOTE_KEY = auto()
    KEEP_ONE_TEMPLATE = auto()
    MERGE_LIST = auto()
    CHECK_TEXT_FILE = auto()
    SAVE_AS_UTF8 = auto()
    FIX_SAM_ERROR = auto()
    REMOVE_CIRCULAR_INCLUDE = auto()
    REMOVE_CIRCULAR_NESTING = auto()
    REDUCE_STACKS = auto()
    QUOTE_CONDITION = auto()
    CHECK_LOOP_BODY = auto()
    SET_WHOLE_NUMBER = auto()
    ADD_TRANSFORM = auto()  # name of the transform
    CHANGE_TEMPLATE = auto()
    FIX_ERRORS = auto()

    # limits of an account
    ALLOW_NAMED_ACTION = auto()
    ASK_SUPPORT = auto()
    REQUEST_AT_MOST = auto()  # number
    REQUEST_AT_LEAST = auto()  # number
    CHOOSE_REGION_WITH_SERVICE = auto()
    LEAVE_RESERVATION_OUT = auto()
    LEAVE_PROVISIONED_OUT = auto()
    LEAVE_BOTH_OUT = auto()
    LEAVE_OUT_FOR_PROVIDER = auto()
    LEAVE_ONE_SETTING_OUT = auto()  # property
    RESERVE_LESS = auto()
    PROVISION_LESS = auto()
    RESERVE_MORE = auto()  # number
    PROVISION_ON_ONE = auto()
    TAKE_PROVISIONED = auto()  # alias
    SET_VERSION = auto()
    SET_MAXIMUM_CONCURRENCY = auto()  # number
    WRITE_LIVE_VALUE = auto()
    AWAIT_KNOWN_CLAIM = auto()  # function, reason
    EXPLAIN_TWO_STEPS = auto()  # why the two steps are over, or do not apply
    LOWER_MIN_CAPACITY = auto()  # number
    REMOVE_TARGET = auto()
    LOWER_MEMORY = auto()  # megabytes
    LOWER_ALONE = auto()
    SET_AT_MOST = auto()  # number
    CHOOSE_EXPORT = auto()  # stack
    KEEP_EXPORT = auto()
    DELETE_BEFORE = auto()
    DETERMINE_CLAIM = auto()  # function, reason
    LOWER_PROVISIONED = auto()  # functions
    NAME_TEMPLATE_FUNCTION = auto()  # functions
    RELY_ON_SOURCE = auto()  # event source, function
    RELY_ON_STAGE = auto()  # property of a stage

    # texts that are not of tapctl
    AS_WRITTEN = auto()  # text of a template or of a snapshot
    READ = auto()  # address of a documentation page

    # how AWS is reached
    CREATE_ROLES = auto()  # account id, action
    CORRECT_OUS = auto()
    LIST_ACCOUNTS_INSTEAD = auto()
    USE_MANAGEMENT_ACCOUNT = auto()
    CHECK_NETWORK = auto()
    CHECK_ENDPOINT = auto()
    USE_REGION = auto()
    FIX_AWS_CONFIG = auto()
    UPGRADE_BOTO3 = auto()
