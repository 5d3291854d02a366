"""Queues of human agents, and calls that are handed to them."""
