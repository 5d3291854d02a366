"""Flows, and what they need: scripts and phone numbers."""
