"""The sandbox: a local AWS on the loopback interface that refuses what a real account would refuse.

    start(limits) --launch--> server process: extension -> emulator               (server, extension)
                                   |  writes sandbox.json, holds server.lock, saves state/ to disk
    find(), stop(), reset() <------+                                              (process)
    guard: secret -> signature -> the owner's requests, and what stacks serve     (secret, signature, guard)
    extension: limits.json -> rules -> the emulator's functions and handlers      (limits, rules)
    extension: stack_sets.json -> stack sets, each instance a stack of its cell   (stack_set_rules, stack_sets)

The process outlives the command that started it; the next `start` finds it. The limits are read again
at every decision, so a running sandbox applies new ones without losing its stacks.

One server serves any number of accounts, each with its own resources and limits. `TAPCTL_SANDBOX_ACCOUNT` names the
account; without it that is 000000000000.
"""

from tapctl.sandbox.clients import ACCOUNT_ID, REGION, account_id, client_options, environment
from tapctl.sandbox.limits import AccountLimits
from tapctl.sandbox.process import Sandbox, SandboxStatus, find, reset, start, status, stop
from tapctl.sandbox.route import route

__all__ = [
    "ACCOUNT_ID",
    "REGION",
    "AccountLimits",
    "Sandbox",
    "SandboxStatus",
    "account_id",
    "client_options",
    "environment",
    "find",
    "reset",
    "route",
    "start",
    "status",
    "stop",
]
