"""Suites: each function returns one Great Expectations suite."""
