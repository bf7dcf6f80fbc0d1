"""Our groups beside another grouper's: agreement, classes of difference and their causes."""

import json
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from drgpay.base.errors import DrgpayError
from drgpay.grouper.compiled import CompiledScheme
from drgpay.grouper.reference import Stay, holds
from drgpay.grouper.rules.nodes import atom_text
from drgpay.grouper.rules.parser import parse_rule
from drgpay.grouper.stream import group_dataset
from drgpay.quality.agreement_history import (
    AgreementHistory,
    PeriodAgreement,
    load_history,
    save_history,
    with_change,
)
from drgpay.quality.difference_causes import causes, deciding, stays_of_cases
from drgpay.quality.reconcile import (
    DIFFERENCES,
    Reconciliation,
    difference_counts,
    pair_counts,
    reconcile,
)
from drgpay.records.dataset import open_dataset

OURS = [
    # case_id, status, mdc, adrg, drg
    ("01", "grouped", "MDCX", "XX1", "XX11"),
    ("02", "grouped", "MDCX", "XX1", "XX13"),
    ("03", "grouped", "MDCX", "XX2", "XX23"),
    ("04", "grouped", "MDCX", "XX2", "XX23"),
    ("05", "ungrouped", "0000", "00", "0000"),
    ("06", "ambiguous", "MDCX", "XQY", "XQY"),
    ("07", "invalid", None, None, None),
    ("08", "grouped", "MDCY", "YY1", "YY19"),
    ("09", "grouped", "MDCY", "YY1", "YY19"),
    ("10", "grouped", "MDCY", "YY1", "YY19"),
    ("11", "grouped", "MDCY", "YY1", "YY19"),
    ("12", "ungrouped", "0000", "00", "0000"),
]
OFFICIAL = [
    ("01", "XX11"),
    ("02", "XX11"),
    ("03", "XX13"),
    ("04", "YY19"),
    ("05", "XX11"),
    ("06", "XX11"),
    ("07", "XX11"),
    ("08", "0000"),
    ("09", ""),
    ("10", "ZZ99"),
    ("12", " 0000 "),
    ("13", "XX11"),
]
EXPECTED = {
    "02": "drg_differs",
    "03": "adrg_differs",
    "04": "mdc_differs",
    "05": "ours_ungrouped",
    "06": "ours_ambiguous",
    "07": "ours_invalid",
    "08": "official_ungrouped",
    "09": "official_none",
    "10": "official_unknown",
}


@pytest.fixture
def ours(tmp_path: Path) -> Path:
    path = tmp_path / "ours.parquet"
    columns = ["case_id", "status", "mdc", "adrg", "drg"]
    pl.DataFrame(OURS, schema=columns, orient="row").write_parquet(path)
    return path


@pytest.fixture
def official(tmp_path: Path) -> Path:
    path = tmp_path / "official.csv"
    pl.DataFrame(OFFICIAL, schema=["case_id", "drg"], orient="row").write_csv(path)
    return path


def classes(found: Reconciliation) -> dict[str, str]:
    return dict(found.differing.select("case_id", "difference").iter_rows())


def test_agreement_and_classes(ours: Path, official: Path) -> None:
    found = reconcile(ours, official)
    assert classes(found) == EXPECTED
    rates = {level: tuple(row) for level, *row in found.agreement.iter_rows()}
    assert rates["drg"] == (11, 2, Decimal("0.1818"))
    assert rates["adrg"] == (11, 3, Decimal("0.2727"))
    assert rates["mdc"] == (11, 5, Decimal("0.4545"))  # 01, 02, 03, 06 and 12
    assert found.drg_agreement == Decimal("0.1818")
    assert found.presence["cases"].to_list() == [11, 1, 1]
    assert found.only_ours["case_id"].to_list() == ["11"]
    assert found.only_official.row(0) == ("13", "XX11")


