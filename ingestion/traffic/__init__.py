"""Made-up traffic for any door: seeded deliveries at a chosen rate, for demos and load tests."""
