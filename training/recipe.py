"""A recipe: everything that decides what a training run does, in one TOML file.

The package brings `default` and `handbook`; a path to a TOML file names one of your own. Relative
paths in a recipe start at the folder that the recipe is in. Every field has a default except the
data, so that a recipe of three lines is enough.
"""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from training.errors import BadRecipe
from training.offences import Offence, Target

UNSETTLED = {
    "maturity_days": 14.0,
    "warm_up_days": 21.0,
    "calibration_days": 14.0,
    "test_days": 21.0,
}
"""What stands for an open length where no data have been looked at."""
RECIPES = Path(__file__).parent / "recipes"
Length = Annotated[float, Field(gt=0, le=3660)]
"""A length of time in days; a part of a day is cut by the minute."""


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError(
            "unknown time zone; use an IANA name, such as UTC or Europe/Paris"
        ) from error
    return name


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Data(_Section):
    """Which files are read, and which of their events."""

    payments: Path | None = None
    """Payments: CSV, Parquet or pacs.008 XML."""
    access: Path | None = None
    """Access events: CSV, Parquet, OCSF JSON lines or an sshd log."""
    labels: Path | None = None
    """Labels; not needed when the mapping says which column of the events holds them."""
    statuses: Path | None = None
    """Payment statuses (CSV, Parquet or ISO 20022 XML): what was undone, and recalls for fraud."""
    test: Path | None = None
    """A second file of the stream's events, to judge the model on; later than the first."""
    mapping: Path | None = None
    """Column mapping (TOML) for files whose columns have other names."""
    ip_overlay: Path | None = None
    """Simulated or operator-kept table of networks; see features.reference."""
    geolocation: Path | None = None
    """Geolocation file in MMDB form; only then are there distances."""
    reference_data: Path | None = None
    """Folder of dated reference files that replace ours by name, as the service has them."""
    first_day: date | None = None
    """Events of earlier days are not read."""
    last_day: date | None = None
    """Events of later days are not read."""
    time_zone: Annotated[str, AfterValidator(_known_zone)] = "UTC"
    """Zone whose midnight begins a day, for splits and for figures per day."""


class Labels(_Section):
    """When an event's label can be relied on."""

    maturity_days: Length | None = None
    """An event this old without a label counts as honest; a younger one is left out. Open: as
    long as the labels of the data took, where each event has one; else 14, less for short data."""
    target: Target = "crime"
    """What to look for: every crime, or fraud, laundering or intrusion alone. Events of another
    offence than the one that is asked for are left out: they are no examples of honesty."""
    offences: dict[str, Offence] = {}
    """Of which offence your own typologies are, such as { smurfing = "laundering" }; "unnamed" is
    what no label names, fraud unless you say otherwise."""
    suspicions: Literal["left_out", "positive"] = "left_out"
    """What an event is of which there is a suspicion (a filed report) and no more: left out, or
    taken for a crime."""


class Latest(_Section):
    """Train on the past, calibrate and test on the last days, each after a gap for label delay.

    A length that is left open is chosen to fit the data (see `training.adapt`).
    """

    protocol: Literal["latest"] = "latest"
    warm_up_days: Annotated[float, Field(ge=0, le=3660)] | None = None
    """First days of the data, which only give history to later ones. Open: 17.5 % of the time
    that the events span, 30 at most, none where rows have no history."""
    calibration_days: Length | None = None
    """Length of the slice for early stopping, calibration and thresholds. Open: 11.7 % of the
    time, 60 at most."""
    test_days: Length | None = None
    """Length of the slice that nothing but the final figures sees. Open: 17.5 % of the time, 90
    at most."""


class Weeks(_Section):
    """The Fraud Detection Handbook's split: one slice to train, a delay, one slice to test.

    Stopping, calibration and thresholds come from a rehearsal of the same protocol that ends where
    the training slice does, so nothing after the training slice is looked at.
    """

    protocol: Literal["weeks"]
    train_from: date
    """First day of the training slice."""
    train_days: Annotated[int, Field(ge=1, le=366)] = 7
    """Length of the training slice."""
    delay_days: Annotated[int, Field(ge=1, le=3660)] = 7
    """Days between the training slice and the test slice."""
    test_days: Annotated[int, Field(ge=1, le=366)] = 7
    """Length of the test slice."""