def test_agreeing_and_differing_cases_add_up(ours: Path, official: Path) -> None:
    found = reconcile(ours, official)
    agreeing = found.agreement.filter(pl.col("grouping_level") == "drg")["agreeing"][0]
    told = found.differing.with_columns(cause=pl.lit("x"), rule_fields=pl.lit(None, pl.String))
    counts = difference_counts(told, found.compared)
    assert agreeing + counts["cases"].sum() == found.compared
    assert counts["difference"].to_list() == sorted(EXPECTED.values(), key=DIFFERENCES.index)
    assert pair_counts(told)["cases"].sum() == found.differing.height


def test_official_levels_are_taken_where_given(ours: Path, tmp_path: Path) -> None:
    path = tmp_path / "official.parquet"
    given = pl.DataFrame({"case_id": ["10"], "drg": ["ZZ99"], "adrg": ["YY1"], "mdc": ["MDCY"]})
    given.write_parquet(path)
    found = reconcile(ours, path)
    assert classes(found) == {"10": "drg_differs"}
    assert found.agreement["agreeing"].to_list() == [1, 1, 0]


def test_order_and_format_do_not_matter(ours: Path, official: Path, tmp_path: Path) -> None:
    expected = reconcile(ours, official)
    shuffled = tmp_path / "official.parquet"
    frame = pl.read_csv(official, infer_schema=False)
    frame.sample(fraction=1, shuffle=True, seed=1).write_parquet(shuffled)
    pl.read_parquet(ours).reverse().write_parquet(ours)
    found = reconcile(ours, shuffled)
    for name in ("agreement", "presence", "only_ours", "only_official", "differing"):
        assert getattr(found, name).equals(getattr(expected, name)), name


def test_bad_tables(ours: Path, official: Path, tmp_path: Path) -> None:
    def refused(words: str) -> None:
        with pytest.raises(DrgpayError, match=words):
            reconcile(ours, official)

    text = official.read_text()
    official.write_text(text + "03,XX11\n08,XX11\n")
    refused(r"official\.csv: the case_id 03 and 1 more occurs more than once")
    official.write_text(text + ",XX11\n")
    refused("1 rows have no case_id")
    official.write_text("case,drg\n1,XX11\n")
    refused("lacks the column case_id")
    official.write_text("case_id,drg\nother,XX11\n")
    refused("no case_id in common")
    official.write_text("")
    refused("has no header line")
    official.unlink()
    refused("no file or folder")
    official.write_text(text)
    frame = pl.read_parquet(ours)
    frame.drop("status").write_parquet(ours)
    refused(r"ours\.parquet lacks the column status; name what `drgpay group` wrote")
    pl.concat([frame, frame.head(1)]).write_parquet(ours)
    refused(r"ours\.parquet: the case_id 01 occurs more than once")


# Causes, on the sample month: the other grouper saw other records.


@pytest.fixture(scope="module")
def other_groups(
    tmp_path_factory: pytest.TempPathFactory,
    sample_data: Path,
    compiled: Callable[[str], CompiledScheme],
) -> Callable[..., Path]:
    """Group the sample month with some columns changed; gives the path of the groups."""

    def group(**changed: pl.Expr) -> Path:
        folder = tmp_path_factory.mktemp("other")
        stays = pl.read_parquet(sample_data / "stays" / "2026-10.parquet")
        stays.with_columns(**changed).write_parquet(folder / "stays.parquet")
        dataset = open_dataset(folder / "stays.parquet")
        group_dataset(dataset, compiled("chs-drg-2.0"), folder / "groups.parquet")
        return folder / "groups.parquet"

    return group


def told(ours: Path, official: Path, stays: Path, scheme: CompiledScheme) -> pl.DataFrame:
    found = reconcile(ours, official, scheme.scheme)
    records = stays_of_cases(open_dataset(stays), scheme, found.differing["case_id"])
    return found.differing.join(causes(found.differing, records, scheme.scheme), on="case_id")


def nothing() -> pl.Expr:
    return pl.lit([], pl.List(pl.String))


