"""Voices: a module for each text-to-speech provider."""
