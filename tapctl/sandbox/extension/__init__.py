"""The extension of the emulator: it refuses what AWS refuses, and stores what AWS stores.

    patches            the emulator's names that are read or replaced, and the check that all of them exist
    account            limits.json and the function records, as rules.py needs them
    api                PutFunctionConcurrency, Put/Get/ListProvisionedConcurrencyConfigs, GetAccountSettings
    functions          CloudFormation's handlers of Lambda functions, versions and aliases
    stored_properties  function properties that the emulator drops
    tables             CloudFormation's handler of DynamoDB tables
    buckets            the deletion of buckets, and what `cdk bootstrap` leaves in an account
    nested_stacks      nested stacks that fail or are deleted
    shared_code        function code in a bucket of another account
    http_apis          the routes of an HTTP API's OpenAPI definition
    change_sets        what a change set lists, and when there is one
    query              requests and answers of CloudFormation's protocol
    stack_sets         the operations that change stack sets
    stack_set_answers  those that show them
    stack_set_templates  their templates, parameters and capabilities
    stack_set_targets  the accounts and Regions that an operation is about
    stack_set_runner   operations in the background
    stack_set_cells    the stack of one account and Region
    credentials        what functions and assumed roles sign with
    served_urls        URLs of functions and APIs, of every account
    failure            a refusal as CloudFormation reports it
    checkpoint         saves the state while the emulator runs

Every replacement checks first and then calls the original, so a refusal leaves nothing to undo.
"""

from pathlib import Path

from tapctl.sandbox.extension import (
    api,
    buckets,
    change_sets,
    credentials,
    functions,
    http_apis,
    nested_stacks,
    served_urls,
    shared_code,
    stack_set_answers,
    stack_sets,
    tables,
)
from tapctl.sandbox.extension.account import SandboxAccount
from tapctl.sandbox.extension.patches import UnsupportedError, require
from tapctl.sandbox.extension.stack_set_cells import CellWorker
from tapctl.sandbox.extension.stack_set_runner import StackSetRunner
from tapctl.sandbox.secret import Secret

__all__ = ["UnsupportedError", "install"]


def install(folder: Path, endpoint: str, secret: Secret) -> StackSetRunner:
    """Enforce the limits of `folder` in this process; what runs its stack sets.

    Raises `UnsupportedError` for an emulator of another version.
    """
    require()
    account = SandboxAccount(folder)
    api.install(account)
    functions.install(account)
    tables.install()
    buckets.install()
    http_apis.install()
    nested_stacks.install()
    shared_code.install()
    change_sets.install()
    credentials.install(secret)
    served_urls.install(endpoint, secret)
    runner = StackSetRunner(folder, CellWorker())
    runner.install()
    stack_sets.install(runner)
    stack_set_answers.install(runner)
    return runner
