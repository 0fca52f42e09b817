"""The command line: `app` has the commands, `options` and `tapctl.settings.options` their options."""
