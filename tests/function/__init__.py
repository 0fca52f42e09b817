"""Tests of the webhook function."""
