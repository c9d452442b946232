"""The wire to Kafka, through FastStream: subscribing, publishing, offsets and lag.

Partitions are dealt out by the broker's consumer group. A record is read again until its offset is
marked, which only `Consumer` does.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.errors import KafkaError
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.message import FAKE_CONSUMER, KafkaMessage

from serving.assessments import Assessment
from serving.errors import StoreError, Unavailable
from serving.settings import Settings
from serving.streams.cloudevents import on_topic
from serving.streams.consuming import Consumer, DeadLetter, Place
from serving.streams.records import Record

_log = logging.getLogger("crossflag")
_FINISH_SECONDS = 5.0
_LAG_SECONDS = 2.0
_BATCH_MILLISECONDS = 50
_HOUR = 3_600_000
# What brokers allow by default.
_SHORTEST_SESSION = 6_000


class Kafka:
    """One process's part of the consumer group."""

    def __init__(self, settings: Settings) -> None:
        self._results = settings.kafka_results
        self._dead_letters = settings.kafka_dead_letters
        self._topic = settings.kafka_topic
        self._broker = KafkaBroker(
            settings.kafka or "",
            apply_types=False,
            logger=None,
            acks="all",
        )
        self._listener = _Listener()
        self._read: dict[TopicPartition, int] = {}
        patience = max(settings.owner_patience * 1_000, _SHORTEST_SESSION)
        self._subscriber = self._broker.subscriber(
            settings.kafka_topic,
            group_id=settings.kafka_group,
            batch=True,
            max_records=settings.group_size * 4,
            batch_timeout_ms=_BATCH_MILLISECONDS,
            auto_offset_reset="earliest",
            ack_policy=AckPolicy.MANUAL,
            listener=self._listener,
            partition_assignment_strategy=[RangePartitionAssignor],
            session_timeout_ms=patience,
            heartbeat_interval_ms=min(patience // 10, 1_000),
            # A batch that waits for its database keeps its partitions.
            max_poll_interval_ms=_HOUR,
            parser=_undecoded,
            decoder=_records,
        )
        self._telling: asyncio.Task[None] | None = None

    async def start(self, consumer: Consumer) -> None:
        """Join the group and hand over its batches. Raises StoreError when nobody answers."""
        self._listener.consumer = consumer
        self._subscriber(_handler(consumer))
        try:
            await self._broker.start()
        except (KafkaError, OSError) as error:
            raise StoreError(
                f"no Kafka broker answers where CROSSFLAG_KAFKA says ({type(error).__name__})"
            ) from error
        self._telling = asyncio.create_task(self._tell(consumer), name="crossflag-lag")

    async def stop(self) -> None:
        """Leave the group, so that others take over at once."""
        if self._telling is not None:
            self._telling.cancel()
            await asyncio.gather(self._telling, return_exceptions=True)
        await self._broker.stop()

    async def publish(
        self, results: Sequence[tuple[Record, Assessment]], dead: Sequence[DeadLetter]
    ) -> None:
        """Put results and dead letters on their topics; raises `Unavailable`."""
        try:
            sent = [
                await self._send(self._results, message.value, record.key, message.headers)
                for record, assessment in results
                for message in (on_topic(assessment, record.key),)
            ]
            sent += [
                await self._send(self._dead_letters, one.value, one.record.key, _headers(one))
                for one in dead
            ]
            await asyncio.gather(*sent)
        except KafkaError as error:
            raise Unavailable(
                f"the broker takes no results ({type(error).__name__}); they are sent again"
            ) from error

    async def mark_read(self, offsets: dict[Place, int]) -> None:
        """Note where to read on. When the group was dealt out anew, others read it once more."""
        given = {TopicPartition(*place): offset for place, offset in offsets.items()}
        try:
            await self._consumer.commit(given)
        except KafkaError as error:
            _log.warning(
                "offsets were not marked (%s): these records are read again", type(error).__name__
            )
        else:
            self._read |= given

    def lag(self) -> dict[Place, int]:
        """Return how many records wait, of the partitions that were heard of."""
        consumer = self._subscriber.consumer
        if consumer is None:
            return {}
        return {
            (one.topic, one.partition): max(end - self._read[one], 0)
            for one in consumer.assignment()
            if one in self._read and (end := consumer.highwater(one)) is not None
        }

    async def _send(
        self, topic: str, value: bytes | None, key: bytes | None, headers: dict[str, bytes]
    ) -> asyncio.Future[Any]:
        texts = {name: given.decode(errors="backslashreplace") for name, given in headers.items()}
        sent: asyncio.Future[Any] = await self._broker.publish(
            value or b"", topic, key=key, headers=texts, no_confirm=True
        )
        return sent

    async def _tell(self, consumer: Consumer) -> None:
        """Keep the lag's metrics true while nothing comes in, or nothing gets done."""
        while True:
            await asyncio.sleep(_LAG_SECONDS)
            with contextlib.suppress(KafkaError):
                for one in self._consumer.assignment() - self._read.keys():
                    self._read[one] = await self._consumer.committed(one) or 0
            consumer.tell_lag()

    @property
    def _consumer(self) -> AIOKafkaConsumer:
        assert self._subscriber.consumer is not None  # noqa: S101 (only handlers get here)
        return self._subscriber.consumer


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc]
    """Tells the consumer what the group deals out."""

    consumer: Consumer

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        """Before the group is dealt out anew."""
        await self.consumer.revoked(_FINISH_SECONDS)

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        """Afterwards."""
        await self.consumer.assigned([(one.topic, one.partition) for one in assigned])


def _handler(consumer: Consumer) -> Callable[[Any], Awaitable[None]]:
    # FastStream would make a schema of a narrower type.
    async def handle(records: Any) -> None:
        await consumer.take(records)

    return handle


async def _undecoded(records: tuple[Any, ...]) -> KafkaMessage:
    """Wrap a batch without a look inside: a header or value that is no text breaks nothing."""
    return KafkaMessage(
        records, body=b"", headers={}, content_type=None, message_id="", consumer=FAKE_CONSUMER
    )


async def _records(message: KafkaMessage) -> Sequence[Record]:
    return message.raw_message


def _headers(letter: DeadLetter) -> dict[str, bytes]:
    record = letter.record
    return dict(record.headers) | {
        "crossflag-error": letter.why.kind.encode(),
        "crossflag-reason": letter.why.reason.encode(),
        "crossflag-place": f"{record.topic}/{record.partition}/{record.offset}".encode(),
    }
