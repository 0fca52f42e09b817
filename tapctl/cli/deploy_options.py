"""The options of `tapctl deploy` that CloudFormation itself knows, each declared once."""

from __future__ import annotations

from typing import Annotated

import typer

Plan = Annotated[bool, typer.Option("--plan", help="Show what would change, and stop there.")]
DetailedExitcode = Annotated[
    bool, typer.Option("--detailed-exitcode", help="With --plan: 0 no change, 2 changes, 1 for wrong usage.")
]
FailOnWarnings = Annotated[
    bool, typer.Option("--fail-on-warnings", help="Fail where CloudFormation's own checks warn or were skipped.")
]
ImportExisting = Annotated[
    bool, typer.Option("--import-existing", help="Take resources in that exist under the template's names.")
]
DisableRollback = Annotated[
    bool, typer.Option("--disable-rollback", help="Leave what was done where the deploy fails.")
]
Express = Annotated[
    bool, typer.Option("--express", help="Be done before resources are stable; not for a protected environment.")
]
RevertDrift = Annotated[
    bool, typer.Option("--revert-drift", help="Bring back what was changed outside of CloudFormation.")
]
RoleArn = Annotated[str | None, typer.Option("--role-arn", metavar="ARN", help="The role that CloudFormation takes.")]
Tag = Annotated[
    list[str] | None, typer.Option("--tag", metavar="KEY=VALUE", help="A tag of the stack; may be given again.")
]
NotificationArn = Annotated[
    list[str] | None,
    typer.Option("--notification-arn", metavar="ARN", help="An SNS topic to tell of events; may be given again."),
]
TerminationProtection = Annotated[
    bool | None,
    typer.Option("--termination-protection/--no-termination-protection", help="Guard the stack against deletion."),
]
CapabilityOption = Annotated[
    list[str] | None,
    typer.Option("--capability", metavar="NAME", help="Acknowledge this and nothing else; may be given again."),
]
Recover = Annotated[bool, typer.Option("--recover", help="Mend a stuck stack without asking first.")]
Leave = Annotated[
    list[str] | None,
    typer.Option("--leave", metavar="ID", help="With --recover: what may be left behind; may be given again."),
]
NoWait = Annotated[
    bool, typer.Option("--no-wait", help="Return once AWS has begun; do not wait for a stack that is at work.")
]
