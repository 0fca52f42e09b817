"""Next steps about packaging, deploying and verifying stacks and fleets, as data."""

from enum import auto

from tapctl.hints import Advice


class DeployAdvice(Advice):
    """Next steps; the comment lists the values that one takes, in order."""

    # packaging
    SET_BUCKET_OF_ACCOUNT = auto()
    SET_BUCKET_IN_REGION = auto()  # Region
    CREATE_BUCKET = auto()
    BOOTSTRAP_CDK = auto()
    PUBLISH_CDK_ASSETS = auto()
    SYNTHESIZE_AGAIN = auto()
    RELATIVE_TO_TEMPLATE = auto()  # property
    MAKE_READABLE = auto()
    RENAME_FILE = auto()
    REMOVE_FILES = auto()
    SET_TO_FILE = auto()  # property
    RECREATE_FILE = auto()
    SET_TO_CODE_FOLDER = auto()
    PUT_CODE_THERE = auto()
    REINSTALL = auto()
    REQUIRE_WHEEL = auto()
    CHOOSE_WHEEL = auto()
    REQUIRE_WHEEL_TO_PLAN = auto()
    CHECK_PACKAGE_INDEXES = auto()
    CORRECT_FILE = auto()  # file
    CORRECT_REQUIREMENTS = auto()
    CORRECT_HANDLER = auto()
    CORRECT_PIP_CONFIGURATION = auto()
    ALLOW_LINK_OUTSIDE = auto()
    REMOVE_FROM_CODE = auto()
    REMOVE_LINKS = auto()
    MOVE_TO_NESTED = auto()
    RUN_COMMAND = auto()  # command, folder
    NAME_BUILT_FILE = auto()  # what the build writes
    RUN_SAM_OR_BUILD = auto()  # command, folder
    BUILD_NEWER_THAN_TEMPLATE = auto()

    # deploying a stack
    CREATE_WITH_DEPLOY = auto()
    CREATE_AGAIN = auto()
    FIX_TEMPLATE = auto()
    FIX_TEMPLATE_OR_PARAMETERS = auto()
    FIX_OR_IGNORE_WARNINGS = auto()
    TRY_LATER = auto()
    TRY_AFTER_OPERATION = auto()
    RUN_AFTER_OTHER_DEPLOYS = auto()
    CHOOSE_ACCOUNT_OR_TYPE = auto()
    CHECK_CONDITIONS = auto()
    CHECK_DELETION = auto()
    CHECK_OTHER_UPDATES = auto()
    EXECUTE_OR_DELETE_CHANGE_SET = auto()  # number
    FOLLOW = auto()  # options that name the stack
    THEN_FOLLOW = auto()  # options that name the stack
    FOLLOW_OR_WAIT = auto()  # options that name the stack
    FOLLOW_LATER = auto()  # options that name the stack
    VERIFY = auto()  # options that name the stack
    VERIFY_ANYWAY = auto()  # options that name the stack
    RECOVER = auto()  # options that name the stack, what it does
    PASS_CONSENT = auto()  # what it does, options
    FIX_REASON_AND_RUN_AGAIN = auto()
    FIX_FUNCTION = auto()  # logical id
    NAME_ROOT = auto()  # stack
    USE_STACK_SET = auto()
    DEPLOY_WITHOUT_EXPRESS = auto()
    DEPLOY_WITHOUT_IT = auto()
    DEPLOY_EXPRESS = auto()
    KEEP_EXPRESS = auto()
    OMIT_EXPRESS = auto()
    OMIT_REVERT_DRIFT = auto()
    ACKNOWLEDGE = auto()
    RENAME_OR_IMPORT = auto()
    ALLOW_TO_SEE_WHICH = auto()  # IAM action
    IMPORT_WITH_DEPLOY = auto()  # options that name the stack
    PASS_IMPORT_EXISTING = auto()
    ALLOW_TO_SEE_FAILURES = auto()  # IAM action
    TRUST_CLOUDFORMATION = auto()
    ASK_SUPPORT_TO_REPAIR = auto()
    LOOK_IN_CONSOLE = auto()
    DELETE_STACK = auto()
    DISABLE_PROTECTION = auto()
    DISABLE_PROTECTION_OF = auto()  # stack
    UNPROTECT = auto()
    STOP_IMPORTING = auto()  # stacks, exports
    OR_DESTROY_IMPORTER = auto()  # options that name the stack
    ALLOW_REMEDY_IN_SECTION = auto()  # section of tapctl.toml
    RESOLVE_OR_ALLOW_UNCERTAIN = auto()

    # verification
    SEE_FUNCTION_LOG = auto()  # log group
    TAIL_LOG = auto()  # log group, Region
    READ_LOG = auto()
    READ_LOG_GROUPS = auto()  # log groups
    CHECK_THROTTLES_OR_RAISE_TIMEOUT = auto()
    SET_LOG_FORMAT = auto()
    CHECK_LAST_UPDATE = auto()
    CHECK_DRIFT = auto()
    REVERT_DRIFT = auto()
    RECREATE_STACK = auto()  # options that name the stack
    RECREATE_WITH_RECOVER = auto()  # options that name the stack
    SET_SECRET = auto()
    MUST_BE = auto()  # notation
    SET_FORGED_STATUS = auto()
    VERIFY_SIGNATURES = auto()

    # fleets
    SET_REGIONS = auto()
    SET_READ_ROLE = auto()
    WRITE_ACCOUNT_INTO_ROLE = auto()
    GIVE_REGIONS = auto()
    CORRECT_EMPTY_OUS = auto()  # organizational units
    GIVE_ACCOUNTS = auto()
    GIVE_OTHER_OUS = auto()
    SET_STACK_SET = auto()  # fleet
    GIVE_STACK_SET_REGION = auto()
    CORRECT_STACK_SET = auto()  # fleet
    CORRECT_CANARY = auto()  # fleet
    CORRECT_FLEET = auto()  # fleet
    RUN_AGAIN_WITH_MINIMUM = auto()
    CHOOSE_STACK_SET = auto()
    SET_PERMISSION = auto()  # permission, fleet
    SET_STACK_SET_REGION = auto()  # Region, fleet
    USE_SELF_PERMISSION = auto()
    CREATE_WITH_FLEET_DEPLOY = auto()  # fleet
    FOLLOW_FLEET = auto()  # fleet
    THEN_FOLLOW_FLEET = auto()  # fleet
    FOLLOW_FLEET_FIRST = auto()  # fleet
    FLEET_WATCH_OR_CONTINUE = auto()  # fleet
    SAVE_FLEET_SNAPSHOT = auto()
    SAVE_FLEET_AGAIN = auto()
    ADD_ACCOUNT_AND_REGION = auto()
    REMOVE_OLDER_SNAPSHOT = auto()
    ENABLE_REGION = auto()
    PASS_STRICT = auto()
    PUBLISH_TO_FLEET = auto()
    NAME_REGIONAL_BUCKETS = auto()
    LOWER_RESERVATIONS_FIRST = auto()
    LET_PARAMETER_DECIDE = auto()
    DELETE_IN_ACCOUNT = auto()
    MAKE_ONE_FIT = auto()
    ALLOW_REMEDY_IN_FLEET = auto()  # fleet
    PASS_REMEDY_ADJUST = auto()