class Boosting(_Section):
    """Settings of XGBoost, under its own names."""

    tree_method: Literal["hist", "exact", "approx"] = "hist"
    n_estimators: Annotated[int, Field(ge=1, le=20_000)] = 1000
    early_stopping_rounds: Annotated[int, Field(ge=1)] = 50
    learning_rate: Annotated[float, Field(gt=0, le=1)] = 0.05
    max_depth: Annotated[int, Field(ge=1, le=16)] = 6
    min_child_weight: Annotated[float, Field(ge=0)] = 1.0
    gamma: Annotated[float, Field(ge=0)] = 0.0
    subsample: Annotated[float, Field(gt=0, le=1)] = 0.8
    colsample_bytree: Annotated[float, Field(gt=0, le=1)] = 0.4
    reg_lambda: Annotated[float, Field(ge=0)] = 1.0
    reg_alpha: Annotated[float, Field(ge=0)] = 0.0
    max_bin: Annotated[int, Field(ge=2, le=65_536)] = 1024
    """Bins of the hist method; with the library's 256 a rule such as "over 220" falls between."""
    fraud_weight: Annotated[float, Field(ge=0)] | Literal["balanced", "root"] = 1.0
    """Weight of a fraud against an honest event: a number, their ratio, or its square root."""
    monotone: dict[str, Literal["rising", "falling"]] = {}
    """By feature, which way alone it may move the score: `amount_to_mean = "rising"`."""


class Calibration(_Section):
    """How a score becomes a probability."""

    method: Literal["auto", "isotonic", "sigmoid"] = "auto"
    """Kind of curve; auto takes the one of lower Brier score under cross-fitting."""


def _range(ends: tuple[float, float]) -> tuple[float, float]:
    if not ends[0] <= ends[1]:
        raise ValueError("give the lower end first")
    return ends


Range = Annotated[tuple[float, float], AfterValidator(_range)]


class Search(_Section):
    """What `crossflag tune` looks through; a range whose ends are equal holds a setting fixed."""

    trials: Annotated[int, Field(ge=1, le=10_000)] = 30
    """Most settings that are tried, the recipe's own among them."""
    seconds: Annotated[float, Field(gt=0)] = 1800.0
    """No trial begins after so many seconds."""
    folds: Annotated[int, Field(ge=1, le=52)] = 3
    """Slices of the training span, one after another, that each trial is judged on."""
    metric: Literal["average_precision", "roc_auc"] = "average_precision"
    """What is sought: the mean over the folds."""
    learning_rate: Range = (0.02, 0.2)
    max_depth: Range = (3, 9)
    min_child_weight: Range = (0.5, 20)
    gamma: Range = (0, 5)
    subsample: Range = (0.5, 1)
    colsample_bytree: Range = (0.2, 1)
    reg_lambda: Range = (0.1, 30)
    reg_alpha: Range = (0, 5)

    @model_validator(mode="after")
    def _within_boosting(self) -> Search:
        for name in self.ranges:
            for end in getattr(self, name):
                try:
                    Boosting.model_validate({name: end})
                except ValidationError as error:
                    problem = error.errors()[0]["msg"]
                    raise ValueError(
                        f"{name}: end {end} is outside [boosting]: {problem}"
                    ) from None
        return self

    @property
    def ranges(self) -> list[str]:
        """The settings of [boosting] that have a range."""
        own = ("trials", "seconds", "folds", "metric")
        return [name for name in type(self).model_fields if name not in own]


class Review(_Section):
    """How much people can look at."""

    reviews_per_day: Annotated[float, Field(gt=0)] = 20.0
    """Subjects (accounts or users) that the reviewers can look at in a day."""
    novelty_reviews_per_day: Annotated[float, Field(ge=0)] = 2.0
    """Subjects a day, beside those, whom only the novelty detector brings; 0 for none."""
    urgent_precision: Annotated[float, Field(gt=0, le=1)] = 0.9
    """Advice is urgent from the score on at which this share of flagged events was fraud."""


class Figures(_Section):
    """What the figures that people decide by are told by."""

    cost_per_review: Annotated[float, Field(ge=0)] = 20.0
    """What looking at one subject costs, in the reference currency (EUR)."""
    recovered_share: Annotated[float, Field(ge=0, le=1)] = 1.0
    """Share of the value of frauds found that can still be kept or got back."""
    capacities: Annotated[list[float], Field(min_length=1, max_length=12)] = [10, 50, 100, 500]
    """Reviews a day at which precision, recall and worth are told."""
    segment: str | None = None
    """Column with a customer's segment; `segment` or the kind of account when not given."""
    draws: Annotated[int, Field(ge=20, le=5000)] = 200
    """Redrawings of the subjects behind each interval; half of it beyond 300,000 events."""


