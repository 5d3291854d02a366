"""Voices that the catalogue offers: what they sound like, and those of organisations' own speakers."""
