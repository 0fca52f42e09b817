"""Measurements of tapctl, each run by `python -m benchmarks.NAME`; its docstring describes what it compares."""
