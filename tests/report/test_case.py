"""Every case of a run is recomputed from its inputs, and a changed number is found."""

import json
import re
import shutil
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from io import StringIO
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from drgpay.base.language import Language
from drgpay.policy.adjustment_rows import ADJUSTMENT_SCHEMA
from drgpay.report.case import ExplainedCase, case_json, explain_case, plain_value
from drgpay.report.case_console import case_view
from drgpay.report.case_formula import Formula
from drgpay.results.part import STAYS
from drgpay.results.results import booking_frames, case_frames, line_frames
from drgpay.results.run_folder import open_month
from drgpay.run.case import CasesOfRun
from drgpay.run.job import load_job
from drgpay.run.month_end import run_month
from drgpay.sample.filings import write_filings
from drgpay.settle.clearing import YearBudget, clear_year
from drgpay.settle.ledger import ledger_of_clearing
from tests.accepting import EVERYTHING
from tests.run.no_books import without_books
from tests.spread import spread

CLASSES = {
    *("normal", "high", "low", "incomplete", "few_cases"),
    *("ambiguous", "ungrouped", "bed_day", "fee"),
}


def change(path: Path, *changes: tuple[str, str]) -> None:
    text = path.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")


def without_filings(region: Path) -> Path:
    """The job of the sample month, its filings left out."""
    job = region / "2026-10.toml"
    lines = job.read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if not line.startswith(("reviews", "deductions"))]
    job.write_text("\n".join(kept) + "\n", encoding="utf-8")
    return job


def with_filings(job: Path, **paths: str) -> None:
    """Name filings in the [inputs] of a job."""
    lines = [f'{name} = "{path}"' for name, path in paths.items()]
    text = job.read_text(encoding="utf-8")
    job.write_text(text.replace("[inputs]", "\n".join(["[inputs]", *lines])), encoding="utf-8")


def settled(job: Path) -> CasesOfRun:
    loaded = load_job(job)
    with without_books():
        finished = run_month(replace(loaded, output=job.parent / "runs"), accept=EVERYTHING)
    return CasesOfRun.of(finished.folder)


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory, sample_data: Path) -> CasesOfRun:
    """The sample month with special reviews, violations and a payment held back."""
    region = tmp_path_factory.mktemp("month") / "region"
    shutil.copytree(sample_data, region, ignore=shutil.ignore_patterns("history", "filings"))
    job = without_filings(region)
    write_filings(load_job(job), region / "filed")
    with_filings(job, reviews="filed/reviews.csv", deductions="filed/deductions.csv")
    return settled(job)


RICH = (
    ('reference_mean = "region"', 'reference_mean = "own_and_level"\nown_mean_weight = 0.7'),
    ('bounds = "strict"', 'bounds = "inclusive"'),
    ('bounds_mean = "reference"', 'bounds_mean = "level"\nratio_mean = "reference"'),
    ('low_formula = "as_incomplete"', 'low_formula = "at_cost"'),
    (
        'high_formula = "review_only"',
        'high_formula = "cost_less_cap_coef"\nage_factors = [{ rule = "NL >= 60", times = 1.1 }, '
        '{ rule = "NL < 14 or XSRTL < 30", divide = 1.1 }]',
    ),
    ('few_cases_rule = "base"', 'few_cases_rule = "at_cost"'),
    ('ungrouped_rule = "at_cost"', 'ungrouped_rule = "fixed_points"'),
    ("ungrouped_points = 0", "ungrouped_points = 12.5"),
    (
        '{ bed_day_class = "long_stay", points_per_day = 2.8 }',
        '{ bed_day_class = "long_stay", calibrated = true }',
    ),
    (
        '{ bed_day_class = "psychiatry", points_per_day = 3.2 }',
        '{ bed_day_class = "psychiatry", yuan_per_day = 321.45 }',
    ),
    ('over_quota = "report"', 'over_quota = "refuse"'),
    ('out_of_area = "same_price"', 'out_of_area = "pooled"'),
    ('distribute_remainder = "none"', 'distribute_remainder = "all"'),
    ("merged_accounts = []", 'merged_accounts = [["employee", "resident"]]'),
)


