"""Tests of the sandbox: the real emulator in its own process, a state folder per module."""