def test_severity_is_the_cause_where_diagnoses_were_left_out(
    grouped_month: Path,
    other_groups: Callable[..., Path],
    sample_data: Path,
    compiled: Callable[[str], CompiledScheme],
) -> None:
    stays = sample_data / "stays" / "2026-10.parquet"
    fewer = other_groups(other_diagnoses=nothing())
    both = told(grouped_month, fewer, stays, compiled("chs-drg-2.0"))
    drgs = both.filter(pl.col("difference") == "drg_differs")
    assert drgs.height > 100
    assert set(drgs["cause"]) == {"severity_differs"}
    assert set(drgs["rule_fields"]) == {"severity"}
    # Ours counts an MCC or CC, and the fact names it.
    assert drgs["facts"].str.contains(r"QTZD in M?CC = true: \S+ M?CC").all()
    # The other way round the official's rule is false, for the same reason.
    fewer_stays = fewer.with_name("stays.parquet")
    back = told(fewer, grouped_month, fewer_stays, compiled("chs-drg-2.0"))
    drgs = back.filter(pl.col("difference") == "drg_differs")
    assert set(drgs["cause"]) == {"severity_differs"}
    assert drgs["facts"].str.contains(r"QTZD in M?CC = false: ").all()


def test_procedures_are_the_cause_where_they_were_left_out(
    grouped_month: Path,
    other_groups: Callable[..., Path],
    compiled: Callable[[str], CompiledScheme],
) -> None:
    without = other_groups(procedures=nothing())
    scheme = compiled("chs-drg-2.0")
    both = told(without, grouped_month, without.with_name("stays.parquet"), scheme)
    false = both.filter(pl.col("cause") == "rule_false")
    assert false.height > 100
    procedures = false["rule_fields"].str.contains("procedures")
    assert procedures.sum() > 0.9 * false.height
    assert false.filter(procedures)["facts"].str.contains("SS.* in OP_.* = false: ").all()
    assert set(false["rule_level"]) <= {"mdc", "adrg", "drg"}


def test_every_cause_is_true_of_its_stay(
    grouped_month: Path,
    other_groups: Callable[..., Path],
    compiled: Callable[[str], CompiledScheme],
) -> None:
    scheme = compiled("chs-drg-2.0").scheme
    rules = {("mdc", mdc.code): mdc.rule for mdc in scheme.mdcs}
    adrgs = [adrg for mdc in scheme.mdcs for adrg in mdc.adrgs]
    rules |= {("adrg", adrg.code): adrg.rule for adrg in adrgs}
    rules |= {("drg", drg.code): drg.rule for adrg in adrgs for drg in adrg.drgs}
    without = other_groups(procedures=nothing())
    stays = pl.read_parquet(without.with_name("stays.parquet"))
    both = told(without, grouped_month, without.with_name("stays.parquet"), compiled("chs-drg-2.0"))
    named = both.filter(pl.col("rule_group").is_not_null()).join(stays, on="case_id")
    for row in named.iter_rows(named=True):
        stay = Stay(
            row["principal_diagnosis"],
            row["sex"],
            row["age"],
            tuple(row["other_diagnoses"]),
            tuple(row["procedures"]),
            *(row[name] for name in ("department", "age_days", "weight_g")),
        )
        truth = holds(scheme, rules[row["rule_level"], row["rule_group"]], stay)
        # Ours is tried earlier because its rule holds; the official's is missed because it does not.
        if row["cause"] != "severity_differs":
            assert truth == (row["cause"] == "earlier_group")


