"""Minds: a module for each language model provider."""
