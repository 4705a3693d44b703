"""The stages that read from Kafka: diverger, converger."""
