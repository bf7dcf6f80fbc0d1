"""A month paid by the groups of an official grouper: what pays, what is found, what stops."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from drgpay.base.errors import DrgpayError
from drgpay.grouper.compiled_cache import load_compiled
from drgpay.points.catalogue import load_catalogue
from drgpay.records.official_groups import GROUPS_RULES, GroupsInput, GroupsRule
from drgpay.report.case import explain_case
from drgpay.results.manifest import read_manifest
from drgpay.run.calibration import make_catalogue
from drgpay.run.case import read_case
from drgpay.run.job import Job, load_job
from drgpay.run.month_end import run_month
from drgpay.run.stops import RunStoppedError
from drgpay.run.verify import verify_run
from tests.accepting import EVERYTHING
from tests.run.no_books import without_books
from tests.run.small_region import small_region
from tests.spread import spread

MONEY = ("cases", "adjustments", "statements", "values", "ledger")
Given = Mapping[str, str | None]


@pytest.fixture(scope="module")
def region(sample_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    job = small_region(sample_data, tmp_path_factory.mktemp("official") / "region")
    with without_books():
        run_month(load_job(job), run_id="plain")
    return job.parent


@pytest.fixture(scope="module")
def own(region: Path) -> dict[str, str]:
    """The own group of each valid stay, and of the refused ones none."""
    cases = pl.read_parquet(region / "runs/plain/cases.parquet")
    return dict(cases.select("case_id", "drg").iter_rows())


def job_with(region: Path, given: pl.DataFrame, name: str, rule: GroupsRule = "official") -> Job:
    path = region / f"{name}.csv"
    given.write_csv(path)
    job = load_job(region / "small.toml")
    return replace(job, stays=replace(job.stays, groups=GroupsInput(path, rule)))


def table_of(groups: Given) -> pl.DataFrame:
    return pl.DataFrame({"case_id": [*groups], "group": [*groups.values()]})


def run_with(job: Job, name: str) -> Path:
    with without_books():
        return run_month(job, run_id=name, accept=EVERYTHING).folder


def frame(run: Path, table: str) -> pl.DataFrame:
    return pl.read_parquet(run / f"{table}.parquet")


def some_case(region: Path, place: int = 0, hospital: str | None = None) -> str:
    cases = frame(region / "runs/plain", "cases").filter(
        (pl.col("case_class") == "normal") & (pl.col("account") == "employee")
    )
    if hospital:
        cases = cases.filter(pl.col("hospital_id") == hospital)
    return str(cases["case_id"][place])


def test_own_groups_given_as_official_ones_pay_the_same_bytes(
    region: Path, own: dict[str, str]
) -> None:
    run = run_with(job_with(region, table_of(own), "same"), "same")
    for table in MONEY:
        plain = (region / "runs/plain" / f"{table}.parquet").read_bytes()
        assert (run / f"{table}.parquet").read_bytes() == plain, table
    groups = frame(run, "case_groups")
    assert groups["case_id"].to_list() == frame(run, "cases")["case_id"].to_list()
    assert set(groups["group_source"]) == {"official"}
    assert groups["group_difference"].null_count() == groups.height
    assert groups["official_points"].equals(groups["own_points"])


def test_a_month_without_official_groups_leaves_none_of_their_tables(region: Path) -> None:
    assert not list((region / "runs/plain").glob("*group*.parquet"))
    assert "groups" not in read_manifest(region / "runs/plain").inputs


def test_one_changed_group_moves_its_own_points_and_no_others(
    region: Path, own: dict[str, str]
) -> None:
    case, other = some_case(region), some_case(region, 40)
    assert own[case] != own[other]
    run = run_with(job_with(region, table_of({**own, case: own[other]}), "moved"), "moved")
    before, after = (frame(one, "cases") for one in (region / "runs/plain", run))
    same = ("case_id", "drg", "points", "case_class", "coefficient")
    changed = after.select(same).join(before.select(same), on=same, how="anti", nulls_equal=True)
    assert changed["case_id"].to_list() == [case]
    assert changed["drg"][0] == own[other]
    values = [frame(one, "values") for one in (region / "runs/plain", run)]
    moved_points = points_in(after) - points_in(before)
    assert points_in(values[1]) - points_in(values[0]) == moved_points != 0
    pair = frame(run, "group_agreement").filter(pl.col("group_difference").is_not_null())
    assert pair.select("official_group", "own_group", "stays").rows() == [
        (own[other], own[case], 1)
    ]
    moved = pair["official_points"][0] - pair["own_points"][0]
    rows = [frame.filter(pl.col("case_id") == case) for frame in (before, after)]
    assert moved == rows[1]["points_before"][0] - rows[0]["points_before"][0]
    told = frame(run, "case_groups").filter(pl.col("case_id") == case).row(0, named=True)
    assert told["cause"] and told["rule_group"] and told["facts"]


def points_in(table: pl.DataFrame) -> Decimal:
    return sum(table["points"].to_list(), Decimal(0))


FAULTS = {
    "official_missing": ("", "chs-drg-2.0"),
    "official_unknown": ("ZZ99", "chs-drg-2.0"),
    "official_scheme": ("AA19", "chs-drg-1.1"),
}


def faulty(own: dict[str, str], case: str, code: str) -> pl.DataFrame:
    good = table_of(own).with_columns(scheme=pl.lit("2.0"))
    if code == "official_repeated":
        again = pl.DataFrame({"case_id": [case], "group": ["AA19"], "scheme": ["2.0"]})
        return pl.concat([good, again])
    group, scheme = FAULTS[code]
    mine = pl.col("case_id") == case
    return good.with_columns(
        group=pl.when(mine).then(pl.lit(group)).otherwise("group"),
        scheme=pl.when(mine).then(pl.lit(scheme)).otherwise("scheme"),
    )


@pytest.mark.parametrize("rule", spread(GROUPS_RULES, 1))
@pytest.mark.parametrize("code", spread([*FAULTS, "official_repeated"], 2))
def test_a_stay_without_a_usable_group_is_found_with_its_money(
    region: Path, own: dict[str, str], code: str, rule: GroupsRule
) -> None:
    case = some_case(region, 3)
    job = job_with(region, faulty(own, case, code), f"{code}-{rule}", rule)
    run = run_with(job, f"{code}-{rule}")
    stay = frame(region / "runs/plain", "cases").filter(pl.col("case_id") == case)
    found = frame(run, "group_findings").select("code", "hospital_id", "stays", "total_cost").rows()
    assert found == [(code, stay["hospital_id"][0], 1, stay["total_cost"][0])]
    paid = frame(run, "cases").filter(pl.col("case_id") == case)
    refused = frame(run, "quarantine").filter(pl.col("case_id") == case)["code"].to_list()
    warned = frame(run, "warnings").filter(pl.col("case_id") == case)["code"].to_list()
    if rule == "official":
        assert (paid.height, refused) == (0, [code])
    else:
        assert paid["drg"].to_list() == [own[case]]
        assert (refused, code in warned) == ([], True)
    stops = stopped(job)
    expected = [] if rule == "own" else [(code, stay["hospital_id"][0], stay["total_cost"][0])]
    assert [stop for stop in stops if stop[0].startswith("official")] == expected
    # The runs have no workbooks.
    assert [one.key for one in verify_run(run).checks if one.status != "right"] == ["workbooks"]


def stopped(job: Job) -> list[tuple[str, str, object]]:
    """What stops a job that accepts nothing."""
    with pytest.raises(RunStoppedError) as error:
        run_month(replace(job, accepted=(), output=job.output / "no"))
    return [(stop.code, stop.subject, stop.yuan) for stop in error.value.stops]


def test_a_group_that_the_catalogue_lacks_stops_though_the_stay_is_paid(
    region: Path, own: dict[str, str]
) -> None:
    compiled = load_compiled("chs-drg-2.0")
    known = load_catalogue(region / "catalogue", compiled.scheme).groups["drg"].to_list()
    lacking = next(
        leaf.drg for leaf in compiled.leaves if leaf.status == "grouped" and leaf.drg not in known
    )
    case = some_case(region, 5)
    job = job_with(region, table_of({**own, case: lacking}), "unpriced")
    run = run_with(job, "unpriced")
    stay = frame(run, "cases").filter(pl.col("case_id") == case)
    assert stay.select("drg", "case_class").rows() == [(lacking, "ungrouped")]
    expected = ("official_unpriced", stay["hospital_id"][0], stay["total_cost"][0])
    assert expected in stopped(job)


def test_cases_that_the_records_lack_and_harmless_repetitions_are_counted(
    region: Path, own: dict[str, str]
) -> None:
    case = some_case(region, 7)
    more = table_of({case: own[case], "NOBODY": "AA19"})
    run = run_with(job_with(region, pl.concat([table_of(own), more]), "more"), "more")
    found = frame(run, "group_findings").select("code", "stays").rows()
    assert found == [("official_alike", 1), ("official_no_stay", 1)]
    plain = (region / "runs/plain/cases.parquet").read_bytes()
    assert (run / "cases.parquet").read_bytes() == plain


def test_own_groups_pay_where_the_official_ones_are_only_compared(
    region: Path, own: dict[str, str]
) -> None:
    case, other = some_case(region), some_case(region, 40)
    job = job_with(region, table_of({**own, case: own[other]}), "compared", "own")
    run = run_with(job, "compared")
    plain = (region / "runs/plain/statements.parquet").read_bytes()
    assert (run / "statements.parquet").read_bytes() == plain
    row = frame(run, "case_groups").filter(pl.col("case_id") == case).row(0, named=True)
    assert (row["group_source"], row["official_group"]) == ("own", own[other])
    assert row["official_points"] != row["own_points"]


def test_a_case_shows_both_groups_and_nothing_of_it_is_wrong(
    region: Path, own: dict[str, str]
) -> None:
    case, other = some_case(region), some_case(region, 40)
    given = table_of({**own, case: own[other]})
    run = run_with(job_with(region, given, "shown"), "shown")
    text = (region / "small.toml").read_text(encoding="utf-8")
    named = region / "shown.toml"
    named.write_text(text.replace("[inputs]", '[inputs]\ngroups = "shown.csv"'), encoding="utf-8")
    told = explain_case(read_case(run, case, named), "en")
    assert not told.differing
    group = next(part for part in told.parts if part.key == "group")
    lines = {line.name: line for line in group.lines}
    assert str(lines["drg"].value).startswith(own[other])
    assert str(lines["own_group"].value).startswith(own[case])
    assert lines["own_group"].due == lines["own_group"].stored
    assert lines["facts"].value


def test_a_correction_books_what_another_official_group_changes(
    region: Path, own: dict[str, str]
) -> None:
    case, other = some_case(region), some_case(region, 40)
    job = job_with(region, table_of({**own, case: own[other]}), "corrected")
    corrected = replace(job, corrects=region / "runs/plain")
    run = run_month(corrected, run_id="corrected", accept=EVERYTHING).folder
    rows = frame(run, "differences").filter(pl.col("points_difference") != 0)
    assert rows["case_id"].to_list() == [case]
    assert verify_run(run).status == "right"


def test_a_rule_without_groups_is_refused(region: Path) -> None:
    text = (region / "small.toml").read_text(encoding="utf-8")
    path = region / "rule.toml"
    path.write_text(text.replace("[inputs]", '[inputs]\ngroups_rule = "own"'), encoding="utf-8")
    with pytest.raises(DrgpayError, match=r"groups_rule is own, but inputs\.groups is missing"):
        load_job(path)


def test_a_catalogue_counts_official_groups(
    region: Path, own: dict[str, str], tmp_path: Path
) -> None:
    job = job_with(region, table_of(own), "history")
    made = [
        make_catalogue(stays, job.scheme, job.policy, job.hospitals, tmp_path / name).catalogue
        for name, stays in (("plain", replace(job.stays, groups=None)), ("official", job.stays))
    ]
    assert made[0].groups.equals(made[1].groups)
    assert made[0].info.stays_official is None
    assert made[1].info.stays_official == made[1].info.stays_eligible > 100
    assert "stays_official" not in (tmp_path / "plain/catalogue.json").read_text(encoding="utf-8")
