"""What the routes and the console's pages may use: the use cases, composed once by `create_app`.

A route reaches it as `request.app.state.service`.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable

from features.reference import Reference
from models.bundle import Bundle
from serving import agreements, audit, feature_sets, issuers
from serving.answering import Answering
from serving.answering.journal import Journal
from serving.answering.rescoring import Rescoring
from serving.cases import Approvals, CaseDesk, Cases, Clocks, Recalls
from serving.champions import Champions
from serving.clock import now
from serving.comparing import Comparisons
from serving.errors import ServiceError
from serving.keys import SECONDS_TO_LAST_USE, Keys
from serving.labels import Labels
from serving.metrics import Metrics
from serving.ownership import ownership_of
from serving.pools import Pools
from serving.promoting import Promotions
from serving.rates import Rates
from serving.sampling import Lot
from serving.scoring import Assessor
from serving.sequencer import Sequencer
from serving.settings import Settings
from serving.shadow import Shadow
from serving.snapshots import Snapshots
from serving.statuses import Statuses
from serving.store.database import Database
from serving.tokens import Tokens
from serving.users import Users
from serving.watching import Watch
from serving.watchlists.alerts import Alerts
from serving.watchlists.keeping import Screening
from serving.watchlists.matching import Matching
from serving.watchlists.rescreening import Rescreening
from serving.webhooks.delivering import Deliverer, Patience
from serving.webhooks.outbox import Outbox

_log = logging.getLogger("crossflag")


class Service:
    """The running service's use cases. Raises StoreError or BadReference when it cannot be made.

    With `on_demand` it owns members only once events of theirs are asked for; see `ownership_of`.
    """

    def __init__(self, settings: Settings, *, on_demand: bool = False) -> None:
        self.settings = settings
        self.metrics = Metrics()
        pepper = settings.pepper
        known = issuers.read(settings.issuers)
        self.database = Database(settings.database, exclusive=True)
        try:
            self.agreements = agreements.read(settings.agreements).not_over(now())
            self.agreements.check_owner(settings.members)
            reference = Reference(settings.ip_overlay, settings.mmdb, settings.reference_data)
            pools = Pools(reference, self.agreements)
            feature_sets.keep(self.database)
            with self.database.unit() as unit:
                for one in self.agreements:
                    audit.note(unit, None, "agreement.in_use", one.reference, **one.document())
        except BaseException:
            self.database.close()
            raise
        self.champions = Champions(settings.models_dir, self.metrics)
        self.ownership = ownership_of(
            self.database,
            settings.members,
            settings.owner_patience,
            self.agreements.together,
            on_demand,
            settings.address,
        )
        self.sequencer = Sequencer(
            self.database,
            self.ownership,
            pools,
            Snapshots(settings.home / "snapshots", settings.snapshot_events),
            self.metrics,
            capacity=settings.queue_capacity,
            group=settings.group_size,
        )
        self.keys = Keys(self.database, pepper)
        self.tokens = Tokens(known)
        self.rates = Rates(settings.scoring_rate, settings.other_rate)
        self.users = Users(self.sequencer, self.database)
        self.shadow = Shadow(self.champions, self.sequencer, self.metrics, settings.queue_capacity)
        self.screening = Screening(self.database)
        self.alerts = Alerts(self.sequencer, self.database)
        self.rescreening = Rescreening(self.sequencer, self.database, self.screening)
        self.matching = Matching(self.database, self.screening)
        self.outbox = Outbox(self.database)
        self.deliverer = Deliverer(
            self.database,
            self.sequencer,
            self.metrics,
            Patience(first=settings.webhook_retry / 1_000),
            settings.webhooks_anywhere,
        )
        self.assessor = Assessor(
            self.sequencer,
            self.database,
            self.champions,
            self.metrics,
            settings.access_exposure,
            self.shadow,
            Lot.kept_in(settings.home, settings.lot_share),
            self.screening,
            self.outbox,
        )
        journal = Journal(settings.home / "deferred", settings.queue_capacity)
        self.answering = Answering(self.assessor, journal, self.screening, self.metrics)
        self._rescoring = Rescoring(journal, self.assessor, self.sequencer, self.metrics)
        self.comparisons = Comparisons(self.database)
        self.promotions = Promotions(self.sequencer, settings.models_dir)
        clocks = Clocks(settings.reference_data, reference)
        self.cases = Cases(
            self.sequencer,
            self.database,
            self.metrics,
            reference,
            urgent_hours=settings.urgent_hours,
            review_hours=settings.review_hours,
            claim_minutes=settings.claim_minutes,
            clocks=clocks,
            four_eyes=settings.four_eyes,
        )
        self.approvals = Approvals(self.sequencer, self.database, self.metrics)
        self.recalls = Recalls(self.sequencer, self.database, reference, self.cases.limits)
        self.desk = CaseDesk(self.sequencer, clocks, settings.access_exposure, self.cases.limits)
        self.statuses = Statuses(self.sequencer, self.metrics)
        self.labels = Labels(self.sequencer, self.database, self.metrics)
        self.watch = Watch(
            self.database,
            self.ownership,
            self.champions,
            self.metrics,
            minutes=settings.watch_minutes,
            days=settings.drift_days,
        )
        self.hindrances: list[Callable[[], str | None]] = []
        """What else may say why the service takes no events just now."""
        self._followers: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Load the champions and begin to replay the log; `not_ready` tells when it is done."""
        promoted: asyncio.Queue[Bundle] = asyncio.Queue()
        for bundle in await asyncio.to_thread(self.champions.refresh):
            promoted.put_nowait(bundle)
        await self.screening.start()
        await asyncio.to_thread(self.outbox.refresh)
        self.sequencer.start()
        self._followers = [
            asyncio.create_task(self.champions.follow(promoted), name="crossflag-champions"),
            asyncio.create_task(self._note_champions(promoted), name="crossflag-promotions"),
            asyncio.create_task(self._note_used_keys(), name="crossflag-keys"),
            asyncio.create_task(self._rescoring.run(), name="crossflag-rescoring"),
            asyncio.create_task(self.shadow.run(), name="crossflag-shadow"),
            asyncio.create_task(self.watch.run(), name="crossflag-watch"),
            asyncio.create_task(self.screening.follow(), name="crossflag-watchlists"),
            asyncio.create_task(self.rescreening.run(), name="crossflag-rescreening"),
            asyncio.create_task(self.outbox.follow(), name="crossflag-outbox"),
            asyncio.create_task(self.deliverer.run(), name="crossflag-webhooks"),
        ]

    async def stop(self) -> None:
        """Finish what was accepted and close the store."""
        for follower in self._followers:
            follower.cancel()
        await asyncio.gather(*self._followers, return_exceptions=True)
        await self.keys.note_used(self.sequencer)
        await self.sequencer.stop()
        self.database.close()

    def not_ready(self) -> list[str]:
        """Return why the service takes no events; empty when it takes those of some stream."""
        doing = self.sequencer.not_ready or self.sequencer.behind or self.ownership.standing_by()
        reasons = [f"the service is {doing}"] if doing else []
        if not self.screening.loaded:
            reasons.append("the watchlists could not be read yet")
        if not self.champions.versions():
            reasons += self.champions.missing.values()
        return reasons + [why for one in self.hindrances if (why := one())]

    async def _note_used_keys(self) -> None:
        while True:
            await asyncio.sleep(SECONDS_TO_LAST_USE)
            await self.keys.note_used(self.sequencer)

    async def _note_champions(self, promoted: asyncio.Queue[Bundle]) -> None:
        while True:
            bundle = await promoted.get()
            _log.info("champion for %s is now %s %s", bundle.stream, bundle.name, bundle.version)
            while self.sequencer.not_ready:
                await asyncio.sleep(0.1)
            with contextlib.suppress(ServiceError):
                await self.sequencer.submit(
                    lambda turn, bundle=bundle: audit.note(  # type: ignore[misc]
                        turn.unit,
                        None,
                        "model.in_use",
                        f"{bundle.stream}/{bundle.version}",
                        name=bundle.name,
                    )
                )
