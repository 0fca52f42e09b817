"""`tapctl watch`: the operation that is under way on a stack, followed to its end."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer

from tapctl.cli import options as o
from tapctl.cli.context import open_aws, settings_from, stack_name_of
from tapctl.cli.terminal import Terminal
from tapctl.errors import TapctlError


def watch(
    env: o.Env = None,
    stack_name: o.StackName = None,
    region: o.Region = None,
    profile: o.Profile = None,
    timeout: Annotated[float, typer.Option("--timeout", metavar="SECONDS", min=1, help="Give up waiting.")] = 3600,
    format: o.FormatOption = o.Format.TEXT,  # noqa: A002 - the option's name
    output: o.Output = None,
    config: o.Config = None,
    quiet: o.Quiet = False,
    verbose: o.Verbose = False,
) -> None:
    """Attach to the operation that is under way on a stack, whoever began it, and follow it to its end.

    Exits with 0 when it ended well or nothing is under way, 6 when CloudFormation rolled back, 7 when the stack is
    stuck, 5 when the time is up.
    """
    from tapctl.cli.progress import Progress
    from tapctl.report import watch
    from tapctl.workflows import watch as watching

    terminal = Terminal(quiet, verbose)
    settings = settings_from(
        any_template=False, env=env, region=region, profile=profile, stack_name=stack_name, config=config
    )
    name = stack_name_of(settings)
    aws, settings = open_aws(replace(settings, stack_name=name), terminal)
    text = format is o.Format.TEXT
    with Progress(terminal, text) as progress:
        try:
            end = watching.watch(aws, name, progress, timeout)
        except TapctlError as error:
            if not text or output:
                terminal.result(watch.failure_json(name, error), output)
            raise
    terminal.result(watch.RENDERERS[format.value](end), output)
