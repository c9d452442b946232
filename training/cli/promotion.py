"""`crossflag promote`, `approve`, `reject`, `rollback`, `challenge` and `promotions`."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from training.cli import options

if TYPE_CHECKING:
    from pathlib import Path

    from models.promotions import Promotion

app = typer.Typer(pretty_exceptions_enable=False)
Version = Annotated[str | None, typer.Option(help="Trained version; the newest when not given.")]
Waiting = Annotated[str | None, typer.Option(help="Refuse unless it is this version that waits.")]
Why = Annotated[str, typer.Option(help="Why; kept in the record.")]


@app.command()
def promote(
    model: options.Model = "payment",
    version: Version = None,
    by: options.By = None,
    why: Why = "promoted",
    propose: Annotated[
        bool, typer.Option("--propose", help="Leave it to a second person to approve.")
    ] = False,
    override: Annotated[
        str, typer.Option(help="Reason to pass over a failed gate; kept. Not in production.")
    ] = "",
    production: options.Production = False,
    home: options.Home = options.HOME,
    as_json: options.AsJson = False,
) -> None:
    """Make a trained model champion if it passes the gates; a running service follows.

    In production (CROSSFLAG_PRODUCTION=1) it is proposed, and `crossflag approve` or the console's
    models page puts it in force: another person's part.
    """
    from training import promote as promotion
    from training import tables
    from training.progress import Teller

    options.check_stream(model)
    done = promotion.put_forward(
        home,
        model,
        version or promotion.newest(home, model),
        options.person(by),
        why,
        propose=propose,
        override=override,
        production=production,
        teller=Teller(),
    )
    shown = [] if done.act is None else [tables.promotion_table(done.act)]
    options.show(as_json, done.document(), tables.gates_table(done), *shown)
    done.require()


@app.command()
def approve(
    model: options.Model = "payment",
    version: Waiting = None,
    by: options.By = None,
    why: Why = "approved",
    home: options.Home = options.HOME,
    as_json: options.AsJson = False,
) -> None:
    """Put what was proposed in force, as another person than the one who proposed it."""
    from models import champion
    from training import promote as promotion

    options.check_stream(model)
    rooms = promotion.models_dir(home)
    done = champion.approve(rooms, model, options.person(by), why, version)
    _show(done, home, as_json)


@app.command()
def reject(
    model: options.Model = "payment",
    version: Waiting = None,
    by: options.By = None,
    why: Why = "rejected",
    home: options.Home = options.HOME,
    as_json: options.AsJson = False,
) -> None:
    """Turn down what was proposed, or take it back; the champion stays."""
    from models import champion
    from training import promote as promotion

    options.check_stream(model)
    rooms = promotion.models_dir(home)
    _show(champion.reject(rooms, model, options.person(by), why, version), home, as_json)


@app.command()
def rollback(
    model: options.Model = "payment",
    by: options.By = None,
    why: Why = "rolled back",
    home: options.Home = options.HOME,
    as_json: options.AsJson = False,
) -> None:
    """Make the model that the champion had replaced champion again; one person is enough."""
    from models import champion
    from training import promote as promotion

    options.check_stream(model)
    rooms = promotion.models_dir(home)
    _show(champion.rollback(rooms, model, options.person(by), why), home, as_json)


@app.command()
def challenge(
    model: options.Model = "payment",
    version: Version = None,
    by: options.By = None,
    why: Why = "to compare",
    end: Annotated[bool, typer.Option("--end", help="End the challenge that is on.")] = False,
    home: options.Home = options.HOME,
    as_json: options.AsJson = False,
) -> None:
    """Let a trained model be scored beside the champion, in the service's shadow.

    Its scores are kept and compared (`crossflag compare`), and never answered or acted on.
    """
    from models import challenger
    from training import promote as promotion

    options.check_stream(model)
    person = options.person(by)
    if end:
        done = challenger.dismiss(promotion.models_dir(home), model, person, why)
    else:
        chosen = version or promotion.newest(home, model)
        done = promotion.challenge(home, model, chosen, person, why)
    _show(done, home, as_json)


@app.command()
def promotions(
    model: options.Model = "payment",
    home: options.Home = options.HOME,
    as_json: options.AsJson = False,
) -> None:
    """Show who proposed, approved, promoted and rolled back what, when and why."""
    from models import champion
    from training import promote as promotion
    from training import tables

    options.check_stream(model)
    rooms = promotion.models_dir(home)
    acts = champion.history(rooms, model)
    waiting = champion.proposal(rooms, model)
    serving = champion.champion(rooms, model)
    document = {
        "stream": model,
        "champion": None if serving is None else serving.name,
        "proposal": None if waiting is None else asdict(waiting),
        "acts": [asdict(act) for act in acts],
    }
    options.show(as_json, document, tables.history_table(model, acts, waiting))


def _show(done: Promotion, home: Path, as_json: bool) -> None:
    from training import promote as promotion
    from training import tables

    promotion.mirror(home, done.stream)
    options.show(as_json, asdict(done), tables.promotion_table(done))