class Gates(_Section):
    """What a model must show on its test slice before it may become champion.

    A bound is broken when the whole 95 % interval of a figure lies beyond it: on few frauds a gate
    refuses only what is shown to be worse.
    """

    max_average_precision_drop: Annotated[float, Field(ge=0, le=1)] = 0.02
    """Average precision may be this much below the champion's on the same events."""
    strict: bool = False
    """Demand proof: the interval's lower end, too, must be within the drop that is allowed."""
    max_brier_ratio: Annotated[float, Field(gt=0)] = 1.1
    """Brier score by the champion's; without one by that of a constant probability."""
    max_calibration_error: Annotated[float, Field(gt=0)] = 0.75
    """Expected calibration error over ten equal parts, as a share of the rate of fraud."""
    max_disparity: Annotated[float, Field(ge=1)] = 12.0
    """How often honest events of one corridor, channel or kind are flagged, by the average."""
    min_group_events: Annotated[int, Field(ge=1)] = 200
    """Honest events that a group needs before it is looked at for disparity."""
    max_latency_ratio: Annotated[float, Field(gt=0)] = 5.0
    """Time to score one event, by that of 300 trees of depth six over the same features."""


class Card(_Section):
    """What only people can say of a model, for its card; production mode demands the first three.

    It is about the data of this recipe: give a recipe of your own with data of your own.
    """

    owner: str = ""
    """Who answers for the model: a person or a team."""
    intended_use: str = ""
    """What it is for, on whose events."""
    data_licence: str = ""
    """Under which licence, contract or law the data may be learnt from."""
    limits: str = ""
    """Where it is known to be weak."""


class Recipe(_Section):
    """A whole training run."""

    description: str = ""
    """What the recipe is for, in a sentence."""
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 1
    """Seed of everything random; the same seed and data give the same model."""
    threads: Annotated[int, Field(ge=1, le=256)] = 1
    """Threads of XGBoost: fixed, because sums over another number differ in the last digits."""
    baselines: bool = True
    """Also fit logistic regression, random forest and plain gradient boosting, to compare with."""
    thin_share: Annotated[float, Field(ge=0, le=1)] = 0.2
    """Share of access events learnt again as a plain log tells them: no device, session, agent."""
    data: Data = Data()
    labels: Labels = Labels()
    split: Annotated[Latest | Weeks, Field(discriminator="protocol")] = Latest()
    boosting: Boosting = Boosting()
    calibration: Calibration = Calibration()
    search: Search = Search()
    review: Review = Review()
    figures: Figures = Figures()
    gates: Gates = Gates()
    card: Card = Card()

    @property
    def gap_days(self) -> float:
        """Days between a slice and the time at which its labels are settled."""
        if isinstance(self.split, Weeks):
            return self.split.delay_days
        found = self.labels.maturity_days
        return UNSETTLED["maturity_days"] if found is None else found


def load(name: str) -> Recipe:
    """Return the recipe of this name (of the package's own) or at this path.

    Raises BadRecipe with every wrong field, its value and what is wrong.
    """
    path = _find(name)
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise BadRecipe(f"recipe {path}: {error}; correct the file, it must be TOML") from error
    split = given.get("split")
    if isinstance(split, dict):
        split.setdefault("protocol", "latest")
    try:
        recipe = Recipe.model_validate(given)
    except ValidationError as error:
        raise BadRecipe(f"recipe {path}: {_in_words(error)}") from None
    return recipe.model_copy(update={"data": _resolve(recipe.data, path.parent)})


def _find(name: str) -> Path:
    own = RECIPES / f"{name}.toml"
    if own.is_file() and not name.endswith(".mapping"):
        return own
    if Path(name).is_file():
        return Path(name)
    names = sorted(item.stem for item in RECIPES.glob("*.toml") if "." not in item.stem)
    raise BadRecipe(
        f"recipe={name!r}: no such recipe; use one of {', '.join(names)}, "
        f"or the path of a TOML file"
    )


def _resolve(data: Data, folder: Path) -> Data:
    events = ("payments", "access", "labels", "statuses", "test", "mapping")
    names = (*events, "ip_overlay", "geolocation", "reference_data")
    given: dict[str, Any] = {name: getattr(data, name) for name in names}
    # An absolute path stays what it is when joined.
    paths = {name: (folder / path).resolve() for name, path in given.items() if path is not None}
    return data.model_copy(update=paths)


def _in_words(error: ValidationError) -> str:
    problems = []
    for item in error.errors():
        place = [str(part) for part in item["loc"] if part not in ("latest", "weeks")]
        message = item["msg"][:1].lower() + item["msg"][1:]
        if item["type"] == "extra_forbidden":
            problems.append(f"{'.'.join(place)}: unknown field; remove it or correct its name")
        else:
            problems.append(f"{'.'.join(place)}={item['input']!r}: {message}")
    return "; ".join(problems)
