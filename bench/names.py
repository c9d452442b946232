"""`crossflag bench names`: how well names are matched, by kind of difference and by script.

Labelled pairs of two sources: the invented ones of `data_samples/names`, and, where the public
lists are given, aliases of their records (one's) beside the likest names of others (two's). Half
of the pairs, drawn by a hash, chooses the threshold; the other half says what it is worth.
"""

from __future__ import annotations

import csv
import hashlib
import random
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from rapidfuzz import fuzz, process
from rich.console import Console
from rich.table import Table

from bench.screening import FILES
from models.names import THRESHOLD, compare
from models.names.parts import Kind
from models.names.spelling import script_of
from serving.watchlists.readers import read
from training.progress import Teller

SAMPLES = Path(__file__).parent.parent / "data_samples" / "names"
_BESIDE = Path(__file__).parent / "beside_nomenklatura.py"
_OTHERS = 3_000
"""Names of other records among which the likest is looked for."""
_STEPS = np.round(np.arange(0.3, 0.991, 0.01), 2)
_HALVES = ("chosen on", "confirmed on")


@dataclass(frozen=True)
class Labelled:
    """Two names of a kind, whether they are one's, and in what they differ."""

    a: str
    b: str
    kind: Kind
    match: bool
    case: str
    source: str

    @property
    def half(self) -> str:
        """Return which half the pair belongs to; the same pair always to the same."""
        told = f"{self.a}|{self.b}|{self.kind}".encode()
        return _HALVES[hashlib.blake2b(told, digest_size=1).digest()[0] % 2]

    @property
    def script(self) -> str:
        """Return the script of the name that is not Latin, else Latin."""
        return next((one for name in (self.a, self.b) if (one := script_of(name)) != "latin"),
                    "latin")  # fmt: skip


def measure(lists: Path | None, beside: Path | None, tell: Teller) -> dict[str, Any]:
    """Return the figures of each matcher on the invented pairs and on those of the lists."""
    pairs = invented() + (_of_lists(lists, tell) if lists else [])
    tell.say(f"comparing {len(pairs):,} pairs")
    matchers: dict[str, Callable[[Sequence[Labelled]], tuple[list[float], float]]] = {
        "crossflag": _ours,
        "token set ratio": _token_set,
    }
    if beside is not None:
        matchers["nomenklatura logic-v2"] = lambda found: _theirs(beside, found)
    done: dict[str, Any] = {"pairs": len(pairs), "threshold": THRESHOLD, "sources": {}}
    for source in dict.fromkeys(pair.source for pair in pairs):
        chosen = [pair for pair in pairs if pair.source == source]
        done["sources"][source] = {}
        for name, matcher in matchers.items():
            tell.say(f"{name} on {source}")
            scores, seconds = matcher(chosen)
            done["sources"][source][name] = _figures(chosen, np.array(scores), seconds)
    ours = {source: one["crossflag"] for source, one in done["sources"].items()}
    for one in ours.values():
        one["at_default"] = one["curve"][str(THRESHOLD)]
    return done


def invented() -> list[Labelled]:
    """Return the invented pairs; `broad.csv` was written before the matcher had seen any of it."""
    found = []
    for file in sorted(SAMPLES.glob("*.csv")):
        with file.open(encoding="utf-8", newline="") as opened:
            for row in csv.DictReader(opened):
                match = row["match"] == "yes"
                found.append(
                    Labelled(row["a"], row["b"], row["kind"], match, row["case"], file.stem)
                )
    return found


def _of_lists(lists: Path, tell: Teller) -> list[Labelled]:
    """Return pairs of the real lists: two names of one record, and the likest of two records."""
    chance = random.Random(3)
    tell.say("making pairs of the lists")
    entities = [one for name, file in FILES.items() for one in read(lists / file, name).entities]
    named = [one for one in entities if one.kind is not None]
    pairs = []
    for entity in chance.sample(named, len(named)):
        names = [*entity.properties.get("name", ()), *entity.properties.get("alias", ())]
        if len(names) > 1:
            other = chance.choice(names[1:])
            pairs.append(Labelled(names[0], other, entity.kind or "", True, "alias", "lists"))
        if len(pairs) >= _OTHERS:
            break
    for entity in chance.sample(named, _OTHERS):
        others = [
            one
            for one in chance.sample(named, _OTHERS)
            if one.kind == entity.kind and set(one.names).isdisjoint(entity.names)
        ]
        texts = [one.names[0] for one in others]
        best = process.extractOne(entity.names[0], texts, scorer=fuzz.token_sort_ratio)
        pairs.append(
            Labelled(entity.names[0], best[0], entity.kind or "", False, "likest other", "lists")
        )
    return pairs


def _ours(pairs: Sequence[Labelled]) -> tuple[list[float], float]:
    compare("the first", "compiles", "person")
    start = time.process_time()
    scores = [compare(one.a, one.b, one.kind).score for one in pairs]
    return scores, time.process_time() - start


def _token_set(pairs: Sequence[Labelled]) -> tuple[list[float], float]:
    start = time.process_time()
    scores = [fuzz.token_set_ratio(one.a.lower(), one.b.lower()) / 100 for one in pairs]
    return scores, time.process_time() - start