def test_what_cannot_be_examined(
    grouped_month: Path,
    sample_data: Path,
    tmp_path: Path,
    compiled: Callable[[str], CompiledScheme],
) -> None:
    ours = pl.read_parquet(grouped_month).filter(pl.col("status") == "grouped")
    drgs = ours["drg"].unique().sort()
    ids = ours["case_id"].head(4).to_list()
    mine = ours["drg"].head(4).to_list()
    other = next(drg for drg in drgs if drg not in mine)
    official = tmp_path / "official.parquet"
    pl.DataFrame({"case_id": ids, "drg": ["0000", None, "ZZ99", other]}).write_parquet(official)
    swapped = tmp_path / "ours.parquet"
    changed = pl.when(pl.col("case_id") == ids[3]).then(pl.lit(drgs[-1])).otherwise("drg")
    ours.with_columns(drg=changed).write_parquet(swapped)
    stays = sample_data / "stays" / "2026-10.parquet"
    both = told(swapped, official, stays, compiled("chs-drg-2.0"))
    found = dict(both.select("case_id", "cause").iter_rows())
    names = ["official_no_group", "official_no_group", "not_in_scheme", "not_reproduced"]
    assert [found[case] for case in ids] == names

    few = tmp_path / "stays.parquet"
    pl.read_parquet(stays).filter(pl.col("case_id") == "nobody").write_parquet(few)
    both = told(swapped, official, few, compiled("chs-drg-2.0"))
    assert set(both["cause"]) == {"no_record"}
    all_stays = pl.read_parquet(stays)
    pl.concat([all_stays, all_stays]).write_parquet(few)
    with pytest.raises(DrgpayError, match="occurs more than once"):
        told(swapped, official, few, compiled("chs-drg-2.0"))


def test_deciding_parts(compiled: Callable[[str], CompiledScheme]) -> None:
    scheme = replace(
        compiled("chs-drg-2.0").scheme, sets={"D": frozenset({"d"}), "P": frozenset({"p"})}
    )
    stay = Stay("d", 1, 40, procedures=("q",))

    def parts(rule: str) -> list[tuple[str, bool]]:
        return [
            (atom_text(atom), truth) for atom, truth in deciding(scheme, parse_rule(rule), stay)
        ]

    assert parts("ZYZD in D and ZYSS in P") == [("ZYSS in P", False)]
    assert parts("ZYZD in D or ZYSS in P") == [("ZYZD in D", True)]
    assert parts("not (ZYZD in D and NL >= 18)") == [("ZYZD in D", True), ("NL >= 18", True)]
    assert parts("length(P ∩ {ZYSS,QTSS}) > 1") == [("length(P ∩ {ZYSS,QTSS}) > 1", False)]
    assert parts("") == [("1", True)]


# The history of agreement.


def entry(period: str, drg: str) -> PeriodAgreement:
    rates = {"mdc": Decimal("0.99"), "adrg": Decimal("0.98"), "drg": Decimal(drg)}
    return PeriodAgreement(period=period, compared=100, **rates)


def test_history_is_kept_in_order(tmp_path: Path) -> None:
    path = tmp_path / "history.json"
    assert load_history(path) is None
    history = AgreementHistory(threshold=Decimal("0.98"))
    for period, drg in (("2026-11", "0.97"), ("2026-09", "0.95"), ("2026-11", "0.96")):
        history = history.with_period(entry(period, drg), Decimal("0.9"))
    save_history(history, path)
    before = path.read_bytes()
    loaded = load_history(path)
    assert loaded == history
    save_history(history, path)
    assert path.read_bytes() == before
    assert [row.period for row in history.periods] == ["2026-09", "2026-11"]
    assert history.threshold == Decimal("0.9")
    assert history.before("2026-09") is None
    assert history.before("2026-12") == entry("2026-11", "0.96")


def test_change_against_the_period_before(ours: Path, official: Path) -> None:
    agreement = reconcile(ours, official).agreement
    changed = with_change(agreement, entry("2026-09", "0.2"))
    row = changed.filter(pl.col("grouping_level") == "drg").row(0, named=True)
    assert (row["previous_rate"], row["change_rate"]) == (Decimal("0.2"), Decimal("-0.0182"))
    assert with_change(agreement, None)["change_rate"].null_count() == 3


def test_damaged_history(tmp_path: Path) -> None:
    path = tmp_path / "history.json"
    periods = [entry("2026-09", "0.9").model_dump(mode="json")]
    good = {"threshold": "0.98", "periods": periods}
    for text, words in [
        ("{", "no history of agreement"),
        (json.dumps(good | {"limit": 1}), "the key limit is unknown"),
        (json.dumps(good | {"periods": periods * 2}), "not in order"),
        (json.dumps(good | {"threshold": 98}), "the key threshold is wrong"),
    ]:
        path.write_text(text)
        with pytest.raises(DrgpayError, match=words):
            load_history(path)
