"""Calls that were, and those that are."""
