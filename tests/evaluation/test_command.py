"""`drgpay evaluate`: the folder it leaves, what it says, and what it refuses."""

import json
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import openpyxl
import polars as pl
import pytest

from drgpay.base.errors import DrgpayError
from drgpay.evaluation.evaluation import Evaluation, evaluate
from drgpay.evaluation.file import load_evaluation
from drgpay.evaluation.money import Line, Paid, Pool, prove
from drgpay.evaluation.output import write_evaluation
from tests.cli.in_process import run_in_process
from tests.evaluation.conftest import INDICATORS, MONEY, Year, text

Write = Callable[[str, str], Path]


@pytest.fixture(scope="session")
def found(year: Year) -> Evaluation:
    path = year.folder / "evaluation.toml"
    path.write_text(text(year), encoding="utf-8")
    return evaluate(load_evaluation(path))


@pytest.fixture(scope="session")
def folder(found: Evaluation) -> Path:
    return write_evaluation(found)


@pytest.fixture
def write(year: Year, tmp_path: Path) -> Write:
    """Writes a file of the region under a name of its own."""

    def written(name: str, content: str) -> Path:
        path = year.folder / f"{tmp_path.name}-{name}"
        path.write_text(content, encoding="utf-8")
        return path

    return written


def table(folder: Path, name: str) -> pl.DataFrame:
    return pl.read_parquet(folder / f"{name}.parquet")


def test_money_is_what_the_clearing_has(folder: Path, year: Year) -> None:
    money = table(folder, "evaluation_money")
    pools = pl.read_parquet(year.run / "pools.parquet")
    for row in pools.iter_rows(named=True):
        mine = money.filter(pl.col("pool") == row["pool"])
        held, due = (
            sum(one, Decimal(0))
            for one in (
                mine["withheld_by_score"] - mine["given"],
                mine["payable_by_score"] + mine["withheld_by_score"] - mine["given"],
            )
        )
        due += row["kept"] + row["remainder"]
        assert due == row["budget_final"] + row["from_home_funds"]
        assert held == 0
    assert money["withheld_by_score"].sum() > 0


def test_totals_are_weights_by_scores_recomputed_with_fractions(folder: Path) -> None:
    rows = table(folder, "evaluation")
    for total in table(folder, "evaluation_total").iter_rows(named=True):
        mine = rows.filter(
            (pl.col("hospital_id") == total["hospital_id"])
            & pl.col("indicator_score").is_not_null()
        )
        weight = sum((Fraction(one) for one in mine["weight"]), Fraction(0))
        if weight < 50:
            assert total["total_score"] is None
            assert total["standing"] == "not_rated"
            continue
        pairs = zip(mine["weight"], mine["indicator_score"], strict=True)
        exact = sum((Fraction(w) * Fraction(s) for w, s in pairs), Fraction(0)) / weight
        rounded = Decimal(int(exact * 100 + Fraction(1, 2))).scaleb(-2)
        assert total["total_score"] == rounded
        assert total["rank_low"] <= total["rank"] <= total["rank_high"] or total["ranked"] > 1
        assert 1 <= total["rank"] <= total["ranked"]


def test_percentiles_recomputed_with_fractions(found: Evaluation) -> None:
    """The values of peers, their linear P10 and P90, and the score, by other means."""
    for hospital in found.card.hospitals:
        one = found.card.scored[hospital][0]
        if one.score is None:
            continue
        assert one.value is not None
        values = sorted(
            Fraction(found.card.scored[peer][0].value or 0, 10**6) for peer in one.peers
        )

        def at(share: Fraction, values: list[Fraction] = values) -> Fraction:
            place = share * (len(values) - 1)
            low = int(place)
            high = min(low + 1, len(values) - 1)
            return values[low] * (1 - (place - low)) + values[high] * (place - low)

        p10, p90 = at(Fraction(1, 10)), at(Fraction(9, 10))
        x = Fraction(one.value, 10**6)
        part = 50 + 50 * (x - p10) / (p90 - p10)
        score = min(max(part, Fraction(50)), Fraction(100))
        assert one.score == int(score * 100 + Fraction(1, 2))
        assert hospital in one.peers


