"""The door of object stores: S3-compatible buckets as places for usage files."""
