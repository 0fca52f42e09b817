"""Reads options, environment variables and tapctl.toml into `Settings`."""
