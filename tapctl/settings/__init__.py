"""Options, environment variables and tapctl.toml, read once into what a command needs."""