@pytest.fixture(scope="module", params=spread(["cost_less_cap_coef", "excess"], 1))
def rich(
    tmp_path_factory: pytest.TempPathFactory, sample_data: Path, request: pytest.FixtureRequest
) -> CasesOfRun:
    """A few hundred stays, paid by a policy in which almost everything is otherwise."""
    region = tmp_path_factory.mktemp("rich") / "region"
    shutil.copytree(sample_data, region, ignore=shutil.ignore_patterns("history", "filings"))
    stays = region / "stays" / "2026-10.parquet"
    pl.read_parquet(stays).gather_every(4).write_parquet(stays)
    job = without_filings(region)
    cases = pl.read_parquet(settled(job).tables.folder / "cases.parquet")
    groups = cases.filter(pl.col("mean_cost").is_not_null())["drg"].value_counts(sort=True)["drg"]
    listed = json.dumps(groups[:5].to_list())
    policy = region / "policy.toml"
    technologies = (
        f'{{ technology = "robot", groups = {listed}, '
        'share_by_year = { "2026" = 0.1 }, filed = false }, '
        f'{{ technology = "filed", groups = {listed}, '
        'share_by_year = { "2026" = 0.25 }, filed = true }'
    )
    change(
        policy,
        *RICH,
        (
            "volume_caps = []",
            f"volume_caps = [{{ groups = {listed}, cases_a_month = 2, factor = 0.7 }}]",
        ),
        ("new_technologies = []", f"new_technologies = [{technologies}]"),
        (
            "[points.readmission]",
            f"[points.tcm]\ngroups = {listed}\nuplift = 0.08\nmax_points = 5\n\n"
            f'[points.base_level]\ngroups = {listed}\nlevel = "2A"\n\n[points.readmission]',
        ),
    )
    if request.param == "excess":  # divided by the exact reference mean, low stays too
        change(
            policy,
            ('"cost_less_cap_coef"', '"excess"'),
            ('low_formula = "at_cost"', 'low_formula = "as_incomplete"'),
            ("age_factors", f"no_coefficient_groups = {listed}\nage_factors"),
        )
    with (region / "filed.csv").open("w", encoding="utf-8") as text:
        text.write("case_id,technology\n")
        text.writelines(f"{case},filed\n" for case in cases["case_id"].gather_every(50))
    _write_reviews(cases, region / "reviews.csv")
    with (region / "deductions.csv").open("w", encoding="utf-8") as text:
        text.write("kind,case_id,serious,reason,hospital_id,account,amount_yuan\n")
        for place, case in enumerate(cases["case_id"].gather_every(40)):
            kind = ("up_coding", "split_stay", "fraud")[place % 3]
            text.write(f"{kind},{case},{'true' if place % 2 else 'false'},病历抽查,,,\n")
    with_filings(job, reviews="reviews.csv", deductions="deductions.csv", technologies="filed.csv")
    return settled(job)


def _write_reviews(cases: pl.DataFrame, path: Path) -> None:
    """Reviews of every class: approved with and without fixed points, rejected, without effect."""
    rows = ["case_id,filed_at,approved,unreasonable_cost,fixed_points,reason"]
    for of_class in cases.partition_by("case_class", maintain_order=True):
        for place, case in enumerate(of_class["case_id"].head(6)):
            fixed = "123.4567" if place == 1 else ""
            approved = "false" if place == 2 else "true"
            rows.append(f"{case},2026-10-02,{approved},{place}.50,{fixed},单议")
    path.write_text("\n".join(rows), encoding="utf-8")


