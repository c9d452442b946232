"""What the service tells others, as CloudEvents 1.0."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import orjson
from cloudevents.core.bindings.kafka import KafkaMessage, to_binary
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

from serving.assessments import Assessment

SCORED = "org.crossflag.assessment.scored"


class _Format(JSONFormat):
    """JSON, written as the API writes it."""

    def write_data(self, data: Any, datacontenttype: str | None) -> bytes:
        """Return the data as JSON."""
        return orjson.dumps(data, option=orjson.OPT_UTC_Z)


def scored(assessment: Assessment, kind: str = SCORED) -> CloudEvent:
    """Return an assessment as a CloudEvent; the same one has the same identifier each time."""
    return CloudEvent(
        {
            "id": f"{assessment.assessment_id}.{kind.rsplit('.', 1)[-1]}",
            "source": f"/crossflag/members/{quote(assessment.member, safe='')}",
            "type": kind,
            "subject": assessment.event_id,
            "time": assessment.received_at,
            "datacontenttype": "application/json",
        },
        # Always as it was first given: whether a record came twice is no part of what was said.
        assessment.document(),
    )


def on_topic(assessment: Assessment, key: bytes | None) -> KafkaMessage:
    """Return the record of an assessment in CloudEvents' binary mode, under the event's key."""
    return to_binary(scored(assessment), _Format(), key_mapper=lambda _: key)
