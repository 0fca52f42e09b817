"""Words what is advised about packaging, deploying and verifying stacks and fleets."""

from collections.abc import Mapping

from tapctl.hints import Advice
from tapctl.hints.deploy import DeployAdvice

WORDING: Mapping[Advice, str] = {
    # packaging
    DeployAdvice.SET_BUCKET_OF_ACCOUNT: "set `artifact_bucket` in tapctl.toml to a bucket of this account",
    DeployAdvice.SET_BUCKET_IN_REGION: "set `artifact_bucket` in tapctl.toml to a bucket in {}",
    DeployAdvice.CREATE_BUCKET: "create it, or remove `artifact_bucket` from tapctl.toml",
    DeployAdvice.BOOTSTRAP_CDK: "`cdk bootstrap` creates it in the account and Region that the app was synthesised for",
    DeployAdvice.PUBLISH_CDK_ASSETS: "publish it with `npx cdk-assets publish`, or deploy the app with `cdk deploy`",
    DeployAdvice.SYNTHESIZE_AGAIN: "run `cdk synth` again",
    DeployAdvice.RELATIVE_TO_TEMPLATE: "its {} is relative to the template",
    DeployAdvice.MAKE_READABLE: "make it readable, or remove it",
    DeployAdvice.RENAME_FILE: "rename the file",
    DeployAdvice.REMOVE_FILES: "remove files from it",
    DeployAdvice.SET_TO_FILE: "set its {} to a file",
    DeployAdvice.RECREATE_FILE: "recreate it",
    DeployAdvice.SET_TO_CODE_FOLDER: "set the property to the folder of the code",
    DeployAdvice.PUT_CODE_THERE: "put the function's code there",
    DeployAdvice.REINSTALL: "reinstall tapctl",
    DeployAdvice.REQUIRE_WHEEL: "require a wheel",
    DeployAdvice.CHOOSE_WHEEL: "choose a version with such a wheel, or leave it out and provide it in a layer",
    DeployAdvice.REQUIRE_WHEEL_TO_PLAN: "require a wheel; a plan runs no code of a dependency, only a deploy builds it",
    DeployAdvice.CHECK_PACKAGE_INDEXES: "check the network and the package indexes of uv and pip",
    DeployAdvice.CORRECT_FILE: "correct {}",
    DeployAdvice.CORRECT_REQUIREMENTS: "correct `requirements` in tapctl.toml",
    DeployAdvice.CORRECT_HANDLER: "correct its Handler, or the code",
    DeployAdvice.CORRECT_PIP_CONFIGURATION: "correct it, or set PIP_CONFIG_FILE",
    DeployAdvice.ALLOW_LINK_OUTSIDE: "remove it, or pass `--allow-outside` to package what it leads to",
    DeployAdvice.REMOVE_FROM_CODE: "remove it from the function's folder",
    DeployAdvice.REMOVE_LINKS: "remove links to folders that contain links",
    DeployAdvice.MOVE_TO_NESTED: "move some of its resources into a nested stack",
    DeployAdvice.RUN_COMMAND: "run `{}` in {}",
    DeployAdvice.NAME_BUILT_FILE: "name {} in the template",
    DeployAdvice.RUN_SAM_OR_BUILD: "`sam build` builds it; or run `{}` in {}",
    DeployAdvice.BUILD_NEWER_THAN_TEMPLATE: (
        "run `sam build`; its result, `.aws-sam/build/template.yaml`, is taken once it is newer than the template"
    ),
    # deploying a stack
    DeployAdvice.CREATE_WITH_DEPLOY: "create it with `tapctl deploy`",
    DeployAdvice.CREATE_AGAIN: "create it again with `tapctl deploy`",
    DeployAdvice.FIX_TEMPLATE: "fix the template",
    DeployAdvice.FIX_TEMPLATE_OR_PARAMETERS: "fix the template or its parameters",
    DeployAdvice.FIX_OR_IGNORE_WARNINGS: "fix the template, or deploy without `--fail-on-warnings`",
    DeployAdvice.TRY_LATER: "try again later",
    DeployAdvice.TRY_AFTER_OPERATION: "try again when that operation has ended",
    DeployAdvice.RUN_AFTER_OTHER_DEPLOYS: "run it again when the other deploys have ended",
    DeployAdvice.CHOOSE_ACCOUNT_OR_TYPE: (
        "choose the `--env` of an account, or correct the resource type if it is misspelt"
    ),
    DeployAdvice.CHECK_CONDITIONS: "check its conditions",
    DeployAdvice.CHECK_DELETION: "check who deleted it",
    DeployAdvice.CHECK_OTHER_UPDATES: "check what else is updating it",
    DeployAdvice.EXECUTE_OR_DELETE_CHANGE_SET: "execute or delete it, or wait until it is {} minutes old",
    DeployAdvice.FOLLOW: "follow it with `tapctl watch{}`",
    DeployAdvice.THEN_FOLLOW: "then follow it with `tapctl watch{}`",
    DeployAdvice.FOLLOW_OR_WAIT: "follow it with `tapctl watch{}`, or wait longer with `--timeout`",
    DeployAdvice.FOLLOW_LATER: "`tapctl watch{}` shows whether it begins later",
    DeployAdvice.VERIFY: "verify it with `tapctl verify{}`",
    DeployAdvice.VERIFY_ANYWAY: "`tapctl verify{}` verifies it anyway",
    DeployAdvice.RECOVER: "`tapctl deploy{} --recover` will {}",
    DeployAdvice.PASS_CONSENT: "to {}, pass `{}`",
    DeployAdvice.FIX_REASON_AND_RUN_AGAIN: "fix what the reason names, and run the command again",
    DeployAdvice.FIX_FUNCTION: "fix the function behind {}, whose log is above, and run `tapctl deploy` again",
    DeployAdvice.NAME_ROOT: "name stack {} instead",
    DeployAdvice.USE_STACK_SET: (
        "change it with `aws cloudformation update-stack-set`, delete it with `aws cloudformation"
        " delete-stack-instances`"
    ),
    DeployAdvice.DEPLOY_WITHOUT_EXPRESS: "deploy without `--express`",
    DeployAdvice.DEPLOY_WITHOUT_IT: "deploy without it",
    DeployAdvice.DEPLOY_EXPRESS: "fix the template and deploy it with `--express`",
    DeployAdvice.KEEP_EXPRESS: "pass `--express` until an operation on the stack is complete",
    DeployAdvice.OMIT_EXPRESS: "the Region may not support express deploys: omit `--express`",
    DeployAdvice.OMIT_REVERT_DRIFT: "the Region may not support drift-aware change sets: omit `--revert-drift`",
    DeployAdvice.ACKNOWLEDGE: "acknowledge them with `--capability`",
    DeployAdvice.RENAME_OR_IMPORT: (
        "rename what exists already, delete it, or import it with DeletionPolicy Retain and `--import-existing`"
    ),
    DeployAdvice.ALLOW_TO_SEE_WHICH: "allow the action {} to see which it is",
    DeployAdvice.IMPORT_WITH_DEPLOY: "`tapctl deploy{} --import-existing` imports what the template names",
    DeployAdvice.PASS_IMPORT_EXISTING: "pass `--import-existing` to import what the template names",
    DeployAdvice.ALLOW_TO_SEE_FAILURES: "allow the action {} to see what failed where",
    DeployAdvice.TRUST_CLOUDFORMATION: (
        "let CloudFormation assume the role: its trust policy must name cloudformation.amazonaws.com"
    ),
    DeployAdvice.ASK_SUPPORT_TO_REPAIR: "only AWS Support can repair it",
    DeployAdvice.LOOK_IN_CONSOLE: "look at the stack in the console, or update tapctl",
    DeployAdvice.DELETE_STACK: "to delete it, use `aws cloudformation delete-stack`",
    DeployAdvice.DISABLE_PROTECTION: (
        "`aws cloudformation update-termination-protection --no-enable-termination-protection` disables it"
    ),
    DeployAdvice.DISABLE_PROTECTION_OF: (
        "disable it with `aws cloudformation update-termination-protection --no-enable-termination-protection"
        " --stack-name {!q}`"
    ),
    DeployAdvice.UNPROTECT: "remove `protected` from tapctl.toml first",
    DeployAdvice.STOP_IMPORTING: "deploy {} without Fn::ImportValue of {} first",
    DeployAdvice.OR_DESTROY_IMPORTER: "or delete what imports it: `tapctl destroy{}`",
    DeployAdvice.ALLOW_REMEDY_IN_SECTION: (
        'allow it with `--remedy adjust`, or with `remedy = "adjust"` in [{}] of tapctl.toml'
    ),
    DeployAdvice.RESOLVE_OR_ALLOW_UNCERTAIN: (
        "resolve it as the hints above say, or deploy anyway with `--allow-uncertain`"
    ),
    # verification
    DeployAdvice.SEE_FUNCTION_LOG: "its log is {}",
    DeployAdvice.TAIL_LOG: "`aws logs tail {!q} --since 10m --region {!q}` shows the function's log",
    DeployAdvice.READ_LOG: "read the function's log",
    DeployAdvice.READ_LOG_GROUPS: "read the function's log, {}",
    DeployAdvice.CHECK_THROTTLES_OR_RAISE_TIMEOUT: "see whether it is throttled, or raise `timeout`",
    DeployAdvice.SET_LOG_FORMAT: 'set `LogFormat` to "JSON"',
    DeployAdvice.CHECK_LAST_UPDATE: "check the last update of the stack",
    DeployAdvice.CHECK_DRIFT: "`--drift` checks it through CloudFormation",
    DeployAdvice.REVERT_DRIFT: "`tapctl deploy --revert-drift` reverts it",
    DeployAdvice.RECREATE_STACK: "`tapctl deploy{}` recreates it",
    DeployAdvice.RECREATE_WITH_RECOVER: "`tapctl deploy{} --recover` recreates it",
    DeployAdvice.SET_SECRET: (
        "set `secret` in [verify.webhook], or pass the parameter that its `secret_parameter` names"
    ),
    DeployAdvice.MUST_BE: "it must be {}",
    DeployAdvice.SET_FORGED_STATUS: (
        "it was rejected with another status; `forged` in [verify.webhook] sets the expected one"
    ),
    DeployAdvice.VERIFY_SIGNATURES: "the endpoint must verify the signature before anything else",
    # fleets
    DeployAdvice.SET_REGIONS: "set `regions` of the fleet in tapctl.toml",
    DeployAdvice.SET_READ_ROLE: "set `read_role` of the fleet in tapctl.toml",
    DeployAdvice.WRITE_ACCOUNT_INTO_ROLE: "write `{{account}}` into the ARN in `read_role`, or name the role alone",
    DeployAdvice.GIVE_REGIONS: "give it `regions`",
    DeployAdvice.CORRECT_EMPTY_OUS: (
        "no account in {} is active and not excluded; correct `ous` of the fleet in tapctl.toml"
    ),
    DeployAdvice.GIVE_ACCOUNTS: "give it `accounts`, `file` or `ous`; excluded accounts do not count",
    DeployAdvice.GIVE_OTHER_OUS: "give it `ous` with other accounts",
    DeployAdvice.SET_STACK_SET: "set `stack_set` in [fleet.{!k}] to the name of one",
    DeployAdvice.GIVE_STACK_SET_REGION: "give it `stack_set_region`",
    DeployAdvice.CORRECT_STACK_SET: "correct `stack_set` in [fleet.{!k}]; it begins with a letter",
    DeployAdvice.CORRECT_CANARY: "correct `canary` in [fleet.{!k}]",
    DeployAdvice.CORRECT_FLEET: "correct the template, its parameters or [fleet.{!k}], and run it again",
    DeployAdvice.RUN_AGAIN_WITH_MINIMUM: "run it again: the minimum is remembered for the account",
    DeployAdvice.CHOOSE_STACK_SET: "choose another `stack_set`, or take it over with `--adopt`",
    DeployAdvice.SET_PERMISSION: 'set `permission = "{}"` in [fleet.{!k}]',
    DeployAdvice.SET_STACK_SET_REGION: (
        'set `stack_set_region = "{}"` in [fleet.{!k}]; by default it is the first of `regions`'
    ),
    DeployAdvice.USE_SELF_PERMISSION: 'use `permission = "self"`, or a template without it',
    DeployAdvice.CREATE_WITH_FLEET_DEPLOY: "create it with `tapctl fleet deploy {!q}`",
    DeployAdvice.FOLLOW_FLEET: "follow it with `tapctl fleet watch {!q}`",
    DeployAdvice.THEN_FOLLOW_FLEET: "then follow it with `tapctl fleet watch {!q}`",
    DeployAdvice.FOLLOW_FLEET_FIRST: "follow it with `tapctl fleet watch {!q}`, then run this again",
    DeployAdvice.FLEET_WATCH_OR_CONTINUE: (
        "`tapctl fleet watch {!q}` follows it, and the same command again continues from there"
    ),
    DeployAdvice.SAVE_FLEET_SNAPSHOT: "`tapctl account --targets NAME --output FOLDER` saves one",
    DeployAdvice.SAVE_FLEET_AGAIN: "save the fleet again",
    DeployAdvice.ADD_ACCOUNT_AND_REGION: "add `account_id` and `region` to it",
    DeployAdvice.REMOVE_OLDER_SNAPSHOT: "remove the older one",
    DeployAdvice.ENABLE_REGION: "enable the Region in the account, or leave the cell out",
    DeployAdvice.PASS_STRICT: "`--strict` reads it",
    DeployAdvice.PUBLISH_TO_FLEET: "publish them to every account with `cdk-assets`, or inline the code",
    DeployAdvice.NAME_REGIONAL_BUCKETS: (
        "write `{{region}}` into `artifact_bucket`, and create the bucket of each Region"
    ),
    DeployAdvice.LOWER_RESERVATIONS_FIRST: "deploy a template with the smaller reservations first",
    DeployAdvice.LET_PARAMETER_DECIDE: (
        "let a parameter decide ReservedConcurrentExecutions, one value of which resolves to AWS::NoValue, or"
        " leave the cell out"
    ),
    DeployAdvice.DELETE_IN_ACCOUNT: "delete the stack in the account, and run it again",
    DeployAdvice.MAKE_ONE_FIT: "make one of them fit, or delete them with `tapctl fleet destroy`",
    DeployAdvice.ALLOW_REMEDY_IN_FLEET: (
        'allow it with `--remedy adjust`, or with `remedy = "adjust"` in [fleet.{!k}] of tapctl.toml'
    ),
    DeployAdvice.PASS_REMEDY_ADJUST: "`--remedy adjust` gives it",
}
