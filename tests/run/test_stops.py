"""What stops a run, and what takes it on."""

import tomllib
from decimal import Decimal

import polars as pl
import pytest

from drgpay.base.errors import DrgpayError
from drgpay.base.language import Language, choose
from drgpay.policy.load import load_policy
from drgpay.records.findings import REFUSED_SCHEMA
from drgpay.records.joined_codes import separator_in
from drgpay.run.stops import (
    Accepted,
    RunStoppedError,
    Stop,
    accepted_of,
    level_stops,
    parse_accepted,
    record_stops,
    taken_on,
)

RECORDS = load_policy("illustrative").policy.records
SUMS = {"hospital_id": pl.String, "rows": pl.Int64, "total_fen": pl.Int64}


def sums(*rows: tuple[str, int, int]) -> pl.DataFrame:
    return pl.DataFrame(rows, SUMS, orient="row")


def unknown(hospital: str, rows: int, fen: int, such: str) -> pl.DataFrame:
    return sums((hospital, rows, fen)).with_columns(such=pl.lit(such))


def refused(*rows: tuple[str | None, str, bool, int, int]) -> pl.DataFrame:
    return pl.DataFrame(rows, REFUSED_SCHEMA, orient="row")


def found(stops: list[Stop]) -> list[tuple[str, str, int]]:
    return [(stop.code, stop.subject, stop.fen) for stop in stops]


def test_a_share_of_stays_or_of_money_above_the_limit_stops() -> None:
    valid = sums(("A", 990, 99_000), ("B", 100, 1_000))
    few = refused(("A", "bad_type", False, 11, 100))
    assert record_stops(RECORDS, valid, few, sums()) == []
    more = refused(("A", "bad_type", False, 11, 100), ("B", "bad_value", False, 1, 0))
    assert found(record_stops(RECORDS, valid, more, sums())) == [
        ("refused_share", "A", 100),
        ("refused_share", "B", 0),
    ]
    mixed = refused(
        ("A", "bad_type", False, 2, 5), ("A", "joined_codes", False, 10, 5), ("A", "x", True, 3, 1)
    )
    (stop,) = record_stops(RECORDS, valid, mixed, sums())
    assert "12 rows with 0.10 yuan are refused (joined_codes 10, bad_type 2)" in stop.said.en
    dear = refused(("A", "bad_type", False, 1, 1_100))
    assert found(record_stops(RECORDS, valid, dear, sums())) == [("refused_share", "A", 1_100)]


def test_rows_outside_the_period_are_in_no_share() -> None:
    outside = refused(
        ("A", "outside_period", True, 500, 50_000), ("C", "outside_period", True, 9, 9)
    )
    assert record_stops(RECORDS, sums(("A", 500, 50_000)), outside, sums()) == []


def test_shares_hold_from_a_hundred_rows_on() -> None:
    lost = refused(("A", "bad_type", False, 9, 900))
    assert record_stops(RECORDS, sums(("A", 90, 9_000)), lost, sums()) == []
    assert record_stops(RECORDS, sums(("A", 91, 9_100)), lost, sums()) != []


def test_a_hospital_without_a_valid_row_stops_at_any_number() -> None:
    lost = refused(("B", "unknown_hospital", False, 1, 70), (None, "missing_required", False, 1, 5))
    assert found(record_stops(RECORDS, sums(("A", 9, 90)), lost, sums())) == [
        ("hospital_refused", "B", 70),
    ]


def test_too_many_unknown_codes_stop() -> None:
    valid = sums(("A", 1_000, 10_000))
    assert record_stops(RECORDS, valid, refused(), unknown("A", 20, 500, "X99")) == []
    stops = record_stops(RECORDS, valid, refused(), unknown("A", 21, 500, "X99"))
    assert found(stops) == [("unknown_codes", "A", 500)]
    assert "such as X99, and" in stops[0].said.en
    assert "between codes" not in stops[0].said.en


@pytest.mark.parametrize(
    ("code", "sign"),
    [
        ("38.9300x001/99.1500", "/"),
        ("38.9300 &99.1500", None),
        ("38.9300&99.1500&00.6600", "&"),
        ("I10.x00+E11.900", "+"),
        ("A17.000+", None),
        ("M80000/3", None),
        ("38.9300x001", None),
        ("", None),
    ],
)
def test_a_separator_that_nobody_named_is_told(code: str, sign: str | None) -> None:
    assert separator_in(code) == sign
    stops = record_stops(RECORDS, sums(("A", 1_000, 9)), refused(), unknown("A", 21, 5, code))
    said = f"; {sign} seems to stand between codes: name it in a mapping"
    assert (said in stops[0].said.en) == (sign is not None)
    assert (f"似以“{sign}”连接" in stops[0].said.zh) == (sign is not None)


