"""Put a trained model forward: gates, then record and pointer, then MLflow's alias."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from features.errors import CrossflagError
from training import documents, gates, judged
from training.errors import GatesFailed, NoChampion
from training.gates import Gate
from training.progress import Teller
from training.recipe import Gates

if TYPE_CHECKING:
    from models.bundle import Bundle
    from models.promotions import Person, Promotion
    from models.runtime import Scorer


@dataclass(frozen=True)
class Forward:
    """What came of putting a model forward: the gates, and the act unless they refused it."""

    stream: str
    version: str
    gates: tuple[Gate, ...]
    act: Promotion | None

    @property
    def failed(self) -> list[Gate]:
        """The gates that were not passed."""
        return [gate for gate in self.gates if not gate.passed]

    @property
    def in_force(self) -> bool:
        """Whether the version serves now."""
        return self.act is not None and self.act.action in ("promote", "rollback")

    def document(self) -> dict[str, Any]:
        """Return everything as JSON-able values."""
        act = {} if self.act is None else asdict(self.act)
        return {
            **act,
            "stream": self.stream,
            "version": self.version,
            "passed": not self.failed,
            "in_force": self.in_force,
            "refusal": self.refusal,
            "gates": [gate.document() for gate in self.gates],
        }

    def require(self) -> Promotion:
        """Return the act; raises GatesFailed naming what refused it."""
        if self.act is None:
            raise GatesFailed(self.refusal)
        return self.act

    @property
    def refusal(self) -> str:
        """What kept it out of service, empty when nothing did."""
        if self.act is not None:
            return ""
        said = "; ".join(gate.said for gate in self.failed)
        return (
            f"{self.stream} model {self.version} does not pass the gates and stays out of "
            f"service: {said}"
        )


def bundles_dir(home: Path, stream: str) -> Path:
    """Return where trained bundles of a stream lie, one folder for each version."""
    return home / "bundles" / stream


def models_dir(home: Path) -> Path:
    """Return where promoted bundles and the pointers to the champions lie."""
    return home / "models"


def report_path(bundle: Path) -> Path:
    """Return where the report of the run that made a bundle lies."""
    return bundle.parent / f"{bundle.name}.report.html"


def record_path(bundle: Path) -> Path:
    """Return where the document of the run that made a bundle lies."""
    return bundle.parent / f"{bundle.name}.json"


def put_forward(
    home: Path,
    stream: str,
    version: str,
    person: Person,
    why: str,
    *,
    propose: bool = False,
    override: str = "",
    production: bool = False,
    teller: Teller | None = None,
) -> Forward:
    """Check the gates of a trained version and promote it, or `propose` it to a second person.

    In production a promotion is always a proposal, and no gate can be passed over. `override` is
    the reason for which a failed gate is passed over; it is kept. What is champion already stays
    it, without gates. Raises NoChampion when there is no such version, GatesFailed for an override
    in production, and what `models.champion` raises.
    """
    from models import champion
    from models.bundle import Bundle

    propose = propose or production
    if propose and override:
        raise GatesFailed(
            "--override cannot be used where a second person decides; train a better model, or "
            "change the recipe's [gates]"
        )
    directory = trained_dir(home, stream, version)
    bundle, serving = Bundle.load(directory), champion.champion(models_dir(home), stream)
    if serving is not None and serving.name == version and not propose:
        return Forward(
            stream, version, (), champion.promote(models_dir(home), directory, person, why)
        )
    with (teller or Teller(quiet=True)).stage("checking gates"):
        found = tuple(_gates(directory, bundle, serving, production))
    if any(not gate.passed for gate in found) and not override.strip():
        return Forward(stream, version, found, None)
    given = [gate.document() for gate in found]
    with _documents(directory, bundle, given) as papers:
        if propose:
            act = champion.propose(
                models_dir(home), directory, person, why, gates=given, documents=papers
            )
        else:
            act = champion.promote(
                models_dir(home),
                directory,
                person,
                why,
                gates=given,
                override=override,
                documents=papers,
            )
    mirror(home, stream)
    return Forward(stream, version, found, act)


def challenge(home: Path, stream: str, version: str, person: Person, why: str) -> Promotion:
    """Let a trained version be scored beside the champion; raises as `put_forward` does."""
    from models import challenger
    from models.bundle import Bundle

    directory = trained_dir(home, stream, version)
    with _documents(directory, Bundle.load(directory), None) as papers:
        return challenger.challenge(models_dir(home), directory, person, why, papers)


def mirror(home: Path, stream: str) -> None:
    """Let MLflow's alias name the champion, when its run was logged there.

    The console moves the pointer without MLflow; the next command here lets the alias follow.
    """
    from models import champion, registry

    serving = champion.champion(models_dir(home), stream)
    if serving is None:
        return
    registered = logged_version(bundles_dir(home, stream) / serving.name)
    if registered is not None:
        registry.set_champion(home, registry.model_name(stream), registered)


def logged_version(bundle: Path) -> str | None:
    """Return the version under which MLflow knows a bundle, None when it was not logged."""
    path = record_path(bundle)
    if not path.is_file():
        return None
    document: dict[str, Any] = json.loads(path.read_bytes())
    registered = document.get("mlflow", {}).get("model_version")
    return None if registered is None else str(registered)


def trained_dir(home: Path, stream: str, version: str) -> Path:
    """Return a trained version's bundle; raises NoChampion naming those that are known."""
    bundle = bundles_dir(home, stream) / version
    if not bundle.is_dir():
        known = sorted(item.parent.name for item in bundle.parent.glob("*/bundle.json"))
        raise NoChampion(
            f"version={version!r}: no such {stream} model in {home}; "
            f"{'known are ' + ', '.join(known) if known else 'train one first'}"
        )
    return bundle


def newest(home: Path, stream: str) -> str:
    """Return the version that was trained last; raises NoChampion when there is none."""
    folder = bundles_dir(home, stream)
    trained = sorted(
        (path for path in folder.glob("*.json") if path.with_suffix("").is_dir()),
        key=lambda path: path.stat().st_mtime_ns,
    )
    if not trained:
        raise NoChampion(f"no {stream} model was trained in {home}; run crossflag train first")
    return trained[-1].stem


def champion_dir(home: Path, stream: str) -> Path:
    """Return the champion's bundle; raises NoChampion when nothing was promoted."""
    from models import champion

    found = champion.champion(models_dir(home), stream)
    if found is None:
        raise NoChampion(
            f"no {stream} model has been promoted in {home}; "
            f"run crossflag train --model {stream} --promote first, or give another --home"
        )
    return found


def _gates(
    directory: Path, bundle: Bundle, serving: Path | None, production: bool
) -> Sequence[Gate]:
    from features.catalog import CATALOGUES
    from models.bundle import Bundle
    from models.card import lacking
    from models.runtime import Scorer

    catalogue = CATALOGUES[bundle.stream]
    rows = judged.read(directory, catalogue)
    champion: Scorer | None = None
    if serving is not None:
        try:
            champion = Scorer(Bundle.load(serving), catalogue)
        except CrossflagError:
            # What cannot be served any more is no match; the gates say that they had none.
            champion = None
    settings = Gates.model_validate(bundle.training.get("recipe", {}).get("gates", {}))
    return gates.check(
        Scorer(bundle, catalogue), champion, rows, settings, lacking(bundle, production)
    )


@contextmanager
def _documents(
    directory: Path, bundle: Bundle, given: list[dict[str, Any]] | None
) -> Iterator[list[Path]]:
    with tempfile.TemporaryDirectory() as folder:
        yield documents.gather(directory, bundle, given, Path(folder))
