"""A real Kafka and a real Valkey on this machine, for one person, from pip packages: no Java, no Docker, no root."""

from groundswell.local.kafka import LocalKafka
from groundswell.local.stack import LocalStack
from groundswell.local.valkey import LocalValkey

__all__ = ["LocalKafka", "LocalStack", "LocalValkey"]
