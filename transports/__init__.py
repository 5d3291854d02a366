"""Two-way lines: what carries a call's sound."""
