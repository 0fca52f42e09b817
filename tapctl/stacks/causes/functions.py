"""Refusals of Lambda: concurrency first, then the others."""

from tapctl.hints.failures import FailureAdvice
from tapctl.stacks.causes.cause import Cause

CONCURRENCY = (
    Cause(
        r"is greater than account's unreserved concurrency \[(?P<left>\d+)\]",
        "the provisioned concurrency exceeds the account's unreserved concurrency, {left}",
        FailureAdvice.LOWER_RESERVATION,
    ),
    Cause(
        r"Provisioned Concurrency should not be greater than the reservedConcurrentExecution",
        "the provisioned concurrency of all versions and aliases of a function must fit into its reservation",
        FailureAdvice.RAISE_RESERVATION,
    ),
    Cause(
        r"ReservedConcurrentExecutions\s+(?P<reserved>\d+) should not be lower than function's total provisioned "
        r"concurrency \[(?P<provisioned>\d+)\]",
        "the reservation of {reserved} is smaller than the function's provisioned concurrency, {provisioned}, which may"
        " include versions of earlier deploys",
        FailureAdvice.DELETE_UNNEEDED_PROVISIONED,
    ),
    Cause(
        r"FUNCTION_ERROR_\w*TIME_?OUT|FunctionError\.InitTimeout",
        "the function's own code takes too long while it is initialised",
        FailureAdvice.SPEED_UP_INIT,
    ),
    Cause(
        r"FUNCTION_ERROR_PERMISSION_DENIED|FunctionError\.PermissionDenied",
        "Lambda may not read or run a file of the function's package",
        FailureAdvice.MAKE_EXECUTABLE,
    ),
    Cause(
        r"FUNCTION_ERROR_\w+|FunctionError\.\w+|Function initialization failed",
        "the function's own code fails while it is initialised",
        FailureAdvice.SEE_LOG_OF_INVOCATION,
    ),
    Cause(
        r"Provisioned Concurrency configuration failed to be applied\. Reason: (?P<error>\w+)",
        "Lambda could not start the provisioned instances of the function: {error}",
        FailureAdvice.SEE_LAST_LOG_LINES,
    ),
    Cause(
        r"Provisioned Concurrency configuration failed to be applied",
        "Lambda could not start the provisioned instances of the function",
        FailureAdvice.SEE_LAST_LOG_LINES,
    ),
    Cause(
        r"Alias with (?:routing )?weights can ?not be used with Provisioned Concurrency",
        "an alias that splits its traffic between two versions cannot have provisioned concurrency",
        FailureAdvice.REMOVE_ROUTING,
    ),
    Cause(
        r"cannot be applied to unpublished function versions",
        "$LATEST cannot have provisioned concurrency",
        FailureAdvice.PROVISION_VERSION_OR_ALIAS,
    ),
    Cause(
        r"Alias can't be used for Provisioned Concurrency|Version is pointed by a Provisioned Concurrency alias",
        "a version and an alias of it cannot both have provisioned concurrency",
        FailureAdvice.KEEP_ONE_PROVISIONED,
    ),
)

LAMBDA = (
    Cause(
        r"Code storage limit exceeded",
        "the account's code storage is full",
        FailureAdvice.DELETE_VERSIONS,
    ),
    Cause(
        r"'MemorySize' value failed to satisfy constraint.*less than or equal to 3008",
        "a new account may not give a function more than 3008 MB",
        FailureAdvice.LOWER_MEMORY_TO_3008,
    ),
    Cause(
        r"(?:Unzipped size must be smaller than|Layers consume more than the available size of"
        r"|exceeds the maximum allowed size of) (?P<bytes>\d+) bytes",
        "the unzipped code and layers of the function exceed {bytes} bytes",
        FailureAdvice.SHRINK_CODE,
    ),
    Cause(
        r"environment variables you have provided exceeded the 4KB limit",
        "the environment variables of a function may not exceed 4 KB in total",
        FailureAdvice.MOVE_VALUES,
    ),
    Cause(
        r"Reserved keys used in this request: (?P<keys>[\w, ]+)",
        "Lambda sets the environment variables {keys} itself",
        FailureAdvice.RENAME_VARIABLES,
    ),
    Cause(
        r"runtime parameter of (?P<runtime>\S+) is no longer supported",
        "Lambda does not take the runtime {runtime} any more",
        FailureAdvice.UPGRADE_RUNTIME,
    ),
    Cause(
        r"Could not unzip uploaded file|must be a non-empty zip",
        "Lambda cannot unpack the function's code",
        FailureAdvice.PACKAGE_ZIP,
    ),
    Cause(
        r"Source image \S+ (?:does not exist|is not valid)|permission to access the ECR image",
        "Lambda cannot read the image in ECR",
        FailureAdvice.PUSH_IMAGE,
    ),
    Cause(
        r"image manifest, config or layer media type .* is not supported",
        "Lambda does not take the format of the image",
        FailureAdvice.BUILD_PLAIN_IMAGE,
    ),
    Cause(
        r"An update is in progress for resource|ResourceConflictException.*(?:Lambda|function)",
        "another update of the function is in progress",
        FailureAdvice.DEPLOY_AGAIN,
    ),
    Cause(
        r"Error occurred while GetObject\. S3 Error Code: (?P<code>\w+)",
        "Lambda could not read the function's code from its bucket ({code})",
        FailureAdvice.CHECK_CODE_LOCATION,
    ),
    Cause(
        r"cannot be assumed by Lambda",
        "the new role is not available in IAM yet, or its trust policy does not name lambda.amazonaws.com",
        FailureAdvice.CHECK_ASSUME_ROLE_POLICY,
    ),
    Cause(
        r"execution role does not have permissions to call (?P<action>\w+) on (?P<service>\w+)",
        "the function's role may not call {action} on {service}, or its policy is not available in IAM yet",
        FailureAdvice.ALLOW_IN_ROLE,
    ),
)
