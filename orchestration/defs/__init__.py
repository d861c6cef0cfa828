"""The assets, checks, jobs and schedules, one module for each concern."""
