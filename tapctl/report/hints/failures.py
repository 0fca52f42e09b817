"""Words what the tables of known failures advise."""

from collections.abc import Mapping

from tapctl.hints import Advice
from tapctl.hints.failures import FailureAdvice

WORDING: Mapping[Advice, str] = {
    FailureAdvice.LOWER_RESERVATION: (
        "lower it, or request an increase of quota L-B99A9384; `tapctl account` shows the limit"
    ),
    FailureAdvice.FIT_MINIMUM: (
        "`tapctl preflight{} --min-unreserved {}` shows what fits; `tapctl deploy` with the same options"
        " lowers it to fit"
    ),
    FailureAdvice.RAISE_RESERVATION: "raise ReservedConcurrentExecutions, or lower the provisioned concurrency",
    FailureAdvice.DELETE_UNNEEDED_PROVISIONED: (
        "list it with `aws lambda list-provisioned-concurrency-configs`, and delete what is not needed"
    ),
    FailureAdvice.SPEED_UP_INIT: (
        "do less outside of the handler, or raise MemorySize; the last lines of its log show where it stops"
    ),
    FailureAdvice.MAKE_EXECUTABLE: "make its files readable and its entry point executable for all",
    FailureAdvice.SEE_LOG_OF_INVOCATION: "see the last lines of its log; it fails in the same way when it is invoked",
    FailureAdvice.SEE_LAST_LOG_LINES: "see the last lines of its log",
    FailureAdvice.REMOVE_ROUTING: "remove RoutingConfig of the alias, or its ProvisionedConcurrencyConfig",
    FailureAdvice.PROVISION_VERSION_OR_ALIAS: "set it on a version or an alias",
    FailureAdvice.KEEP_ONE_PROVISIONED: "keep it on one of the two",
    FailureAdvice.DELETE_VERSIONS: "delete old function versions, or request an increase of quota L-2ACBD22F",
    FailureAdvice.LOWER_MEMORY_TO_3008: "lower MemorySize to 3008, or ask AWS Support for an increase",
    FailureAdvice.SHRINK_CODE: "remove what it does not need, or use a container image",
    FailureAdvice.MOVE_VALUES: "move long values to a parameter or a secret",
    FailureAdvice.RENAME_VARIABLES: "rename them",
    FailureAdvice.UPGRADE_RUNTIME: "use a newer runtime",
    FailureAdvice.PACKAGE_ZIP: "package it as a zip file that is not empty; `tapctl deploy` packages a local folder",
    FailureAdvice.PUSH_IMAGE: "push it to this Region, and allow lambda.amazonaws.com in the repository's policy",
    FailureAdvice.BUILD_PLAIN_IMAGE: (
        "build it for one platform without attestations: `docker buildx build --provenance=false`"
    ),
    FailureAdvice.DEPLOY_AGAIN: "deploy again",
    FailureAdvice.CHECK_CODE_LOCATION: (
        "check the bucket, the key and the Region of Code; `tapctl deploy` uploads a local folder"
    ),
    FailureAdvice.CHECK_ASSUME_ROLE_POLICY: "deploy again; if it fails again, check AssumeRolePolicyDocument",
    FailureAdvice.ALLOW_IN_ROLE: "allow it in the role, and add DependsOn on the policy",
    FailureAdvice.FIND_REQUEST: "look for request {} in the function's log",
    FailureAdvice.SEE_LOG_AND_SET_SERVICE_TIMEOUT: "see its log; ServiceTimeout of the resource ends the wait earlier",
    FailureAdvice.RETURN_ATTRIBUTE: "return {} in Data of the response",
    FailureAdvice.RETURN_LESS: "return less in Data and in Reason of the response",
    FailureAdvice.RETURN_REQUEST_FIELDS: (
        "return Status, PhysicalResourceId, StackId, RequestId and LogicalResourceId as the request has them"
    ),
    FailureAdvice.CHANGE_LOGICAL_ID_OF_CUSTOM_RESOURCE: (
        "give the resource another logical id, which creates it with the new function"
    ),
    FailureAdvice.SPREAD_CUSTOM_RESOURCES: (
        "deploy again; DependsOn between the custom resources spreads their requests"
    ),
    FailureAdvice.ALLOW_IN_FUNCTION_ROLE: "allow {} in the function's role",
    FailureAdvice.SEE_LOG_AND_ALLOW: "see its log, and allow the action in the function's role",
    FailureAdvice.RAISE_MEMORY: "raise its MemorySize",
    FailureAdvice.SEE_LOG_AND_RAISE_TIMEOUT: "see its log, and raise its Timeout if it needs more",
    FailureAdvice.SEE_LOG: "see its log",
    FailureAdvice.ALLOW_LOGS_IN_KEY_POLICY: (
        "allow logs.REGION.amazonaws.com in the key policy, for that ARN as kms:EncryptionContext:aws:logs:arn"
    ),
    FailureAdvice.ALLOW_PUT_KEY_POLICY: "allow kms:PutKeyPolicy to the account's root or to the deploying role",
    FailureAdvice.CHECK_KEY_POLICY: "check the key policy and the grants of the function's role",
    FailureAdvice.DEPEND_ON_METHODS: "add DependsOn on every method, and its integration, to the deployment",
    FailureAdvice.ADD_API_LOG_ROLE: (
        "add an AWS::ApiGateway::Account with CloudWatchRoleArn, or switch off the stage's logging"
    ),
    FailureAdvice.ISSUE_CERTIFICATE: "create the certificate in us-east-1, and wait until it is issued",
    FailureAdvice.USE_CERTIFICATE_FOR_ALIASES: "use a certificate that has every name of Aliases",
    FailureAdvice.ASK_SUPPORT_TO_VERIFY: "ask AWS Support to verify it, then deploy again",
    FailureAdvice.REMOVE_DOMAIN: "remove it there first, or use another name",
    FailureAdvice.SPREAD_TABLES: "deploy again; DependsOn between the tables spreads their changes",
    FailureAdvice.SEPARATE_INDEXES: "deploy the indexes one after the other",
    FailureAdvice.REMOVE_ATTRIBUTES: "remove the others from AttributeDefinitions",
    FailureAdvice.AWAIT_CAPACITY: "deploy again later, or use another Availability Zone or instance type",
    FailureAdvice.CHANGE_ZONE_OR_INSTANCE_TYPE: "use another Availability Zone, or another instance type",
    FailureAdvice.USE_FREE_RANGE: "use a CidrBlock that overlaps with no other subnet",
    FailureAdvice.ENLARGE_SUBNET: "use a larger subnet, or remove network interfaces that are not used",
    FailureAdvice.DEPEND_ON_LISTENER: "add DependsOn on the listener, or on its rule, to the service",
    FailureAdvice.SEE_STOPPED_TASKS: "see the stopped tasks: `aws ecs describe-tasks` shows stoppedReason",
    FailureAdvice.CREATE_SERVICE_ROLE: "deploy again; `aws iam create-service-linked-role` creates it",
    FailureAdvice.LIST_ENGINE_VERSIONS: "`aws rds describe-db-engine-versions --engine {!q}` lists those that it has",
    FailureAdvice.SHRINK_POLICY: "move statements to a managed policy",
    FailureAdvice.CHECK_PRINCIPAL: (
        "check the account id and the name of the principal; add DependsOn if the stack creates it"
    ),
    FailureAdvice.VALIDATE_POLICY: "`aws accessanalyzer validate-policy` names the place",
    FailureAdvice.CHECK_TRUST_POLICY: (
        "its trust policy must name cloudformation.amazonaws.com, and you need iam:PassRole"
    ),
    FailureAdvice.RENAME_BUCKET: "use another name, or leave BucketName out",
    FailureAdvice.ALLOW_BUCKET_NOTIFICATIONS: (
        "allow s3.amazonaws.com in its policy or permission, and add DependsOn on that to the bucket"
    ),
    FailureAdvice.RESTRICT_BUCKET_POLICY: (
        "restrict the policy's principals, or set BlockPublicPolicy of the bucket to false"
    ),
    FailureAdvice.REMOVE_ACCESS_CONTROL: (
        "remove AccessControl, or set ObjectOwnership of OwnershipControls to ObjectWriter"
    ),
    FailureAdvice.RESTORE_SECRET: (
        "restore it with `aws secretsmanager restore-secret`, or give the new one another name"
    ),
    FailureAdvice.CREATE_OR_CORRECT_REFERENCE: "create it, or correct the dynamic reference",
    FailureAdvice.USE_SECRETS_MANAGER: "use a dynamic reference to Secrets Manager",
    FailureAdvice.DEPLOY_AGAIN_IN_A_MINUTE: "deploy again in a minute",
    FailureAdvice.RAISE_VISIBILITY_TIMEOUT: "raise VisibilityTimeout to six times the function's Timeout",
    FailureAdvice.VALIDATE_STATE_MACHINE: "`aws stepfunctions validate-state-machine-definition` names the place",
    FailureAdvice.RENAME_OR_REMOVE_FROM_STACK: "rename it, or remove it from stack {} first",
    FailureAdvice.RENAME_OR_UNNAME: "rename it, or remove its name, and deploy again",
    FailureAdvice.CHANGE_FUNCTION: "change the function, or remove the new version from the template",
    FailureAdvice.RENAME_DELETE_OR_IMPORT: (
        "rename it, delete the other, or import the other with DeletionPolicy Retain and `--import-existing`"
    ),
    FailureAdvice.DEPLOY_WITHOUT_IMPORT_OR_RENAME: "deploy without `--import-existing`, or rename the resource",
    FailureAdvice.DEPLOY_EXPORTER: "deploy the stack that exports it first",
    FailureAdvice.EMPTY_BUCKET: (
        "empty it with `aws s3 rm s3://{!q} --recursive`, its versions too, or set DeletionPolicy to Retain"
    ),
    FailureAdvice.EMPTY_REPOSITORY: "delete its images, or set EmptyOnDelete of the repository to true",
    FailureAdvice.EMPTY_HOSTED_ZONE: "delete its records other than NS and SOA first",
    FailureAdvice.DISABLE_BEFORE_REMOVAL: "disable it in an update before it is removed",
    FailureAdvice.DETACH: "detach it, then try again",
    FailureAdvice.REMOVE_USERS: "remove what uses it, which its network interfaces or references name, then try again",
    FailureAdvice.DISABLE_TERMINATION_PROTECTION: "disable it first if the stack should be deleted",
    FailureAdvice.FIX_FAILED_CHECKS: "fix what the checks above name",
    FailureAdvice.MEET_HOOK: "meet its conditions; `aws cloudformation list-hook-results` shows its reasons",
    FailureAdvice.RUN_PREFLIGHT: "`tapctl preflight` runs cfn-lint, which names the line",
    FailureAdvice.CREATE_PARAMETER: "create it, or give the template parameter another name",
    FailureAdvice.DESCRIBE_CHANGE_SET: (
        "`aws cloudformation describe-change-set --change-set-name {!q}` shows its reason"
    ),
    FailureAdvice.CHECK_HEALTH_DASHBOARD: "deploy again; if it fails again, check the AWS Health Dashboard",
    FailureAdvice.SET_STACK_POLICY_OR_KEEP: (
        "`aws cloudformation set-stack-policy` changes the policy; a replacement loses what {} holds"
    ),
    FailureAdvice.SET_STACK_POLICY: "`aws cloudformation set-stack-policy` changes the policy",
    FailureAdvice.CHANGE_DENY: "change the deny, or deploy with credentials that it does not affect",
    FailureAdvice.ALLOW_ACTION_ON: "allow {} on {}",
    FailureAdvice.DECODE_MESSAGE: "`aws sts decode-authorization-message --encoded-message {!q}` shows the action",
    FailureAdvice.GIVE_ROLE: "give CloudFormation a role with `--role-arn`, which does not expire",
    FailureAdvice.PASS_CAPABILITIES: "acknowledge {} with `--capability`",
    FailureAdvice.CHECK_SIGNALS: (
        "check what should send them, for example /var/log/cloud-init-output.log of the instance"
    ),
    FailureAdvice.SEE_CFN_INIT_LOG: "see its log, for example /var/log/cfn-init.log",
    FailureAdvice.RAISE_TIMEOUT: ("see which resource was in progress last, and raise the timeout if it needs more"),
    FailureAdvice.CHECK_RESOURCE: "check the state and the log of the resource, then deploy again",
    FailureAdvice.DELETE_SOME: "delete some, or request an increase with `aws service-quotas`",
    FailureAdvice.SPREAD_REQUESTS: "deploy again; DependsOn between many resources of one type spreads the requests",
    FailureAdvice.DEPLOY_WITH_ROLLBACK: "deploy without `--disable-rollback`",
    FailureAdvice.CHANGE_LOGICAL_ID: "give the resource another logical id, which replaces it",
    FailureAdvice.AWAIT_OPERATION: "deploy again when it has ended",
    FailureAdvice.CORRECT_NAME: "correct the name, or create it first",
    FailureAdvice.CREATE_TRUSTING_ROLE: "create {} in the account, which trusts {}",
    FailureAdvice.ENABLE_OR_LIST_REGIONS: (
        "enable {} in the account, or list its other `regions` in its section of the fleet"
    ),
    FailureAdvice.RENAME_OR_DELETE_OTHER: "rename it, or delete the other one in the account",
    FailureAdvice.CORRECT_EARLIER: "correct what failed before it, and run it again",
}
