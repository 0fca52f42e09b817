"""Proof that what came out is alive and is what the deployed template says.

run       reads the stack and its running template, and asks each of the others
outputs   every declared output, and its form
resources the resource behind each logical id, by its own API
webhook   a signed event through the deployed endpoint, found again in the table
"""
