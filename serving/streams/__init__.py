"""Events from Kafka, and what was said of them back to Kafka; `crossflag worker` runs it."""
