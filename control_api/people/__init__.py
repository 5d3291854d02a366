"""Customers, their files, and the lists they stand on."""
