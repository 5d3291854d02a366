"""Exotel's Voicebot socket."""