def test_case_mix_and_burden_are_those_of_the_runs(folder: Path, year: Year) -> None:
    cases = pl.concat(
        pl.read_parquet(run / "cases.parquet")
        for run in sorted((year.folder / "runs").glob("2026-??-*"))
    ).filter(pl.col("payment_unit") == "drg")
    rows = table(folder, "evaluation")
    for hospital, mine in cases.group_by("hospital_id"):
        of = rows.filter(pl.col("hospital_id") == hospital[0])
        burden = of.filter(pl.col("indicator") == "burden").row(0, named=True)
        exact = Fraction(mine["patient_cost"].sum()) / Fraction(mine["total_cost"].sum())
        assert burden["indicator_value"] == Decimal(int(exact * 10**6 + Fraction(1, 2))).scaleb(-6)
        assert burden["n"] == mine.height
        both = of.filter(pl.col("indicator").str.starts_with("cost_index"))
        assert both.height == 2


def test_the_same_evaluation_gives_the_same_bytes_and_names_nobody(
    folder: Path, found: Evaluation, year: Year
) -> None:
    again = evaluate(load_evaluation(year.folder / "evaluation.toml"))
    assert write_evaluation(again) == folder
    persons = pl.read_parquet(year.folder / "stays" / "2026-10.parquet")["person_id"].unique()
    for path in folder.glob("*.parquet"):
        frame = pl.read_parquet(path)
        assert "case_id" not in frame.columns
        for name in frame.select(pl.col(pl.String)).columns:
            assert not frame[name].is_in(persons.implode()).any()
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    assert manifest["kind"] == "evaluation"
    assert len(manifest["runs"]) == 12
    scores = pl.read_csv(folder / "assessment.csv")
    assert scores.height == sum(total is not None for total in found.card.totals.values())


def test_a_sheet_a_hospital_says_what_lost_points_cost(folder: Path) -> None:
    book = openpyxl.load_workbook(folder / "hospitals.xlsx")
    totals = table(folder, "evaluation_total")
    assert len(book.sheetnames) == totals.height
    rows = table(folder, "evaluation")
    rated = rows.drop_nulls("lost_yuan")
    assert rated["lost_yuan"].max() > 0  # type: ignore[operator]
    first = rated.sort("lost_yuan", descending=True).row(0, named=True)
    sheet = book[book.sheetnames[totals["hospital_id"].to_list().index(first["hospital_id"])]]
    cells = [cell.value for row in sheet.iter_rows() for cell in row]
    assert float(first["lost_yuan"]) in cells


def test_what_an_indicator_costs_is_what_a_full_one_would_save(found: Evaluation) -> None:
    from drgpay.evaluation.factor import factor_of

    rules = found.job.file.money
    for hospital, total in found.card.totals.items():
        if total is None:
            continue
        for lost in found.lost[hospital]:
            if lost.fen is None or lost.points is None:
                continue
            then = factor_of(min(total + lost.points, 100_00), rules)
            now = factor_of(total, rules)
            fund = sum(
                max(one.line.fund_fen, 0) for one in found.paid if one.line.hospital == hospital
            )
            assert abs(lost.fen - (then - now) * fund) <= 2


def test_an_accepted_objection_gives_the_value(year: Year, write: Write, found: Evaluation) -> None:
    hospital = next(one for one, total in found.card.totals.items() if total is not None)
    objections = write(
        "objections.csv",
        f"hospital_id,indicator,claimed_value,decision\n{hospital},cmi,1.5,accepted\n"
        f"{hospital},burden,0.25,open\n",
    )
    content = text(year).replace("[tables]\n", f'[tables]\nobjections = "{objections.name}"\n')
    again = evaluate(load_evaluation(write("objected.toml", content)))
    scored = {one.rules.id: one for one in again.card.scored[hospital]}
    before = {one.rules.id: one for one in found.card.scored[hospital]}
    assert (scored["cmi"].value, scored["cmi"].claimed) == (1_500_000, True)
    assert scored["burden"].value == before["burden"].value
    folder = write_evaluation(again)
    assert table(folder, "objections")["decision"].to_list() == ["open", "accepted"]


