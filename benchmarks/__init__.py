"""Benchmarks: each prints its percentiles and one number to watch."""