def _theirs(python: Path, pairs: Sequence[Labelled]) -> tuple[list[float], float]:
    """Return what nomenklatura says, in a Python of its own: its libraries are not ours."""
    asked = orjson.dumps([(one.a, one.b, one.kind) for one in pairs])
    done = subprocess.run([python, _BESIDE], input=asked, capture_output=True, check=True)
    answer = orjson.loads(done.stdout)
    return answer["scores"], answer["seconds"]


def _figures(pairs: Sequence[Labelled], scores: Any, seconds: float) -> dict[str, Any]:
    match = np.array([pair.match for pair in pairs])
    half = np.array([pair.half for pair in pairs])
    chosen = half == _HALVES[0]
    best = max(_STEPS, key=lambda step: _at(scores[chosen], match[chosen], step)["f1"])
    told = {"case": [pair.case for pair in pairs], "script": [pair.script for pair in pairs],
            "kind": [pair.kind for pair in pairs]}  # fmt: skip
    return {
        "us_a_pair": round(seconds / len(pairs) * 1e6),
        "threshold": float(best),
        "chosen": _at(scores[chosen], match[chosen], best),
        "confirmed": _at(scores[~chosen], match[~chosen], best),
        "ties_at_1": round(float((scores >= 1.0).mean()), 4),
        "curve": {str(float(step)): _at(scores, match, step) for step in _STEPS},
        "by": {
            what: {
                value: _at(scores[these], match[these], best)
                for value in dict.fromkeys(values)
                if (these := np.array([one == value for one in values])).any()
            }
            for what, values in told.items()
        },
    }


def _at(scores: Any, match: Any, least: float) -> dict[str, float]:
    got = scores >= least
    right = int((got & match).sum())
    wanted, said = int(match.sum()), int(got.sum())
    return {
        "pairs": len(match),
        "right": float(round((got == match).mean(), 4)) if len(match) else 0.0,
        "precision": round(right / said, 4) if said else 0.0,
        "recall": round(right / wanted, 4) if wanted else 0.0,
        "f1": round(2 * right / (wanted + said), 4) if wanted + said else 0.0,
    }


def draw(done: dict[str, Any], path: Path) -> None:
    """Draw precision over recall for each matcher, one panel a source of pairs."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "crossflag"
    from matplotlib import pyplot as plt

    figure, panels = plt.subplots(1, len(done["sources"]), figsize=(4 * len(done["sources"]), 3.8))
    for panel, (source, matchers) in zip(np.atleast_1d(panels), done["sources"].items(),
                                         strict=True):  # fmt: skip
        for name, one in matchers.items():
            points = [point for point in one["curve"].values() if point["recall"]]
            panel.plot(
                [point["recall"] for point in points],
                [point["precision"] for point in points],
                label=name,
            )
        default = matchers["crossflag"]["at_default"]
        panel.plot(default["recall"], default["precision"], "ko", label=f"from {THRESHOLD}")
        panel.set(
            title=source, xlabel="recall", ylabel="precision", xlim=(0, 1.02), ylim=(0.4, 1.02)
        )
        panel.grid(alpha=0.3)
    np.atleast_1d(panels)[0].legend(fontsize=8, loc="lower left")
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


def show(done: dict[str, Any]) -> None:
    """Print the matchers side by side, then our own by kind of difference."""
    console = Console()
    table = Table(title=f"{done['pairs']:,} pairs; the threshold in use is {done['threshold']}")
    for name in ("pairs of", "matcher", "threshold chosen", "F1 there", "F1 on the other half",
                 "precision", "recall", "ties at 1.0", "µs a pair"):  # fmt: skip
        table.add_column(name)
    for source, matchers in done["sources"].items():
        for name, one in matchers.items():
            other = one["confirmed"]
            table.add_row(
                source, name, str(one["threshold"]), f"{one['chosen']['f1']:.3f}",
                f"{other['f1']:.3f}", f"{other['precision']:.3f}", f"{other['recall']:.3f}",
                f"{one['ties_at_1']:.1%}", f"{one['us_a_pair']:,}",
            )  # fmt: skip
    console.print(table)
    for source, matchers in done["sources"].items():
        default = matchers["crossflag"]["at_default"]
        console.print(
            f"{source}, all of it, from {done['threshold']}: precision {default['precision']:.3f}, "
            f"recall {default['recall']:.3f}, F1 {default['f1']:.3f}"
        )
    for what in ("case", "script"):
        table = Table(title=f"Pairs told rightly, by {what}")
        for name in ("pairs of", what, "pairs", *done["sources"][next(iter(done["sources"]))]):
            table.add_column(name, justify="left" if name in ("pairs of", what) else "right")
        for source, matchers in done["sources"].items():
            for value, one in matchers["crossflag"]["by"][what].items():
                shares = [f"{each['by'][what][value]['right']:.3f}" for each in matchers.values()]
                table.add_row(source, value, str(one["pairs"]), *shares)
        console.print(table)
    if len(done["sources"][next(iter(done["sources"]))]) < 3:
        console.print("nomenklatura was not measured: see --beside")
