"""How a change set is asked for and executed, beside what the template and the environment say."""

from dataclasses import dataclass
from typing import Any, ClassVar

from tapctl.aws.session import knows
from tapctl.errors import UsageError
from tapctl.settings.options import option
from tapctl.settings.settings import Settings


@dataclass(frozen=True, slots=True)
class Options:
    """The switches of `tapctl deploy` that CloudFormation knows.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateChangeSet.html
    """

    panel: ClassVar = "CloudFormation"

    import_existing: bool = option(
        "--import-existing", help="Import existing resources named in the template.", default=False
    )
    """Take resources into the stack that are there already under the names that the template gives."""
    disable_rollback: bool = option("--disable-rollback", help="Keep the changes of a failed deploy.", default=False)
    """Leave what was done where an operation fails."""
    express: bool = option(
        "--express", help="Finish before resources are stable; not for a protected environment.", default=False
    )
    """Be done once resources are configured, before they are stable."""
    revert_drift: bool = option("--revert-drift", help="Revert changes made outside of CloudFormation.", default=False)
    """Bring back what was changed outside of CloudFormation."""
    fail_on_warnings: bool = option(
        "--fail-on-warnings", help="Fail if a check of CloudFormation warns or was skipped.", default=False
    )
    """Take a check of CloudFormation's that warns, was skipped or could not be read for a failure."""

    def check(self, settings: Settings) -> None:
        """Refuse what does not go together. Raises `UsageError`."""
        if self.express and settings.protected:
            raise UsageError(
                f"environment {settings.env} is protected, and an express deploy says done before resources are",
                "leave `--express` out",
            )
        if self.express and self.disable_rollback:
            raise UsageError(
                "--express without rollback may leave a stack that takes no update at all", "give one of the two"
            )

    def check_target(self, *, creates: bool) -> None:
        """Refuse what a stack that is yet to be cannot take. Raises `UsageError`."""
        if self.revert_drift and creates:
            raise UsageError("--revert-drift is for a stack that exists", "leave it out")

    def check_known(self, client: Any) -> None:
        """Refuse what this version of botocore cannot ask for. Raises `UsageError`."""
        for flag, parameter in self._needed():
            if not knows(client, "CreateChangeSet", parameter):
                raise UsageError(
                    f"this version of boto3 does not know {flag}: CreateChangeSet takes no {parameter}",
                    "`pip install --upgrade boto3`",
                )

    def asked(self, *, nested: bool) -> dict[str, Any]:
        """What CreateChangeSet is given for it."""
        # Nothing of what is left out is sent: an older CloudFormation, or the sandbox, need not know it.
        asked: dict[str, Any] = {}
        if nested and not self.revert_drift:
            asked["IncludeNestedStacks"] = True  # the two exclude each other
        if self.import_existing:
            asked["ImportExistingResources"] = True
        if self.revert_drift:
            asked["DeploymentMode"] = "REVERT_DRIFT"
        if self.express:
            # Rollback is off by default in this mode, though the API's shape says the opposite.
            asked["DeploymentConfig"] = {"Mode": "EXPRESS", "DisableRollback": False}
        return asked

    def executed(self) -> dict[str, Any]:
        """What ExecuteChangeSet is given for it."""
        return {"DisableRollback": True} if self.disable_rollback else {}

    def _needed(self) -> list[tuple[str, str]]:
        wanted = (
            (self.import_existing, "--import-existing", "ImportExistingResources"),
            (self.revert_drift, "--revert-drift", "DeploymentMode"),
            (self.express, "--express", "DeploymentConfig"),
        )
        return [(flag, parameter) for given, flag, parameter in wanted if given]
