"""Which model is scored beside the champion, in the shadow: its answers are kept, never given."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from models import promotions
from models.bundle import Bundle
from models.errors import PromotionRefused
from models.promotions import CHALLENGER, CHAMPION, Person, Promotion, in_force, locked, point


def challenge(
    models_dir: Path, bundle_dir: Path, by: Person, why: str, documents: Sequence[Path] = ()
) -> Promotion:
    """Let the bundle be scored beside its stream's champion, in place of an earlier challenger.

    Raises `BadBundle` when it is damaged, `PromotionRefused` when the stream has no champion, the
    bundle is the champion, or `by` or `why` is empty.
    """
    promotions.require_words(by.name, why)
    bundle = Bundle.load(bundle_dir)
    with locked(models_dir / bundle.stream) as room:
        current = in_force(room, CHAMPION)
        if current is None:
            raise PromotionRefused(
                f"stream {bundle.stream} has no champion to challenge; promote one first"
            )
        if current.version == bundle.version:
            raise PromotionRefused(
                f"{bundle.name} {bundle.version} is the champion; challenge it with another version"
            )
        promotions.keep(bundle_dir, room, bundle, documents)
        act = promotions.record(room, bundle, current.version, "challenge", by, why)
        point(room, CHALLENGER, act)
        return act


def dismiss(models_dir: Path, stream: str, by: Person, why: str) -> Promotion:
    """End the challenge; what was compared is kept. Raises `PromotionRefused` without one."""
    promotions.require_words(by.name, why)
    with locked(models_dir / stream) as room:
        named = in_force(room, CHALLENGER)
        if named is None:
            raise PromotionRefused(f"no {stream} model challenges the champion")
        bundle = Bundle.load(room / named.version)
        act = promotions.record(room, bundle, named.previous, "dismiss", by, why)
        promotions.clear(room, CHALLENGER)
        return act


def challenger(models_dir: Path, stream: str) -> Path | None:
    """Return the directory of the stream's challenger, None when there is none."""
    named = in_force(models_dir / stream, CHALLENGER)
    return None if named is None else models_dir / stream / named.version
