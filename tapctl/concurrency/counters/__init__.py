"""Counts that a row cannot express, as functions from an inventory and the row's argument to parts."""