def test_a_level_that_policy_or_catalogue_does_not_know() -> None:
    valid, levels = sums(("A", 5, 50), ("B", 6, 60)), {"A": "3A", "B": "三甲"}
    assert level_stops(RECORDS, valid, levels, ()) == []
    assert found(level_stops(RECORDS, valid, levels, ["3A", "2A"])) == [("unknown_level", "B", 60)]
    named = RECORDS.model_copy(update={"levels": ("三甲",)})
    assert found(level_stops(named, valid, levels, [])) == [("unknown_level", "A", 50)]
    stops = level_stops(named, valid, levels, ["3A"])
    assert found(stops) == [("unknown_level", "A", 50), ("unknown_level", "B", 60)]
    assert "3A" in stops[1].said.zh


def test_the_level_that_is_meant_is_asked_about() -> None:
    (stop,) = level_stops(RECORDS, sums(("A", 5, 50)), {"A": "2a级"}, ["2A", "3A"])
    assert "是否应为 2A？5 条" in stop.said.zh
    assert "(is 2A meant?): 5 rows" in stop.said.en
    (stop,) = level_stops(RECORDS, sums(("A", 5, 50)), {"A": "二级"}, ["2A", "3A"])
    assert "meant" not in stop.said.en
    assert "之中，5 条" in stop.said.zh


STOPS = level_stops(RECORDS, sums(("A", 5, 5_374_900), ("B", 6, 60)), {"A": "x", "B": "y"}, ["3A"])


def test_what_was_accepted_is_in_the_basis_whoever_accepted_it() -> None:
    first = taken_on(STOPS, [parse_accepted("unknown_level", "Li"), Accepted("refused_share")])
    each = [
        parse_accepted("unknown_level:B=0.60", "Wu", "x"),
        parse_accepted("unknown_level:A", "Wu"),
    ]
    assert first == taken_on(STOPS, each)
    assert first == [
        {"code": "unknown_level", "hospital": "A", "yuan": "53749.00"},
        {"code": "unknown_level", "hospital": "B", "yuan": "0.60"},
    ]


@pytest.mark.parametrize(
    "given", ["unknown_level:A", "unknown_level:A=53748.99", "unknown_codes", "unknown_level:C"]
)
def test_another_hospital_or_more_money_stops_again(given: str) -> None:
    accepted = [parse_accepted(given, "Li"), parse_accepted("unknown_level:B", "Li")][:1]
    with pytest.raises(RunStoppedError) as caught:
        taken_on(STOPS, accepted)
    assert {stop.subject for stop in caught.value.stops} >= {"B"}
    assert "--accept" in str(caught.value)


@pytest.mark.parametrize(("language", "other"), [("zh", "en"), ("en", "zh")])
def test_a_stop_is_said_in_the_chosen_language_alone(language: Language, other: Language) -> None:
    choose(language)
    try:
        with pytest.raises(RunStoppedError) as caught:
            taken_on(STOPS, [])
        printed = f"{caught.value}\n{caught.value.further}"
    finally:
        choose(None)
    for stop in STOPS:
        assert stop.said.said_in(language) in printed
        assert stop.said.said_in(other) not in printed
    assert ("the run stops at" in printed) == (language == "en")


def test_findings_can_be_pasted_into_a_job() -> None:
    with pytest.raises(RunStoppedError) as caught:
        taken_on(STOPS, [])
    pasted = tomllib.loads(caught.value.to_paste().replace('by = ""', 'by = "Li"'))["accepted"]
    accepted = [
        accepted_of(one["code"], one["hospital"], str(one["yuan"]), one["by"]) for one in pasted
    ]
    assert [one["hospital"] for one in taken_on(STOPS, accepted)] == ["A", "B"]
    assert accepted[0].fen == int(Decimal("53749.00") * 100)


@pytest.mark.parametrize(
    ("given", "by", "words"),
    [
        ("damaged_ids", "Li", "nothing that can be accepted"),
        ("unknown_level", "", "nobody is named"),
        ("unknown_level=much", "Li", "write yuan"),
        ("unknown_level=0.001", "Li", "write yuan"),
    ],
)
def test_mistakes_in_what_is_accepted(given: str, by: str, words: str) -> None:
    with pytest.raises(DrgpayError, match=words):
        parse_accepted(given, by)
