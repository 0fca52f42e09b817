"""The sandbox: a local AWS on the loopback interface that refuses what a real account would refuse.

    start(limits) --launch--> server process: guard -> extension -> emulator      (server, extension)
                                   |  writes sandbox.json, holds server.lock, keeps state/ on disk
    find(), stop(), reset() <------+                                              (process)
    extension: limits.json -> rules -> the emulator's functions and handlers      (limits, rules)

The process outlives the command that started it; the next `start` finds it. The limits are read again
at every decision, so a running sandbox takes new ones without losing its stacks.
"""

from tapctl.sandbox.clients import ACCESS_KEY, ACCOUNT_ID, REGION, SECRET_KEY, client_options, environment
from tapctl.sandbox.limits import AccountLimits
from tapctl.sandbox.process import Sandbox, SandboxStatus, find, reset, start, status, stop
from tapctl.sandbox.route import route

__all__ = [
    "ACCESS_KEY",
    "ACCOUNT_ID",
    "REGION",
    "SECRET_KEY",
    "AccountLimits",
    "Sandbox",
    "SandboxStatus",
    "client_options",
    "environment",
    "find",
    "reset",
    "route",
    "start",
    "status",
    "stop",
]
