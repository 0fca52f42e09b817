"""Counts that no row can say: functions from an inventory and the argument of a row to the parts of each resource."""
