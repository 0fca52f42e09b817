"""tapctl: checks before a CloudFormation deploy whether it fits the AWS account, and makes it fit.

Data goes one way: `template` reads a template into a `StackTree`, `account` reads AWS or a snapshot into an `Account`,
`concurrency` judges the two by the rows of `limits` into a `Preflight`, `workflows` act on it, `verify` checks the
deployed stack, and `report` renders the results. docs/architecture.md has the rooms in order.
"""

__version__ = "0.1.0"
