"""What Lambda refuses: concurrency first, then everything else."""

from tapctl.stacks.causes.cause import Cause

CONCURRENCY = (
    Cause(
        r"is greater than account's unreserved concurrency \[(?P<left>\d+)\]",
        "the provisioned concurrency is more than the account has unreserved, {left}",
        "lower it, or ask for more of quota L-B99A9384; `tapctl account` shows what there is",
    ),
    Cause(
        r"Provisioned Concurrency should not be greater than the reservedConcurrentExecution",
        "a function's provisioned concurrency, over all its versions and aliases, must fit into its reservation",
        "raise ReservedConcurrentExecutions, or lower the provisioned concurrency",
    ),
    Cause(
        r"ReservedConcurrentExecutions\s+(?P<reserved>\d+) should not be lower than function's total provisioned "
        r"concurrency \[(?P<provisioned>\d+)\]",
        "the reservation of {reserved} is smaller than what is provisioned inside it, {provisioned}, perhaps by"
        " versions of earlier deploys",
        "`aws lambda list-provisioned-concurrency-configs` shows them; delete what is not needed",
    ),
    Cause(
        r"cannot be applied to unpublished function versions",
        "$LATEST takes no provisioned concurrency",
        "put it on a version or an alias",
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
        "delete old function versions, or ask for more of quota L-2ACBD22F",
    ),
    Cause(
        r"'MemorySize' value failed to satisfy constraint.*less than or equal to 3008",
        "new accounts may not give a function more than 3008 MB",
        "lower MemorySize to 3008, or ask AWS Support for more",
    ),
    Cause(
        r"Unzipped size must be smaller than (?P<bytes>\d+) bytes",
        "the function's code and layers are more than {bytes} bytes once unpacked",
        "leave out what it does not need, or make it a container image",
    ),
    Cause(
        r"environment variables you have provided exceeded the 4KB limit",
        "a function's environment variables may take 4 KB together",
        "move the long ones to a parameter or a secret",
    ),
    Cause(
        r"Error occurred while GetObject\. S3 Error Code: (?P<code>\w+)",
        "Lambda could not read the function's code from its bucket ({code})",
        "look at the bucket, the key and the Region of Code; `tapctl deploy` uploads a local folder by itself",
    ),
    Cause(
        r"cannot be assumed by Lambda",
        "IAM had not spread the new role yet, or its trust policy does not name lambda.amazonaws.com",
        "run the deploy again; when it fails again, look at AssumeRolePolicyDocument",
    ),
    Cause(
        r"execution role does not have permissions to call (?P<action>\w+) on (?P<service>\w+)",
        "the function's role may not call {action} on {service}, or IAM had not spread its policy yet",
        "allow it in the role, and let what needs it depend on the policy (DependsOn)",
    ),
)
