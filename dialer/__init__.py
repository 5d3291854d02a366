"""Campaigns: who is called, when, how fast, and what if not."""
