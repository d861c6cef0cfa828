"""Dagster: assets, checks, jobs, schedules; no arithmetic, no rules in SQL."""
