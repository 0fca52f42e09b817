"""Options of a deploy that CloudFormation knows, beside the template and the environment."""

from dataclasses import dataclass
from typing import Any, ClassVar

from tapctl.aws.session import Aws
from tapctl.errors import UsageError
from tapctl.hints import advise
from tapctl.hints.deploy import DeployAdvice
from tapctl.hints.judgement import JudgementAdvice
from tapctl.hints.usage import UsageAdvice
from tapctl.settings.options import option
from tapctl.settings.settings import Settings


@dataclass(frozen=True, slots=True)
class Options:
    """The options of `tapctl deploy` for CreateChangeSet and ExecuteChangeSet.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateChangeSet.html
    """

    panel: ClassVar = "CloudFormation"

    import_existing: bool = option(
        "--import-existing", help="Import existing resources named in the template.", default=False
    )
    disable_rollback: bool = option("--disable-rollback", help="Keep the changes of a failed deploy.", default=False)
    express: bool = option(
        "--express", help="Finish before resources are stable; not for a protected environment.", default=False
    )
    revert_drift: bool = option("--revert-drift", help="Revert changes made outside of CloudFormation.", default=False)
    fail_on_warnings: bool = option(
        "--fail-on-warnings", help="Fail if a check of CloudFormation warns or was skipped.", default=False
    )

    def check(self, settings: Settings) -> None:
        """Raise `UsageError` for options that exclude each other."""
        if self.express and settings.protected:
            raise UsageError(
                f"environment {settings.env} is protected, and an express deploy ends before its resources are stable",
                advise(DeployAdvice.DEPLOY_WITHOUT_EXPRESS),
            )
        if self.express and self.disable_rollback:
            raise UsageError(
                "`--express` cannot be combined with `--disable-rollback`: the stack might not be updatable afterwards",
                advise(UsageAdvice.PASS_ONE),
            )

    def check_target(self, *, creates: bool) -> None:
        """Raise `UsageError` for an option that a new stack does not support."""
        if self.revert_drift and creates:
            raise UsageError("`--revert-drift` needs an existing stack", advise(DeployAdvice.DEPLOY_WITHOUT_IT))

    def check_supported(self, aws: Aws) -> None:
        """Raise `UsageError` for an option that this version of botocore does not support."""
        for flag, parameter in self._newer_parameters():
            if not aws.supports("cloudformation", "CreateChangeSet", parameter):
                raise UsageError(
                    f"this version of boto3 does not support `{flag}`: CreateChangeSet has no parameter {parameter}",
                    advise(JudgementAdvice.UPGRADE_BOTO3),
                )

    def change_set_parameters(self, *, nested: bool) -> dict[str, Any]:
        """The parameters of CreateChangeSet for the options that are used."""
        # Defaults are not sent: an older CloudFormation, or the sandbox, may not know the parameter.
        parameters: dict[str, Any] = {}
        if nested and not self.revert_drift:
            parameters["IncludeNestedStacks"] = True  # they exclude each other
        if self.import_existing:
            parameters["ImportExistingResources"] = True
        if self.revert_drift:
            parameters["DeploymentMode"] = "REVERT_DRIFT"
        if self.express:
            # Rollback is off by default in this mode, though the API's shape says the opposite.
            parameters["DeploymentConfig"] = {"Mode": "EXPRESS", "DisableRollback": False}
        return parameters

    def execution_parameters(self) -> dict[str, Any]:
        """The parameters of ExecuteChangeSet for the options that are used."""
        return {"DisableRollback": True} if self.disable_rollback else {}

    def _newer_parameters(self) -> list[tuple[str, str]]:
        """The used options that older versions of botocore lack, with their parameter of CreateChangeSet."""
        options = (
            (self.import_existing, "--import-existing", "ImportExistingResources"),
            (self.revert_drift, "--revert-drift", "DeploymentMode"),
            (self.express, "--express", "DeploymentConfig"),
        )
        return [(flag, parameter) for used, flag, parameter in options if used]
