"""Puts the halves together; the only package that imports both."""
