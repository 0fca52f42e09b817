"""What each command does, from its settings to its result; the commands parse options and print.

preflight           read_inputs reads the template and the account, preflight decides: `Preflight`
fix                 preflight → the remedy as an edit of the source files → the edited files judged again
deploy              look (no_op: is there anything to do?) → judge (preflight) → gate → deploy_step, once or twice
  deploy_step       create_change_set → confirm → recheck → execute → follow
  deployer          the request of a deploy, and what all of its states use
plan                look → judge → gate → create_change_set → show → delete
destroy, watch      the deletion of a stack; its running operation, followed

A workflow asks and reports through `tapctl.stacks.ui.DeployUI`. A failure is a `TapctlError` with its exit code.
"""