@pytest.fixture(scope="module", params=spread(["surplus", "overrun"], 1))
def year(
    month: CasesOfRun, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> CasesOfRun:
    """The month cleared as if it were a year, with a budget above or below what it cost."""
    paid = open_month(month.tables.folder).of(STAYS)
    policy, hospitals = month.policy, paid.scaled("statements")["hospital_id"].unique().sort()
    scores = pl.DataFrame(
        {
            "hospital_id": hospitals,
            "score": [950_000, 850_000, 650_000] * (hospitals.len() // 3)
            + [500_000] * (hospitals.len() % 3),
        }
    )
    percent = 108 if request.param == "surplus" else 98
    budgets = {
        pool: YearBudget(budget * percent // 100, budget // 200)
        for pool, budget in paid.scaled_pools().select("pool", "budget_fen").iter_rows()
    }
    adjustments = paid.scaled("adjustments").select(list(ADJUSTMENT_SCHEMA))
    args = (
        paid.scaled("cases"),
        adjustments,
        paid.scaled("statements"),
        budgets,
        scores,
        policy,
        2026,
    )
    cleared = clear_year(*args)
    named = month.tables.statements.select("hospital_id", "name", "level").unique()
    ledger = ledger_of_clearing(2026, paid.scaled("ledger"), cleared)
    tables = {
        **case_frames(STAYS, cleared),
        **line_frames(cleared, policy, named),
        **booking_frames(STAYS, ledger),
    }
    folder = tmp_path_factory.mktemp("year") / "2026-0"
    shutil.copytree(paid.folder / "catalogue", folder / "catalogue")
    for name in ("pools", "statements", "cases", "adjustments"):
        tables[name].write_parquet(folder / f"{name}.parquet")
    content = paid.manifest.content
    manifest = {**content, "run": "2026-0", "kind": "clearing", "period": "2026"}
    manifest["inputs"] = {**content["inputs"], "months": []}
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return CasesOfRun.of(folder)


def all_cases(run: CasesOfRun) -> pl.DataFrame:
    return run.tables.frame("cases", ["case_id", "hospital_id", "case_class", "payment"])


def refuse_difference(run: CasesOfRun, every: int = 1) -> list[ExplainedCase]:
    """Explain every so many-th case of a run, and some of each adjustment and class; all numbers of all
    of them must agree.
    """
    cases, adjusted = all_cases(run), run.tables.frame("adjustments")
    chosen = [
        cases["case_id"].gather_every(every),
        cases.group_by("case_class", maintain_order=True).head(3)["case_id"],
        adjusted.group_by("kind", maintain_order=True).head(3)["case_id"],
    ]
    explained = [
        explain_case(run.read(case), "zh") for case in pl.concat(chosen).unique(maintain_order=True)
    ]
    wrong = [
        (each.paid.case["case_id"], part.key, line.name, line.stored, line.due)
        for each in explained
        for part, line in each.differing
    ]
    assert wrong == []
    return explained


@pytest.mark.parametrize("every", spread([6, 1], 1))
def test_every_case_of_the_sample_month_is_recomputed(month: CasesOfRun, every: int) -> None:
    explained = refuse_difference(month, every)
    assert set(all_cases(month)["case_class"]) == CLASSES
    kinds = {row["kind"] for each in explained for row in each.paid.adjustments}
    assert {"review", "readmission", "split_stay", "check_up_stay"} <= kinds
    shares = [
        line.value
        for each in explained
        for part in each.parts
        for line in part.lines
        if line.name == "fen_left"
    ]
    assert any(shares), "no line has a fen to give"


@pytest.mark.slow
@pytest.mark.parametrize("every", spread([2, 1], 1))
def test_every_formula_of_another_policy_is_recomputed(rich: CasesOfRun, every: int) -> None:
    explained = refuse_difference(rich, every)
    assert set(all_cases(rich)["case_class"]) >= CLASSES - {"fee"}
    kinds = {row["kind"] for each in explained for row in each.paid.adjustments}
    assert kinds >= {
        *("review", "review_over_quota", "volume_cap", "new_technology", "tcm"),
        *("up_coding", "split_stay", "fraud"),
    }
    assert any("line_standard" in names_of(each, "amounts") for each in explained)
    names = {name for each in explained for part in each.parts for name in names_of(each, part.key)}
    assert names >= {"ratio_mean", "exact_bounds_mean", "age_times", "age_divide", "stability"}
    points = rich.policy.points
    assert ("formula_alone" in names) == (points.high_formula == "cost_less_cap_coef")
    means = pl.read_parquet(rich.tables.folder / "cases.parquet")
    assert (means["reference_mean"] != means["bounds_mean"]).any()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_no_number_is_cut_in_the_terminal(rich: CasesOfRun, language: Language) -> None:
    """Numbers end in … only after 8 places, however the lines are folded."""
    adjusted = rich.tables.frame("adjustments")["case_id"].value_counts(sort=True)["case_id"]
    for case in adjusted.head(8):
        console = Console(width=160, file=StringIO(), record=True)
        console.print(case_view(explain_case(rich.read(case), language), language))
        for end in re.finditer(r"(\S*)…", console.export_text()):
            assert not re.search(r"\.\d{1,7}$", end[1]), end[0]


def test_a_cleared_year_is_recomputed(year: CasesOfRun) -> None:
    explained = refuse_difference(year, every=9)
    keys = [part.key for part in explained[0].parts]
    assert keys.index("final_budget") < keys.index("value") < keys.index("line")
    assert "payable" in names_of(explained[0], "line")
    assert any("assessment" in names_of(each, "line") for each in explained)
    assert {"retained", "shared"} & {*names_of(explained[0], "final_budget")}


@pytest.mark.parametrize("column", ["payable", "prepaid", "clearing", "fund_amount"])
def test_a_changed_line_of_a_clearing_is_found(year: CasesOfRun, column: str) -> None:
    paid = year.read(normal_case(year))
    found = [
        line.name for _, line in explain_case(edited(paid, column, "line", column), "en").differing
    ]
    assert ("clearing" if column == "prepaid" else column) in found


def names_of(explained: ExplainedCase, part: str) -> list[str]:
    return [line.name for each in explained.parts if each.key == part for line in each.lines]


COLUMNS = [
    *("base_points", "coefficient", "mean_cost", "reference_mean", "cost_ratio", "high_ratio"),
    *("points_before", "points", "total_cost", "standard_amount", "fund_amount"),
]


@pytest.mark.parametrize("column", COLUMNS)
def test_a_changed_number_of_a_case_is_found(month: CasesOfRun, column: str) -> None:
    paid = month.read(normal_case(month))
    step = Decimal("0.01") if column.endswith(("cost", "mean", "amount")) else Decimal("0.0001")
    changed = replace(paid, case={**paid.case, column: paid.case[column] + step})
    found = [line.name for _, line in explain_case(changed, "en").differing]
    derived = {"total_cost": "cost_ratio"}
    if column == "total_cost":  # the next fen may leave the ratio as it is
        changed = replace(paid, case={**paid.case, column: paid.case[column] + 100})
        found = [line.name for _, line in explain_case(changed, "en").differing]
    assert derived.get(column, column) in found


@pytest.mark.parametrize("column", ["case_class", "formula"])
def test_a_changed_class_or_formula_is_found(month: CasesOfRun, column: str) -> None:
    paid = month.read(normal_case(month))
    other = {"case_class": "low", "formula": "base_points"}[column]
    changed = explain_case(replace(paid, case={**paid.case, column: other}), "zh")
    assert column in [line.name for _, line in changed.differing]


def edited(paid: Any, key: str, table: str, column: str) -> Any:
    """The case with one number of its line or pool changed."""
    lines = dict(paid.lines)
    first = next(key for key, one in lines.items() if one.line["payment"] == "points")
    row = {**getattr(lines[first], table), column: getattr(lines[first], table)[column] + 1}
    lines[first] = replace(lines[first], **{table: row})
    return replace(paid, lines=lines)


@pytest.mark.parametrize(
    ("table", "column", "part"),
    [
        ("line", "points", "line"),
        ("line", "standard_amount", "line"),
        ("line", "patient_cost", "line"),
        ("line", "fund_amount", "line"),
        ("line", "prepayment", "line"),
        ("pool", "budget", "value"),
        ("pool", "points", "value"),
        ("pool", "patient_cost", "value"),
        ("pool", "point_value", "value"),
    ],
)
def test_a_changed_line_or_pool_is_found(
    month: CasesOfRun, table: str, column: str, part: str
) -> None:
    paid = month.read(normal_case(month))
    found = explain_case(edited(paid, column, table, column), "zh").differing
    assert (part, column) in [(where.key, line.name) for where, line in found]


def test_a_changed_adjustment_is_found(month: CasesOfRun) -> None:
    for kind in ("readmission", "split_stay"):
        rows = month.tables.frame("adjustments").filter(pl.col("kind") == kind)
        paid = month.read(rows["case_id"][0])
        for place, row in enumerate(paid.adjustments):
            other = {**row, "points": row["points"] + Decimal("0.0001")}
            rows_now = [*paid.adjustments]
            rows_now[place] = other
            found = explain_case(replace(paid, adjustments=tuple(rows_now)), "zh").differing
            steps = {part.key for part, _ in found} | {line.name for _, line in found}
            assert any(str(row["step"]) in name for name in steps), row


def normal_case(run: CasesOfRun) -> str:
    """A case of a hospital that loses no points beside those of its cases."""
    adjustments = run.tables.frame("adjustments")
    losing = adjustments.filter(pl.col("applies_to") == "hospital")["hospital_id"].implode()
    cases = all_cases(run).filter(~pl.col("hospital_id").is_in(losing))
    return str(cases.filter(pl.col("case_class") == "normal")["case_id"][3])


def test_a_catalogue_of_published_weights_gives_its_numbers(month: CasesOfRun) -> None:
    """It has no sums behind base points and coefficients: they are compared as they stand."""
    paid = month.read(normal_case(month))
    info = paid.catalogue.info.model_copy(update={"kind": "published", "policy": None})
    published = replace(paid, catalogue=replace(paid.catalogue, info=info))
    explained = explain_case(published, "zh")
    assert explained.differing == []
    assert not {"group_cases", "level_part"} & {*names_of(explained, "catalogue")}
    case = {**paid.case, "base_points": paid.case["base_points"] + 1}
    found = explain_case(replace(published, case=case), "zh").differing
    assert "base_points" in [line.name for _, line in found]


def test_the_class_is_explained_by_the_first_condition(month: CasesOfRun) -> None:
    """Numbers worked out here again, with Python's decimals."""
    cases = month.tables.frame("cases")
    high = cases.filter(pl.col("case_class") == "high").row(0, named=True)
    explained = explain_case(month.read(high["case_id"]), "en")
    (part,) = [part for part in explained.parts if part.key == "class"]
    said = {line.name: line.value for line in part.lines}
    assert said["is_high"] is True
    assert said["is_low"] is False and said["is_few_cases"] is False
    assert said["low_bound"] == Fraction(high["mean_cost"]) * Fraction(4, 10)
    assert said["high_bound"] == Fraction(high["mean_cost"] * high["high_ratio"])
    assert part.lines[-1].value == "high"


def test_json_holds_every_number_as_it_is_and_no_person(month: CasesOfRun) -> None:
    explained = explain_case(month.read(normal_case(month)), "zh")
    data = case_json(explained)
    assert data["agrees"] is True
    assert [part["part"] for part in data["parts"]] == [
        *("facts", "group", "catalogue", "class", "points", "value", "amounts", "line")
    ]
    lines = {line["name"]: line for part in data["parts"] for line in part["lines"]}
    case = explained.paid.case
    assert lines["cost_ratio"] == {
        "name": "cost_ratio",
        "label": "费用倍率",
        "value": f"{case['cost_ratio']}",
        "stored": f"{case['cost_ratio']}",
        "recomputed": f"{case['cost_ratio']}",
        "agrees": True,
        "formula": "ROUND(total_cost/mean_cost,4)",
        "inputs": {
            "total_cost": f"{case['total_cost']}",
            "mean_cost": f"{case['mean_cost']}",
        },
        "how": "",
    }
    assert "person" not in json.dumps(data)


def test_json_has_numbers_with_all_their_digits() -> None:
    assert plain_value(Fraction(22_621_473, 400_000)) == "56.5536825"
    assert plain_value(Fraction(-1, 3)) == "-1/3"
    assert plain_value(Fraction(12)) == "12"
    assert plain_value(Decimal("1E+2")) == "100"
    assert plain_value(True) is True


def test_formulas_are_exact_and_round_half_up() -> None:
    def result(text: str, **numbers: str) -> Fraction | bool:
        return Formula.of(text).result({name: Fraction(n) for name, n in numbers.items()})

    assert result("=ROUND({a}*{b},2)", a="0.5", b="0.01") == Fraction("0.01")
    assert result("ROUND({a},0)", a="-2.5") == -3
    assert result("=ROUNDDOWN({a}/{b},4)", a="2", b="3") == Fraction("0.6666")
    assert result("FLOOR({a},2)", a="-0.001") == Fraction("-0.01")
    assert result("0.1+0.2") == Fraction("0.3")
    assert result("IF({a}>0,{a}*2,0)", a="-1") == 0
    assert result("min({a}, 7)".upper().replace("{A}", "{a}"), a="9") == 7
    assert result("{a}<={b}", a="1", b="1") is True


def test_formulas_are_said_with_their_brackets() -> None:
    texts = {"a": "甲", "b": "乙", "c": "丙"}

    def said(text: str) -> str:
        return Formula.of(text).said(texts, "取整({value}, {places})")

    assert said("=ROUND(({a}+{b})/{c},4)") == "(甲 + 乙) ÷ 丙"
    assert said("{a}-({b}-{c})") == "甲 − (乙 − 丙)"
    assert said("{a}-{b}-{c}") == "甲 − 乙 − 丙"
    assert said("{a}/({b}*{c})") == "甲 ÷ (乙 × 丙)"
    assert said("-({a}*{b})") == "−甲 × 乙"
    assert said("ROUND({a},4)-ROUND({b},4)") == "取整(甲, 4) − 取整(乙, 4)"
    assert Formula.of("IF({a}>0,ROUND({b},2),0)").decided({"a": Fraction(1)}).rounding == (
        "ROUND",
        2,
    )


@given(st.fractions(), st.fractions(), st.fractions(min_value=Fraction(1, 9)))
def test_what_is_said_is_what_is_reckoned(a: Fraction, b: Fraction, c: Fraction) -> None:
    """The text with numbers, read as arithmetic, gives the result."""
    numbers = {"a": a, "b": b, "c": c}
    texts = {name: f"Fraction({n.numerator}, {n.denominator})" for name, n in numbers.items()}
    for formula in ("({a}-({b}-{c}))*{a}/({b}*{b}+{c})", "-({a}+{b})/{c}-{a}"):
        said = Formula.of(formula).said(texts, "")
        plain = said.replace("×", "*").replace("÷", "/").replace("−", "-")
        assert eval(plain, {"Fraction": Fraction}) == Formula.of(formula).result(numbers)
