"""The languages of the console: which one a reader gets, and what a text is called in it."""

from __future__ import annotations

import gettext as catalogues
from contextvars import ContextVar
from functools import cache
from pathlib import Path

import jinja2

LANGUAGES = {"en": "English", "fr": "Français", "es": "Español", "ar": "العربية"}
"""Each language's code and its own name."""
RIGHT_TO_LEFT = frozenset({"ar"})
LOCALES = Path(__file__).parent / "locale"
DOMAIN = "console"
_chosen: ContextVar[str] = ContextVar("language", default="en")


@cache
def _catalogue(language: str) -> catalogues.NullTranslations:
    return catalogues.translation(DOMAIN, LOCALES, [language], fallback=language == "en")


def use(language: str) -> None:
    """Speak a language for the rest of this request; English for one that is not known."""
    _chosen.set(language if language in LANGUAGES else "en")


def chosen() -> str:
    """Return the code of the language that is spoken."""
    return _chosen.get()


def tr(text: str) -> str:
    """Return a text in the chosen language, itself where it has no translation."""
    return _catalogue(chosen()).gettext(text) if text else ""


def trn(one: str, more: str, count: int) -> str:
    """Return the form of a text that fits a count, in the chosen language."""
    return _catalogue(chosen()).ngettext(one, more, count)


def accepted(header: str) -> str:
    """Return the best of our languages for an Accept-Language header."""
    wanted: list[tuple[float, str]] = []
    for part in header.split(",")[:20]:
        tag, _, weight = part.strip().partition(";q=")
        try:
            wanted.append((-float(weight or 1), tag.partition("-")[0].lower()))
        except ValueError:
            continue
    known = [language for _, language in sorted(wanted, key=lambda one: one[0])]
    return next((language for language in known if language in LANGUAGES), "en")


def install(templates: jinja2.Environment) -> None:
    """Give the templates `_`, `ngettext`, `tr` and the facts of the chosen language."""
    templates.install_gettext_callables(tr, trn, newstyle=True)  # type: ignore[attr-defined]
    templates.globals.update(tr=tr, language=chosen, languages=LANGUAGES, is_rtl=is_rtl)


def is_rtl() -> bool:
    """Tell whether the chosen language is written from right to left."""
    return chosen() in RIGHT_TO_LEFT
