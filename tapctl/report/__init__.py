"""Renders results: every renderer takes a result and returns a string; nothing here prints."""
