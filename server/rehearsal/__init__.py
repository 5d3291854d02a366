"""Calls without a caller: scenarios that say who calls and what must be said, and recorded calls run again."""
