"""Sounds that a call plays beside its replies: recorded, fetched, or said before."""
