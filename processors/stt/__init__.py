"""Ears: a module for each speech-to-text provider."""
