"""What the service counts about itself: no identifier of a person, account or event."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)


class Metrics:
    """The service's own registry; `text` gives it in Prometheus' form."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        self.events = Counter(
            "crossflag_events", "Events scored", ["stream", "advice"], registry=registry
        )
        self.drawn = Counter(
            "crossflag_random_reviews",
            "Events left clear that the lot sent to review",
            ["stream"],
            registry=registry,
        )
        self.novel = Counter(
            "crossflag_novel_events",
            "Events that the quota of novelty took",
            ["stream"],
            registry=registry,
        )
        self.alarms = Gauge(
            "crossflag_novel_alarms",
            "Groups of novel events that grow alike, at the last look",
            ["stream"],
            registry=registry,
        )
        self.drift = Gauge(
            "crossflag_drift_psi",
            "Largest population stability index at the last look, of any member",
            ["stream", "of"],
            registry=registry,
        )
        self.drifted = Gauge(
            "crossflag_drifted_distributions",
            "Distributions that moved, or lie far, at the last look, of any member",
            ["stream", "word"],
            registry=registry,
        )
        self.late = Counter(
            "crossflag_late_events",
            "Events too late for the history",
            ["stream"],
            registry=registry,
        )
        self.duplicates = Counter(
            "crossflag_duplicate_events", "Events sent again", ["stream"], registry=registry
        )
        self.degraded = Counter(
            "crossflag_degraded_answers",
            "Events answered within the caller's deadline without a score",
            ["stream", "reason"],
            registry=registry,
        )
        self.deferred = Gauge(
            "crossflag_deferred_events",
            "Events answered without a score that wait to be scored",
            registry=registry,
        )
        self.rescored = Counter(
            "crossflag_rescored_events",
            "Events scored after an answer without a score",
            ["stream", "advice"],
            registry=registry,
        )
        self.labels = Counter("crossflag_labels", "Labels recorded", ["stream"], registry=registry)
        self.payment_statuses = Counter(
            "crossflag_payment_statuses",
            "Payment statuses recorded",
            ["status"],
            registry=registry,
        )
        self.refused = Counter(
            "crossflag_refused_requests", "Requests refused", ["reason"], registry=registry
        )
        self.failed_commits = Counter(
            "crossflag_failed_commits", "Groups that were not committed", registry=registry
        )
        self.group_events = Histogram(
            "crossflag_group_events",
            "Events per commit",
            registry=registry,
            buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256, 1024),
        )
        self.group_seconds = Histogram(
            "crossflag_group_seconds",
            "Time to score and commit a group",
            registry=registry,
            buckets=_SECONDS,
        )
        self.request_seconds = Histogram(
            "crossflag_request_seconds",
            "Time from request to answer",
            ["status"],
            registry=registry,
            buckets=_SECONDS,
        )
        self.ready = Gauge("crossflag_ready", "1 when the service takes events", registry=registry)
        self.champion = Gauge(
            "crossflag_champion", "1 for the model in use", ["stream", "version"], registry=registry
        )
        self.champion_unusable = Gauge(
            "crossflag_champion_unusable",
            "1 when the model that was promoted last cannot be used and the old one serves on",
            ["stream"],
            registry=registry,
        )
        self.challenger = Gauge(
            "crossflag_challenger",
            "1 for the model scored in the shadow",
            ["stream", "version"],
            registry=registry,
        )
        self.shadow_events = Counter(
            "crossflag_shadow_events", "Events scored in the shadow", ["stream"], registry=registry
        )
        self.shadow_dropped = Counter(
            "crossflag_shadow_dropped_events",
            "Events left out of the shadow: it was behind, or its scores could not be stored",
            ["stream"],
            registry=registry,
        )
        self.webhooks = Counter(
            "crossflag_webhook_attempts",
            "Attempts at webhooks, by what became of the message",
            ["state"],
            registry=registry,
        )
        self.stream_lag = Gauge(
            "crossflag_stream_lag_records",
            "Records that wait in this worker's partitions",
            ["topic", "partition"],
            registry=registry,
        )
        self.dead_letters = Counter(
            "crossflag_dead_letters",
            "Records that cannot be scored, put on the topic of dead letters",
            ["reason"],
            registry=registry,
        )

    def text(self) -> bytes:
        """Return every metric in Prometheus' text form."""
        return generate_latest(self.registry)
