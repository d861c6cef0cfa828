"""The Kafka door: topics of native JSON events, in; each message lands exactly once."""
