"""Vapi's words for what we have: programs written for it can be pointed here."""
