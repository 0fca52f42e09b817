"""Refusals of Lambda: concurrency first, then the others."""

from tapctl.stacks.causes.cause import Cause

CONCURRENCY = (
    Cause(
        r"is greater than account's unreserved concurrency \[(?P<left>\d+)\]",
        "the provisioned concurrency exceeds the account's unreserved concurrency, {left}",
        "lower it, or request an increase of quota L-B99A9384; `tapctl account` shows the limit",
    ),
    Cause(
        r"Provisioned Concurrency should not be greater than the reservedConcurrentExecution",
        "the provisioned concurrency of all versions and aliases of a function must fit into its reservation",
        "raise ReservedConcurrentExecutions, or lower the provisioned concurrency",
    ),
    Cause(
        r"ReservedConcurrentExecutions\s+(?P<reserved>\d+) should not be lower than function's total provisioned "
        r"concurrency \[(?P<provisioned>\d+)\]",
        "the reservation of {reserved} is smaller than the function's provisioned concurrency, {provisioned}, which may"
        " include versions of earlier deploys",
        "list it with `aws lambda list-provisioned-concurrency-configs`, and delete what is not needed",
    ),
    Cause(
        r"FUNCTION_ERROR_\w*TIME_?OUT|FunctionError\.InitTimeout",
        "the function's own code takes too long while it is initialised",
        "do less outside of the handler, or raise MemorySize; the last lines of its log show where it stops",
    ),
    Cause(
        r"FUNCTION_ERROR_PERMISSION_DENIED|FunctionError\.PermissionDenied",
        "Lambda may not read or run a file of the function's package",
        "make its files readable and its entry point executable for all",
    ),
    Cause(
        r"FUNCTION_ERROR_\w+|FunctionError\.\w+|Function initialization failed",
        "the function's own code fails while it is initialised",
        "see the last lines of its log; it fails in the same way when it is invoked",
    ),
    Cause(
        r"Provisioned Concurrency configuration failed to be applied\. Reason: (?P<error>\w+)",
        "Lambda could not start the provisioned instances of the function: {error}",
        "see the last lines of its log",
    ),
    Cause(
        r"Provisioned Concurrency configuration failed to be applied",
        "Lambda could not start the provisioned instances of the function",
        "see the last lines of its log",
    ),
    Cause(
        r"Alias with (?:routing )?weights can ?not be used with Provisioned Concurrency",
        "an alias that splits its traffic between two versions cannot have provisioned concurrency",
        "remove RoutingConfig of the alias, or its ProvisionedConcurrencyConfig",
    ),
    Cause(
        r"cannot be applied to unpublished function versions",
        "$LATEST cannot have provisioned concurrency",
        "set it on a version or an alias",
    ),
    Cause(
        r"Alias can't be used for Provisioned Concurrency|Version is pointed by a Provisioned Concurrency alias",
        "a version and an alias of it cannot both have provisioned concurrency",
        "keep it on one of the two",
    ),
)

LAMBDA = (
    Cause(
        r"Code storage limit exceeded",
        "the account's code storage is full",
        "delete old function versions, or request an increase of quota L-2ACBD22F",
    ),
    Cause(
        r"'MemorySize' value failed to satisfy constraint.*less than or equal to 3008",
        "a new account may not give a function more than 3008 MB",
        "lower MemorySize to 3008, or ask AWS Support for an increase",
    ),
    Cause(
        r"(?:Unzipped size must be smaller than|Layers consume more than the available size of"
        r"|exceeds the maximum allowed size of) (?P<bytes>\d+) bytes",
        "the unzipped code and layers of the function exceed {bytes} bytes",
        "remove what it does not need, or use a container image",
    ),
    Cause(
        r"environment variables you have provided exceeded the 4KB limit",
        "the environment variables of a function may not exceed 4 KB in total",
        "move long values to a parameter or a secret",
    ),
    Cause(
        r"Reserved keys used in this request: (?P<keys>[\w, ]+)",
        "Lambda sets the environment variables {keys} itself",
        "rename them",
    ),
    Cause(
        r"runtime parameter of (?P<runtime>\S+) is no longer supported",
        "Lambda does not take the runtime {runtime} any more",
        "use a newer runtime",
    ),
    Cause(
        r"Could not unzip uploaded file|must be a non-empty zip",
        "Lambda cannot unpack the function's code",
        "package it as a zip file that is not empty; `tapctl deploy` packages a local folder",
    ),
    Cause(
        r"Source image \S+ (?:does not exist|is not valid)|permission to access the ECR image",
        "Lambda cannot read the image in ECR",
        "push it to this Region, and allow lambda.amazonaws.com in the repository's policy",
    ),
    Cause(
        r"image manifest, config or layer media type .* is not supported",
        "Lambda does not take the format of the image",
        "build it for one platform without attestations: `docker buildx build --provenance=false`",
    ),
    Cause(
        r"An update is in progress for resource|ResourceConflictException.*(?:Lambda|function)",
        "another update of the function is in progress",
        "deploy again",
    ),
    Cause(
        r"Error occurred while GetObject\. S3 Error Code: (?P<code>\w+)",
        "Lambda could not read the function's code from its bucket ({code})",
        "check the bucket, the key and the Region of Code; `tapctl deploy` uploads a local folder",
    ),
    Cause(
        r"cannot be assumed by Lambda",
        "the new role is not available in IAM yet, or its trust policy does not name lambda.amazonaws.com",
        "deploy again; if it fails again, check AssumeRolePolicyDocument",
    ),
    Cause(
        r"execution role does not have permissions to call (?P<action>\w+) on (?P<service>\w+)",
        "the function's role may not call {action} on {service}, or its policy is not available in IAM yet",
        "allow it in the role, and add DependsOn on the policy",
    ),
)