def test_the_file_of_objections_is_read_back(
    year: Year, write: Write, folder: Path, found: Evaluation
) -> None:
    filled = write("filled.csv", (folder / "objections.csv").read_text("utf-8"))
    content = text(year).replace("[tables]\n", f'[tables]\nobjections = "{filled.name}"\n')
    again = evaluate(load_evaluation(write("filled.toml", content)))
    assert again.card.totals == found.card.totals
    assert write_evaluation(again) != folder


def test_confirmed_clues_of_a_supervision_count(year: Year, write: Write, tmp_path: Path) -> None:
    cases = pl.read_parquet(year.run / "cases.parquet").filter(pl.col("payment_unit") == "drg")
    taken = pl.read_parquet(year.run / "adjustments.parquet").filter(pl.col("kind") == "split_stay")
    first = cases.join(taken, on="case_id", how="anti").sort("case_id").row(0, named=True)
    punished = taken.filter(pl.col("hospital_id") == first["hospital_id"])["case_id"][0]
    clues = tmp_path / "clues"
    clues.mkdir()
    pl.DataFrame(
        {
            "clue_id": ["a", "b", "c"],
            "hospital_id": [first["hospital_id"]] * 3,
            "case_ids": [[first["case_id"]], [first["case_id"]], [punished]],
        }
    ).write_parquet(clues / "clues.parquet")
    (clues / "manifest.json").write_text((year.run / "manifest.json").read_text("utf-8"), "utf-8")
    decisions = write(
        "decisions.csv",
        "clue_id,step,result,by,date\na,decision,confirmed,Li,2026-12-01\n"
        "b,decision,rejected,Li,2026-12-01\nc,decision,confirmed,Li,2026-12-01\n",
    )
    content = f'supervision = "{clues.as_posix()}"\n' + text(year)
    content = content.replace("[tables]\n", f'[tables]\ndecisions = "{decisions.name}"\n')
    content = content.replace(
        'id = "satisfaction"\nweight = 10\nmethod = "given"',
        ('id = "clue_confirmed"\nweight = 10\nmethod = "deduct"\nper = 2'),
    )
    found = evaluate(load_evaluation(write("clues.toml", content)))
    one = next(
        one for one in found.card.scored[first["hospital_id"]] if one.rules.id == "clue_confirmed"
    )
    assert (one.numerator, one.n) == (
        1,
        cases.filter(pl.col("hospital_id") == first["hospital_id"]).height,
    )
    write_evaluation(found)


def test_a_missing_input_counts_neither_way(year: Year, write: Write) -> None:
    more = INDICATORS.replace("weight = 10", "weight = 5") + (
        '\n[[indicators]]\nid = "list_on_time"\nweight = 5\nmethod = "percentile"\n'
    )
    found = evaluate(load_evaluation(write("missing.toml", text(year, indicators=more))))
    for row in found.card.scored.values():
        one = next(one for one in row if one.rules.id == "list_on_time")
        assert (one.score, one.reason) == (None, "missing_input")
    assert any(total is not None for total in found.card.totals.values())


def test_bond_and_sharing(year: Year, write: Write) -> None:
    money = MONEY.replace('use = "factor"', 'use = "share"\nbond_ratio = 0.03\ncombine = true')
    found = evaluate(load_evaluation(write("share.toml", text(year, money))))
    assert any(one.bond_lost_fen for one in found.paid)
    for one in found.paid:
        assert one.bond_back_fen <= one.bond_fen
        if found.card.totals.get(one.line.hospital) is None:
            assert one.lost_fen == one.given_fen == 0
    parts = {one.line.pool for one in found.paid}
    pools = pl.read_parquet(year.run / "pools.parquet")
    for pool in parts:
        row = pools.filter(pl.col("pool") == pool).row(0, named=True)
        diff = int((row["budget_final"] - row["fund_cost"]) * 100)
        assert sum(one.line.part_fen for one in found.paid if one.line.pool == pool) == diff


