"""Refusals of single services, in the order of their names."""

from tapctl.hints.failures import FailureAdvice
from tapctl.stacks.causes.cause import Cause

SERVICES = (
    # API Gateway
    Cause(
        r"The REST API doesn't contain any methods|No integration defined for method",
        "the deployment of the API is created before its methods",
        FailureAdvice.DEPEND_ON_METHODS,
    ),
    Cause(
        r"CloudWatch Logs role ARN must be set in account settings",
        "API Gateway has no role in this account and Region with which it writes logs",
        FailureAdvice.ADD_API_LOG_ROLE,
    ),
    # CloudFront and Route 53
    Cause(
        r"certificate doesn't exist, isn't in us-east-1|certificate .*must be in us-east-1",
        "CloudFront takes certificates of us-east-1 only",
        FailureAdvice.ISSUE_CERTIFICATE,
    ),
    Cause(
        r"certificate that is attached to your distribution doesn't cover|doesn't cover the alternate domain name",
        "the certificate of the distribution does not have its domain name",
        FailureAdvice.USE_CERTIFICATE_FOR_ALIASES,
    ),
    Cause(
        r"account must be verified before you can add|account has not been verified|account is (?:currently )?blocked",
        "AWS has not verified the account for this service yet",
        FailureAdvice.ASK_SUPPORT_TO_VERIFY,
    ),
    Cause(
        r"CNAMEs you provided are already associated with a different resource|CNAMEAlreadyExists",
        "another CloudFront distribution has the domain name",
        FailureAdvice.REMOVE_DOMAIN,
    ),
    # DynamoDB
    Cause(
        r"Only (?P<tables>\d+) tables can be created, updated, or deleted simultaneously",
        "DynamoDB changes at most {tables} tables of an account at once",
        FailureAdvice.SPREAD_TABLES,
    ),
    Cause(
        r"more than one (?:GSI|global secondary index|index) creation or deletion|one GSI creation",
        "one update can create or delete one global secondary index of a table",
        FailureAdvice.SEPARATE_INDEXES,
    ),
    Cause(
        r"Some AttributeDefinitions are not used|Number of attributes in KeySchema does not exactly match",
        "AttributeDefinitions must name the attributes of the keys and indexes, and no others",
        FailureAdvice.REMOVE_ATTRIBUTES,
    ),
    # EC2 and ECS
    Cause(
        r"do not have sufficient \S+ capacity|InsufficientInstanceCapacity|insufficient capacity",
        "AWS has no capacity for the instance type there now",
        FailureAdvice.AWAIT_CAPACITY,
    ),
    Cause(
        r"instance type \((?P<type>[\w.-]+)\) is not supported in your requested Availability Zone"
        r" \((?P<zone>[\w-]+)\)",
        "the Availability Zone {zone} does not have the instance type {type}",
        FailureAdvice.CHANGE_ZONE_OR_INSTANCE_TYPE,
    ),
    Cause(
        r"CIDR '(?P<cidr>[^']+)' conflicts with another subnet",
        "another subnet of the VPC has addresses of {cidr}",
        FailureAdvice.USE_FREE_RANGE,
    ),
    Cause(
        r"not enough free addresses|insufficient (?:free )?(?:IP )?addresses|OutOfIPAddresses|OutOfFreeAddresses",
        "a subnet has no free addresses left",
        FailureAdvice.ENLARGE_SUBNET,
    ),
    Cause(
        r"target group with targetGroupArn \S+ does not have an associated load balancer",
        "the service is created before the listener that joins its target group to a load balancer",
        FailureAdvice.DEPEND_ON_LISTENER,
    ),
    Cause(
        r"Deployment Circuit Breaker was triggered",
        "the tasks of the service do not start, or fail their health checks",
        FailureAdvice.SEE_STOPPED_TASKS,
    ),
    Cause(
        r"Unable to assume the service linked role|service linked role .*(?:does not exist|exists)",
        "the account does not have the service-linked role of the service yet",
        FailureAdvice.CREATE_SERVICE_ROLE,
    ),
    # RDS
    Cause(
        r"Cannot find version (?P<version>\S+) for (?P<engine>[\w-]+)",
        "RDS does not have version {version} of {engine} any more, or not in this Region",
        FailureAdvice.LIST_ENGINE_VERSIONS,
        ("engine",),
    ),
    # IAM and policies of resources
    Cause(
        r"Maximum policy size of (?P<bytes>\d+) bytes exceeded",
        "the policies of the role or user exceed {bytes} bytes in total",
        FailureAdvice.SHRINK_POLICY,
    ),
    Cause(
        r"Invalid principal in policy|MalformedPolicy.*principal",
        "a policy names a principal that does not exist, or not yet",
        FailureAdvice.CHECK_PRINCIPAL,
    ),
    Cause(
        r"MalformedPolicyDocument|Syntax errors in policy|legacy parsing|Policy has invalid (?P<part>\w+)",
        "the policy document is not valid",
        FailureAdvice.VALIDATE_POLICY,
    ),
    Cause(
        r"Role (?P<role>arn:\S+) is invalid or cannot be assumed",
        "CloudFormation cannot assume {role}",
        FailureAdvice.CHECK_TRUST_POLICY,
    ),
    # S3
    Cause(
        r"requested bucket name is not available|BucketAlreadyExists\b",
        "another account has a bucket of that name: bucket names are unique in the whole of AWS",
        FailureAdvice.RENAME_BUCKET,
    ),
    Cause(
        r"Unable to validate the following destination configurations",
        "S3 may not notify the destination, or not yet",
        FailureAdvice.ALLOW_BUCKET_NOTIFICATIONS,
    ),
    Cause(
        r"public policies are (?:blocked|prevented) by the BlockPublicPolicy|BlockPublicPolicy block public access",
        "block public access of the bucket or the account does not allow a public policy",
        FailureAdvice.RESTRICT_BUCKET_POLICY,
    ),
    Cause(
        r"bucket does not allow ACLs|AccessControlListNotSupported|Bucket cannot have public ACLs",
        "the bucket does not allow access control lists",
        FailureAdvice.REMOVE_ACCESS_CONTROL,
    ),
    # Secrets Manager, SNS, SQS and Step Functions
    Cause(
        r"secret with this name is already scheduled for deletion",
        "a deleted secret of that name keeps it until its recovery window ends",
        FailureAdvice.RESTORE_SECRET,
    ),
    Cause(
        r"Secrets Manager can't find the specified secret(?: value)?",
        "there is no such secret, or it has no value, in this account and Region",
        FailureAdvice.CREATE_OR_CORRECT_REFERENCE,
    ),
    Cause(
        r"SSM Secure reference is not supported",
        "the property does not take a SecureString of the parameter store",
        FailureAdvice.USE_SECRETS_MANAGER,
    ),
    Cause(
        r"must wait 60 seconds after deleting a queue",
        "SQS keeps the name of a deleted queue for 60 seconds",
        FailureAdvice.DEPLOY_AGAIN_IN_A_MINUTE,
    ),
    Cause(
        r"Queue visibility timeout: (?P<queue>\d+) seconds is less than Function timeout: (?P<function>\d+) seconds",
        "the queue shows a message again after {queue} s, while the function may work on it for {function} s",
        FailureAdvice.RAISE_VISIBILITY_TIMEOUT,
    ),
    Cause(
        r"Invalid State Machine Definition: '?(?P<why>[^'(]*)",
        "the definition of the state machine is not valid: {why}",
        FailureAdvice.VALIDATE_STATE_MACHINE,
    ),
)
