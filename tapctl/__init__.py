"""tapctl: knows before a CloudFormation deploy whether it fits the AWS account, and makes it fit.

Data goes one way: a template file becomes a `template.Template`, AWS or a snapshot becomes an
`account.Account`, `headroom` and `limits` judge the two into findings and a remedy, `deploy` acts on
them, `verify` looks at what came out, `report` says it.
"""

__version__ = "0.1.0"
