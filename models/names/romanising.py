"""Two ways of writing the same Chinese or Korean syllables in Latin letters, laid together."""

from __future__ import annotations

import re
from functools import lru_cache

from models.names.spelling import is_syllables, korean

_SYLLABLE = re.compile(
    r"(zh|ch|sh|[bpmfdtnlgkhjqxrzcsyw])?"
    r"(iang|iong|uang|ang|eng|ing|ong|iao|ian|uai|uan|ai|an|ao|ei|en|er|ia|ie|in|iu|ou|ua|ue|ui"
    r"|un|uo|a|e|i|o|u)(?![aeiou])"
)
_INITIALS = {
    "zh": "ch", "j": "ch", "q": "ch", "b": "p", "d": "t", "g": "k", "z": "ts", "c": "ts",
    "x": "hs", "r": "j",
}  # fmt: skip
_FINALS = {
    "ian": "ien", "ie": "ieh", "ue": "ueh", "ong": "ung", "iong": "iung", "er": "erh",
}  # fmt: skip
_WHOLE = {
    "zhi": "chih", "chi": "chih", "shi": "shih", "ri": "jih", "zi": "tzu", "ci": "tzu",
    "si": "szu", "yi": "i", "you": "yu", "yan": "yen", "ye": "yeh", "yong": "yung", "ge": "ko",
    "ke": "ko", "he": "ho", "e": "o", "duo": "to", "tuo": "to", "luo": "lo", "nuo": "no",
    "zuo": "tso", "cuo": "tso", "suo": "so", "zhuo": "cho", "chuo": "cho", "ruo": "jo",
    "gui": "kuei", "kui": "kuei", "yue": "yueh",
}  # fmt: skip
_KOREAN = re.compile(
    r"(?:(?:kk|tt|pp|ss|jj|ch|sh|[bcdghjklmnprstwy])?"
    r"(?:yae|yeo|wae|weo|yoo|ae|ai|eo|eu|oe|oo|ou|ui|wa|we|wi|wo|ya|ye|yo|yu|a|e|i|o|u)"
    r"(?:ng|ck|[bdgklmnprst])?){1,2}"
)

_NEVER_CHINESE = re.compile(r"[bpmfv]ong|[bpmf]u[ao]|[gkh]yu")


@lru_cache(maxsize=50_000)
def wade_giles(word: str) -> str:
    """Return a word of Chinese syllables as Wade and Giles wrote them, without apostrophes.

    The word itself comes back when it is no such word, or when both write it alike.

    >>> wade_giles("zhiwei"), wade_giles("jiang"), wade_giles("morozov")
    ('chihwei', 'chiang', 'morozov')
    """
    if not is_syllables(word):
        return word
    written = []
    at = 0
    while at < len(word):
        found = _SYLLABLE.match(word, at)
        if found is None:
            return word
        written.append(_syllable(found[1] or "", found[2]))
        at = found.end()
    return "".join(written)


def _syllable(initial: str, final: str) -> str:
    if initial + final in _WHOLE:
        return _WHOLE[initial + final]
    return _INITIALS.get(initial, initial) + _FINALS.get(final, final)


def one_in_chinese(a: str, b: str) -> bool:
    """Tell whether one Latin word writes by pinyin what the other writes by Wade and Giles."""
    return wade_giles(a) == b or wade_giles(b) == a


def may_be_korean(word: str) -> bool:
    """Tell whether a Latin word may be one or two Korean syllables."""
    return len(word) > 1 and _KOREAN.fullmatch(word) is not None


def _chinese(word: str) -> bool:
    return is_syllables(word) and _NEVER_CHINESE.search(word) is None


def one_in_korean(a: str, b: str) -> bool:
    """Tell whether two Latin words are one Korean word, by two romanisations.

    Words that may both be Chinese do not count: there the vowels tell names apart.
    """
    if korean(a) != korean(b) or not (may_be_korean(a) and may_be_korean(b)):
        return False
    return not (_chinese(a) and _chinese(b))
