"""Next steps about the command line, files, settings and the sandbox, as data."""

from enum import auto

from tapctl.hints import Advice


class UsageAdvice(Advice):
    """Next steps; the comment lists the values that one takes, in order."""

    # options and arguments
    LEAVE_ONE_OUT = auto()
    LEAVE_VALUE_OUT = auto()
    LEAVE_OTHER_REQUESTS_OUT = auto()
    LEAVE_OTHER_COMMAND_OUT = auto()
    LEAVE_SNAPSHOT_OR_BASE_OUT = auto()
    LEAVE_OUT_OR_BASE = auto()
    LEAVE_OUT_OR_ADD_FORMAT = auto()
    PASS_BOTH_OR_NEITHER = auto()
    PASS_ONE = auto()
    GIVE_ONCE = auto()
    RUN_FOR_EACH = auto()
    USE_ONE_OF = auto()  # names
    MUST_BE_ONE_OF = auto()  # values
    DID_YOU_MEAN = auto()  # name
    IT_HAS = auto()  # names
    IT_DECLARES = auto()  # parameters
    DECLARES_NONE = auto()
    SET_BY = auto()  # where it is set
    FOR_EXAMPLE = auto()  # an example
    PASS_STACK_NAME = auto()
    PASS_STACK_NAME_OR = auto()  # other options
    PASS_ENVIRONMENT = auto()
    PASS_OUTPUT_FOLDER = auto()
    PASS_OTHER_OUTPUT = auto()
    NAME_OUTPUT = auto()
    NAME_FORMAT_FILE = auto()  # format
    CHOOSE_PROFILE_OR_ENVIRONMENT = auto()
    JUDGE_OTHER_STACK = auto()  # stack
    USE_SNAPSHOT_OF_REGION = auto()  # Region
    USE_SNAPSHOT_OF_ACCOUNT = auto()
    USE_SNAPSHOT = auto()  # file
    PASS_SNAPSHOT = auto()
    CHOOSE_SANDBOX_ENVIRONMENT = auto()
    CHOOSE_ENVIRONMENT_OR_SANDBOX = auto()
    PASS_TEMPLATE = auto()  # file
    CHOOSE_FOLDER = auto()
    CHOOSE_PORT = auto()
    PASS_LARGER_LIMIT = auto()
    PASS_ACCOUNT_LIMIT = auto()
    PASS_YES_TO_WRITE = auto()
    PASS_YES = auto()
    SHOW_HELP = auto()  # command
    LIST_LIMITS = auto()
    LIST_LIMIT_KEYS = auto()
    LIST_EXPLANATIONS = auto()
    LIST_EXPERIMENTS = auto()
    CLEAN_AGAIN = auto()
    PASS_HEADROOM = auto()  # number
    RUN_WITH_LAMBDA_MINIMUM = auto()
    PASS_BILLED = auto()
    DELETE_WITH_CLEAN = auto()
    USE_EMPTY_ACCOUNT = auto()
    INSTALL_MCP = auto()
    USE_AS_HOOK = auto()
    DEPLOY_HOOK = auto()  # template file
    AT_MOST_TWO_TEMPLATES = auto()
    QUOTE_PATH = auto()
    SEE_LIMIT_DOCS = auto()  # address
    SET_LOCALE = auto()
    REPORT_BUG = auto()
    CHECK_STDOUT = auto()
    SEE_HINTS = auto()

    # files
    NAME_OTHER_FILE = auto()
    GIVE_OTHER_CONFIG = auto()
    ADD_CONFIG = auto()
    GIVE_OTHER_POLICY = auto()
    NAME_OTHER_PLACE = auto()
    NAME_WRITABLE_FOLDER = auto()
    NAME_FILE_IN_FOLDER = auto()
    NAME_FILE_FOR_EACH = auto()
    NAME_FILE_ITSELF = auto()
    CHANGE_WORKING_FOLDER = auto()
    SET_STATE_FOLDER = auto()
    FREE_SPACE = auto()
    FREE_SPACE_OR_NAME = auto()
    FREE_SPACE_FOR_PACKAGE = auto()
    FIX_FILE = auto()
    CORRECT_OR_MOVE = auto()
    CORRECT_OR_RESTORE = auto()
    CORRECT_SNAPSHOT = auto()
    CHECK_AND_RUN_INIT = auto()
    NEXT_PREFLIGHT = auto()  # option of the environment
    NEXT_SYNTHESIZE = auto()  # option of the environment
    NEXT_NAME_TEMPLATE = auto()  # file, option of the environment
    NEXT_FILL_IN = auto()  # parameters, file, option of the environment
    EDIT_BY_HAND = auto()
    EDIT_OR_DEPLOY_REMEDY = auto()
    NAME_LINKED_FILE = auto()
    RUN_AGAIN = auto()
    RUN_AGAIN_IN_A_MOMENT = auto()
    RUN_AGAIN_IN_MINUTES = auto()
    RUN_AFTER_ROLLOUT = auto()
    REMOVE = auto()
    REMOVE_ONE = auto()
    REMOVE_ONE_REFERENCE = auto()

    # git and what a base holds
    USE_CHECKOUT = auto()
    FETCH_COMMIT = auto()
    FETCH_WHOLE_COMMIT = auto()
    GIVE_COMMIT_ID = auto()
    INSTALL_GIT = auto()
    COMMIT_FIRST = auto()
    COMMIT_TO_BASE = auto()
    SAVE_BASELINE = auto()
    LINT_SEPARATELY = auto()

    # tapctl.toml, parameters and other settings
    LIST_CONFIGURATION_KEYS = auto()
    MOVE_TO_DEFAULTS = auto()
    MOVE_ABOVE_SECTIONS = auto()
    ADD_ENVIRONMENT = auto()  # environment, file
    ADD_FLEET = auto()  # fleet, file
    SET_LATER_UNTIL = auto()
    LIST_RESOURCE_TYPES = auto()
    NAME_STACK_VALIDLY = auto()
    GIVE_TAG_VALUE = auto()  # file
    CORRECT_TAG = auto()  # two numbers of characters
    GIVE_PARAMETERS_FILE = auto()
    GIVE_VALUE_OR_STACK = auto()
    GIVE_PARAMETER_VALUE = auto()
    PASS_PARAMETERS = auto()  # options
    PASS_OR_CONFIGURE_PARAMETERS = auto()  # options
    PASS_OR_SET_PARAMETERS = auto()  # options, environment
    REMOVE_KEY = auto()  # key
    REMOVE_KEY_OR_EXCLUDE = auto()  # key
    SET_SERVICE_OR_REMOVE_CALL_AS = auto()
    NAME_PARENT_UNITS = auto()
    EXPORT_VARIABLE = auto()  # name
    CORRECT_TARGETS_FILE = auto()  # file
    USE_C7N_ORG_FORM = auto()
    QUOTE_ACCOUNT_ID = auto()
    QUOTE_VALUE = auto()
    LIST_REGIONS = auto()
    NAME_ASSUMED_ROLE = auto()
    WRITE_VALUE = auto()  # what is expected

    # the sandbox
    INSTALL_SANDBOX = auto()
    RESET_STOPPED_SANDBOX = auto()
    RESTART_SANDBOX = auto()  # port
    RAISE_OWN_LIMIT = auto()  # limit, and options
    REPLACE_SANDBOX_LIMITS = auto()
    SEE_SANDBOX_FILES = auto()  # folder
    SEE_LOG = auto()  # file
    KILL_PROCESS = auto()
    USE_ADDRESS_OF_STACK = auto()
    OWN_STATE_FOLDER = auto()  # folder
    REPLACE_SECRET = auto()  # file
    DELETE_STACK_SET_RULES = auto()
