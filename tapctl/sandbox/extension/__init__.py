"""The account-limits extension: what the emulator would accept, or drop, and AWS would not.

    seams       the emulator's names that are read or replaced, and the check that all of them exist
    account     limits.json and the function records -> what rules.py judges
    api         PutFunctionConcurrency, Put/Get/ListProvisionedConcurrencyConfigs, GetAccountSettings
    functions   CloudFormation's handlers of Lambda functions, versions and aliases
    kept        function properties that the emulator drops
    tables      CloudFormation's handler of DynamoDB tables
    failure     a refusal as CloudFormation words it
    checkpoint  saves the state while the emulator runs

Every replacement judges first and then calls the original, so a refusal leaves nothing to undo.
"""

from pathlib import Path

from tapctl.sandbox.extension import api, functions, tables
from tapctl.sandbox.extension.account import SandboxAccount
from tapctl.sandbox.extension.patches import UnsupportedError, require

__all__ = ["UnsupportedError", "install"]


def install(folder: Path) -> None:
    """Put the limits of `folder` in force in this process; UnsupportedError if the emulator is not the expected one."""
    require()
    account = SandboxAccount(folder)
    api.install(account)
    functions.install(account)
    tables.install()
