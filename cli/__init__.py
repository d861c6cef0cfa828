"""The `meterhouse` command: thin; it runs the same jobs as Dagster's schedules."""
