"""Are two names one's? The labelled pairs, and what must hold of any two texts."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.names import THRESHOLD, Kind, Subject, compare, compare_subjects
from models.names.parsing import parse, readings

SAMPLES = Path(__file__).parents[2] / "data_samples" / "names"
PAIRS = SAMPLES / "pairs.csv"
# Rows of the file that the matcher is known to get wrong, so that a change for the worse is seen.
KNOWN_WRONG = {"דוד לוי", "David Levi", "Martin, James", "Ali, Hassan"}


def rows() -> list[dict[str, str]]:
    with PAIRS.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("case", sorted({row["case"] for row in rows()}))
def test_the_labelled_pairs_come_out_as_a_person_would_say(case: str) -> None:
    for row in (row for row in rows() if row["case"] == case):
        kind: Kind = "person" if row["kind"] == "person" else "organisation"
        found = compare(row["a"], row["b"], kind)
        if row["a"] not in KNOWN_WRONG:
            assert found.match == (row["match"] == "yes"), (row, found)


def test_scores_are_spread_by_how_much_must_be_overlooked() -> None:
    person = "Сергей Петрович Морозов"
    as_written = compare(person, person).score
    other_script = compare(person, "Sergey Petrovich Morozov").score
    other_spelling = compare(person, "Sergej Petrowitsch Morosow").score
    other_order = compare("Sergey Petrovich Morozov", "Morozov Sergey Petrovich").score
    left_out = compare(person, "Sergey Morozov").score
    initial = compare(person, "S. P. Morozov").score
    assert as_written == 1.0
    assert 1.0 > other_order > other_spelling > 0.8
    assert 1.0 > other_script > other_spelling > initial
    assert other_script > left_out > initial


def test_the_answer_says_which_words_were_laid_side_by_side() -> None:
    found = compare("Kim Min-jun", "김민준")
    assert [(part.a, part.b) for part in found.parts] == [("kim", "김"), ("min jun", "민준")]
    found = compare("Dr. Anna Weber", "Anna Maria Weber")
    assert [(part.a, part.b) for part in found.parts] == [
        ("anna", "anna"),
        ("weber", "weber"),
        ("", "maria"),
    ]
    assert found.parts[0].similarity == 1.0
    assert found.parts[-1].similarity == 0.0


def test_weak_words_count_little_and_names_much() -> None:
    strong = compare("Zubrowka Steel", "Zubrowka Steel Trading Company Ltd", "organisation")
    weak = compare("Zubrowka Trading", "Syldavia Trading", "organisation")
    assert strong.match
    assert weak.score < 0.3


def test_persons_and_organisations_are_told_apart() -> None:
    assert compare("Ali Hassan Trading", "Ali Hassan Exchange", "organisation").score < 0.9
    assert compare("Weber University", "Weber Steel", "organisation").match is False
    assert compare("Company 12", "Company 21", "organisation").score < 0.1


def test_brackets_hold_another_reading_of_a_name() -> None:
    assert readings("Butembo Airlines (BAL)") == ("Butembo Airlines", "BAL")
    assert compare("Butembo Airlines (BAL)", "Butembo Airlines", "organisation").match
    # What two names have in brackets says nothing of the two.
    other = compare("La Hacienda (USA) LLC", "Aero Continente (USA) Inc.", "organisation")
    assert other.score < 0.5


def test_titles_generation_and_family_name_are_told_apart() -> None:
    name = parse("Dr. VAN DER MEER, Jan Jr.", "person")
    assert name.titles == ("dr",)
    assert name.suffix == "jr"
    assert [(part.latin, part.role, part.family) for part in name.parts] == [
        ("van", "particle", True),
        ("der", "particle", True),
        ("meer", "name", True),
        ("jan", "name", False),
    ]
    assert parse("Prince", "person").parts[0].role == "name"


def test_birth_country_and_identifier_weigh_in() -> None:
    def person(name: str, *born: str, country: str = "", number: str = "") -> Subject:
        countries, numbers = {country} - {""}, {number} - {""}
        return Subject("person", (name,), born, frozenset(countries), frozenset(numbers))

    alone = compare_subjects(person("Anna Weber"), person("Anna Maria Weber")).score
    same = compare_subjects(
        person("Anna Weber", "1970-05"), person("Anna Maria Weber", "1970-05-01")
    )
    other = compare_subjects(person("Anna Weber", "1970"), person("Anna Maria Weber", "1951"))
    abroad = compare_subjects(
        person("Anna Weber", country="DE"), person("Anna Maria Weber", country="BR")
    )
    assert same.score > alone > abroad.score > other.score
    assert same.reasons == ("the same date of birth: 1970-05",)
    numbered = compare_subjects(person("A", number="X 123-456"), person("B", number="x123456"))
    assert numbered.match
    assert "identifier" in numbered.reasons[0]
    assert compare_subjects(Subject("person", ()), person("Anna")).score == 0.0


TEXTS = st.text(max_size=40) | st.sampled_from(
    ["", "(", "Dr.", "a", "عبد", "习", "Jr.", "ltd", "S.A.", "1", "İ", "al-", ",", "\u0000", "김"]
)


@given(TEXTS, TEXTS, st.sampled_from(["person", "organisation"]))
def test_any_two_texts_have_a_score_and_it_has_no_direction(a: str, b: str, kind: Kind) -> None:
    found = compare(a, b, kind)
    assert 0 <= found.score <= 1
    assert found.match == (found.score >= THRESHOLD)
    assert compare(b, a, kind).score == found.score


@given(TEXTS, st.sampled_from(["person", "organisation"]))
def test_a_name_is_itself(text: str, kind: Kind) -> None:
    found = compare(text, text, kind)
    assert found.score in (0.0, 1.0)
    assert (found.score == 1.0) == bool(parse(text, kind).parts)


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        ("田中太郎", "Taro Tanaka", True),
        ("田中太郎", "Tanaka Jiro", False),
        ("黃志偉", "Huang Chih-wei", True),
        ("Chiang Chung-cheng", "Jiang Zhongzheng", True),
        ("Pak Pong-ju", "Park Bong-joo", True),
        ("Abdelkader Benmokhtar", "Abd al-Qadir bin Mukhtar", True),
        ("Abdul Karim Zadran", "Abdul Rahim Zadran", False),
        ("Usama Ladini", "Osama Ladini", True),
        ("John Harris", "John Harrison", False),
        ("Khalid bin Walid al-Shami", "Walid bin Khalid al-Shami", False),
    ],
)
def test_what_each_rule_of_persons_names_is_for(a: str, b: str, same: bool) -> None:
    assert compare(a, b).match is same
    assert compare(b, a).match is same


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        ("北京星辰科技有限公司", "Beijing Xingchen Technology Co., Ltd.", True),
        ("北京星辰科技有限公司", "北京海洋科技有限公司", False),
        ("조선무역은행", "Choson Trade Bank", True),
        ("Ministerio de Defensa de Lutha", "Lutha Ministry of Defence", True),
        ("Kestrel Intl Trdg Co", "Kestrel International Trading Company", True),
        ("Syldavian Oil Refining and Distribution Company", "SORDC", True),
        ("Polaris Spółka z o.o.", "Polaris Sp. z o.o.", True),
    ],
)
def test_what_each_rule_of_organisations_names_is_for(a: str, b: str, same: bool) -> None:
    assert compare(a, b, "organisation").match is same
    assert compare(b, a, "organisation").match is same