def test_the_command_prints_totals_and_the_standing(
    year: Year,
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    run = run_in_process(monkeypatch, capsys)
    path, out = year.folder / "evaluation.toml", tmp_path / "out"
    status, said, error = run("--lang", "en", "evaluate", path, "--out", out)
    assert status == 0, error
    assert "unverified" in said
    assert "not rated" in said
    _, told, _ = run("evaluate", path, "--json")
    assert (
        json.loads(told)["stays"]
        == json.loads((folder / "manifest.json").read_text())["counts"]["stays"]
    )
    assert run("evaluate", path, "--out", out)[0] == 2


@pytest.mark.parametrize(
    ("code", "old", "new"),
    [
        ("evaluation.run_of_other_year", 'year = "2026"', 'year = "2025"'),
        (
            "evaluation.punished_twice",
            'id = "satisfaction"\nweight = 10\nmethod = "given"',
            'id = "deduct_rate"\nweight = 10\nmethod = "percentile"',
        ),
    ],
)
def test_files_that_do_not_fit_the_runs(
    year: Year, write: Write, code: str, old: str, new: str
) -> None:
    content = text(year)
    assert old in content
    with pytest.raises(DrgpayError) as error:
        evaluate(load_evaluation(write("wrong.toml", content.replace(old, new, 1))))
    assert error.value.code == code


@pytest.mark.parametrize(
    ("said", "old", "new"),
    [
        ("add up to 101", "weight = 20", "weight = 21"),
        ("is cmi meant", 'id = "cmi"', 'id = "cmj"'),
        ("there twice", 'id = "burden"', 'id = "cmi"'),
        ("lacks lo", "lo = 0.8\n", ""),
        ("is not below", "lo = 0.8", "lo = 1.3"),
        ("do not fall", "least = 0.95", "least = 0.85"),
        ("is above", "a = 0.2", "a = 0.5"),
        (
            "no direction",
            'id = "burden"\nweight = 15\nmethod = "band"',
            'id = "cost_growth"\nweight = 15\nmethod = "percentile"',
        ),
        ("do not fall", "score_from = 90", "score_from = 70"),
        ("needs per_point", "per_point = 0.002", "factor = 0.98"),
        ("combine = true", 'use = "factor"', 'use = "factor"\nbond_ratio = 0.03'),
        ("needs `clearing`", "clearing =", "supervision ="),
    ],
)
def test_files_that_contradict_themselves(
    year: Year, write: Write, said: str, old: str, new: str
) -> None:
    content = text(year)
    assert old in content
    with pytest.raises(DrgpayError) as error:
        load_evaluation(write("wrong.toml", content.replace(old, new, 1)))
    assert said in error.value.problem_words.en


@pytest.mark.parametrize(
    ("code", "name", "content"),
    [
        (
            "evaluation.unknown_hospital",
            "indicator_values",
            "hospital_id,indicator,year,value\nX,tasks,2026,1\n",
        ),
        (
            "evaluation.indicator_of_table",
            "indicator_values",
            "hospital_id,indicator,year,value\nH3390001,x,2026,1\n",
        ),
        (
            "evaluation.unknown_decision",
            "objections",
            "hospital_id,indicator,claimed_value,decision\nH3390001,cmi,1,yes\n",
        ),
        ("evaluation.more_deaths", "group_mortality", "drg,cases,deaths\nAA11,5,6\n"),
        ("records.repeated_row", "primary_groups", "drg\nAA11\nAA11\n"),
    ],
)
def test_tables_that_do_not_fit(
    year: Year, write: Write, code: str, name: str, content: str
) -> None:
    given = write(f"{name}.csv", content)
    whole = text(year).replace('indicator_values = "indicator_values.csv"\n', "")
    path = write("tables.toml", whole.replace("[tables]\n", f'[tables]\n{name} = "{given.name}"\n'))
    with pytest.raises(DrgpayError) as error:
        evaluate(load_evaluation(path))
    assert error.value.code == code


def test_a_supervision_needs_its_decisions(year: Year, write: Write) -> None:
    path = write("supervised.toml", 'supervision = "clues"\n' + text(year))
    with pytest.raises(DrgpayError) as error:
        load_evaluation(path)
    assert error.value.code == "evaluation.supervision_without_decisions"


def test_money_that_does_not_balance_is_found() -> None:
    line = Line("H1", "p", 1, 100, 100, 0, 0)
    paid = [Paid(line, Fraction(1), 0, 0, 0, 0)]
    prove(paid, [Pool("p", 103, 1, 2)])
    with pytest.raises(DrgpayError) as error:
        prove(paid, [Pool("p", 104, 1, 2)])
    assert error.value.code == "evaluation.money_open"
