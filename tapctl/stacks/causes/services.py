"""Refusals of single services, in the order of their names."""

from tapctl.stacks.causes.cause import Cause

SERVICES = (
    # API Gateway
    Cause(
        r"The REST API doesn't contain any methods|No integration defined for method",
        "the deployment of the API is created before its methods",
        "add DependsOn on every method, and its integration, to the deployment",
    ),
    Cause(
        r"CloudWatch Logs role ARN must be set in account settings",
        "API Gateway has no role in this account and Region with which it writes logs",
        "add an AWS::ApiGateway::Account with CloudWatchRoleArn, or switch off the stage's logging",
    ),
    # CloudFront and Route 53
    Cause(
        r"certificate doesn't exist, isn't in us-east-1|certificate .*must be in us-east-1",
        "CloudFront takes certificates of us-east-1 only",
        "create the certificate in us-east-1, and wait until it is issued",
    ),
    Cause(
        r"certificate that is attached to your distribution doesn't cover|doesn't cover the alternate domain name",
        "the certificate of the distribution does not have its domain name",
        "use a certificate that has every name of Aliases",
    ),
    Cause(
        r"account must be verified before you can add|account has not been verified|account is (?:currently )?blocked",
        "AWS has not verified the account for this service yet",
        "ask AWS Support to verify it, then deploy again",
    ),
    Cause(
        r"CNAMEs you provided are already associated with a different resource|CNAMEAlreadyExists",
        "another CloudFront distribution has the domain name",
        "remove it there first, or use another name",
    ),
    # DynamoDB
    Cause(
        r"Only (?P<tables>\d+) tables can be created, updated, or deleted simultaneously",
        "DynamoDB changes at most {tables} tables of an account at once",
        "deploy again; DependsOn between the tables spreads their changes",
    ),
    Cause(
        r"more than one (?:GSI|global secondary index|index) creation or deletion|one GSI creation",
        "one update can create or delete one global secondary index of a table",
        "deploy the indexes one after the other",
    ),
    Cause(
        r"Some AttributeDefinitions are not used|Number of attributes in KeySchema does not exactly match",
        "AttributeDefinitions must name the attributes of the keys and indexes, and no others",
        "remove the others from AttributeDefinitions",
    ),
    # EC2 and ECS
    Cause(
        r"do not have sufficient \S+ capacity|InsufficientInstanceCapacity|insufficient capacity",
        "AWS has no capacity for the instance type there now",
        "deploy again later, or use another Availability Zone or instance type",
    ),
    Cause(
        r"instance type \((?P<type>[\w.-]+)\) is not supported in your requested Availability Zone"
        r" \((?P<zone>[\w-]+)\)",
        "the Availability Zone {zone} does not have the instance type {type}",
        "use another Availability Zone, or another instance type",
    ),
    Cause(
        r"CIDR '(?P<cidr>[^']+)' conflicts with another subnet",
        "another subnet of the VPC has addresses of {cidr}",
        "use a range that no subnet has",
    ),
    Cause(
        r"not enough free addresses|insufficient (?:free )?(?:IP )?addresses|OutOfIPAddresses|OutOfFreeAddresses",
        "a subnet has no free addresses left",
        "use a larger subnet, or remove network interfaces that are not used",
    ),
    Cause(
        r"target group with targetGroupArn \S+ does not have an associated load balancer",
        "the service is created before the listener that joins its target group to a load balancer",
        "add DependsOn on the listener, or on its rule, to the service",
    ),
    Cause(
        r"Deployment Circuit Breaker was triggered",
        "the tasks of the service do not start, or fail their health checks",
        "see the stopped tasks: `aws ecs describe-tasks` shows stoppedReason",
    ),
    Cause(
        r"Unable to assume the service linked role|service linked role .*(?:does not exist|exists)",
        "the account does not have the service-linked role of the service yet",
        "deploy again; `aws iam create-service-linked-role` creates it",
    ),
    # RDS
    Cause(
        r"Cannot find version (?P<version>\S+) for (?P<engine>[\w-]+)",
        "RDS does not have version {version} of {engine} any more, or not in this Region",
        "`aws rds describe-db-engine-versions --engine {engine}` lists those that it has",
    ),
    # IAM and policies of resources
    Cause(
        r"Maximum policy size of (?P<bytes>\d+) bytes exceeded",
        "the policies of the role or user exceed {bytes} bytes in total",
        "move statements to a managed policy",
    ),
    Cause(
        r"Invalid principal in policy|MalformedPolicy.*principal",
        "a policy names a principal that does not exist, or not yet",
        "check the account id and the name of the principal; add DependsOn if the stack creates it",
    ),
    Cause(
        r"MalformedPolicyDocument|Syntax errors in policy|legacy parsing|Policy has invalid (?P<part>\w+)",
        "the policy document is not valid",
        "`aws accessanalyzer validate-policy` names the place",
    ),
    Cause(
        r"Role (?P<role>arn:\S+) is invalid or cannot be assumed",
        "CloudFormation cannot assume {role}",
        "its trust policy must name cloudformation.amazonaws.com, and you need iam:PassRole",
    ),
    # S3
    Cause(
        r"requested bucket name is not available|BucketAlreadyExists\b",
        "another account has a bucket of that name: bucket names are unique in the whole of AWS",
        "use another name, or leave BucketName out",
    ),
    Cause(
        r"Unable to validate the following destination configurations",
        "S3 may not notify the destination, or not yet",
        "allow s3.amazonaws.com in its policy or permission, and add DependsOn on that to the bucket",
    ),
    Cause(
        r"public policies are (?:blocked|prevented) by the BlockPublicPolicy|BlockPublicPolicy block public access",
        "block public access of the bucket or the account does not allow a public policy",
        "restrict the policy's principals, or set BlockPublicPolicy of the bucket to false",
    ),
    Cause(
        r"bucket does not allow ACLs|AccessControlListNotSupported|Bucket cannot have public ACLs",
        "the bucket does not allow access control lists",
        "remove AccessControl, or set ObjectOwnership of OwnershipControls to ObjectWriter",
    ),
    # Secrets Manager, SNS, SQS and Step Functions
    Cause(
        r"secret with this name is already scheduled for deletion",
        "a deleted secret of that name keeps it until its recovery window ends",
        "restore it with `aws secretsmanager restore-secret`, or give the new one another name",
    ),
    Cause(
        r"Secrets Manager can't find the specified secret(?: value)?",
        "there is no such secret, or it has no value, in this account and Region",
        "create it, or correct the dynamic reference",
    ),
    Cause(
        r"SSM Secure reference is not supported",
        "the property does not take a SecureString of the parameter store",
        "use a dynamic reference to Secrets Manager",
    ),
    Cause(
        r"must wait 60 seconds after deleting a queue",
        "SQS keeps the name of a deleted queue for 60 seconds",
        "deploy again in a minute",
    ),
    Cause(
        r"Queue visibility timeout: (?P<queue>\d+) seconds is less than Function timeout: (?P<function>\d+) seconds",
        "the queue shows a message again after {queue} s, while the function may work on it for {function} s",
        "raise VisibilityTimeout to six times the function's Timeout",
    ),
    Cause(
        r"Invalid State Machine Definition: '?(?P<why>[^'(]*)",
        "the definition of the state machine is not valid: {why}",
        "`aws stepfunctions validate-state-machine-definition` names the place",
    ),
)
