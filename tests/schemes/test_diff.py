"""The differences of two schemes, and the stays that change their group."""

import re
import shutil
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from drgpay.base.errors import DrgpayError
from drgpay.grouper.compiled import CompiledScheme, compile_scheme
from drgpay.grouper.scheme import load_scheme, scheme_folder
from drgpay.grouper.stream import group_dataset
from drgpay.records.dataset import open_dataset
from drgpay.records.writing import write_table
from drgpay.schemes.diff import diff_schemes, migration, summary

OLD = {
    "mdc.csv": "sort,mdc,name,rule\n1,MDCA,甲,ZYZD in DI_A\n2,MDCB,乙,ZYZD in DI_B\n",
    "adrg.csv": "sort,mdc,adrg,name,rule\n1,MDCA,AB1,一,NL < 17\n2,MDCA,AB2,二,\n1,MDCB,BB1,三,\n",
    "drg.csv": "sort,adrg,drg,name,rule\n1,AB1,AB11,子一,QTZD in MCC\n2,AB1,AB15,子二,\n"
    "1,AB2,AB29,子三,\n1,BB1,BB19,子四,\n",
    "sets.csv": "set,code\nDI_A,A1\nDI_A,A2\nDI_B,B1\n",
    "cc.csv": "code,level,exclusion_table\nC1,MCC,1\nC2,CC,2\n",
    "exclusions.csv": "exclusion_table,code\n1,A1\n2,A1\n10,A1\n",
}
INFO = 'id = "{}"\nname = "x"\nkind = "drg"\nauthority = "x"\nversion = "1"\ncode_system = "none"\n'


@pytest.fixture
def scheme(tmp_path: Path) -> Callable[..., Path]:
    """The folder of a small scheme in which some texts were replaced."""

    def make(name: str, *edits: tuple[str, str, str], options: str = "") -> Path:
        folder = tmp_path / name
        folder.mkdir()
        files = dict(OLD)
        for file, old, new in edits:
            assert old in files[file]
            files[file] = files[file].replace(old, new)
        for file, text in files.items():
            (folder / file).write_text(text, encoding="utf-8")
        toml = INFO.format(name) + 'source = "x"\n' + options
        (folder / "scheme.toml").write_text(toml, encoding="utf-8")
        return folder

    return make


def changes(before: Path, after: Path) -> list[tuple[str, ...]]:
    return diff_schemes(load_scheme(str(before)), load_scheme(str(after))).rows()


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (
            ("drg.csv", "2,AB1,AB15,子二,\n", "2,AB1,AB13,子二,QTZD in CC\n3,AB1,AB15,子二,\n"),
            [("drg", "added", "AB13", "", "子二")],
        ),
        (
            ("drg.csv", "1,AB1,AB11,子一,QTZD in MCC\n", ""),
            [("drg", "removed", "AB11", "子一", "")],
        ),
        (("adrg.csv", "AB1,一", "AB1,壹"), [("adrg", "renamed", "AB1", "一", "壹")]),
        (
            ("adrg.csv", "NL < 17", "NL < 18"),
            [("adrg", "rule_changed", "AB1", "NL < 17", "NL < 18")],
        ),
        (("adrg.csv", "NL < 17", "(nl <  17)"), []),
        (
            ("drg.csv", "1,AB2,AB29", "1,BB1,AB29"),
            [("drg", "moved", "AB29", "AB2", "BB1")],
        ),
        (
            ("drg.csv", "1,AB1,AB11", "3,AB1,AB11"),
            [("drg", "reordered", "AB1", "AB11 AB15", "AB15 AB11")],
        ),
        (("drg.csv", "2,AB1,AB15", "9,AB1,AB15"), []),
        (("sets.csv", "DI_A,A2", "DI_B,A2"), [("code", "moved", "A2", "DI_A", "DI_B")]),
        (
            ("sets.csv", "DI_B,B1", "DI_B,B1\nDI_C,B1"),
            [("set", "added", "DI_C", "", "1"), ("code", "added", "B1", "", "DI_C")],
        ),
        (("sets.csv", "DI_A,A2\n", ""), [("code", "removed", "A2", "DI_A", "")]),
        (("cc.csv", "C1,MCC", "C1,CC"), [("cc", "level_changed", "C1", "MCC", "CC")]),
        (("cc.csv", "C2,CC,2", "C2,CC,1"), [("cc", "table_changed", "C2", "2", "1")]),
        (
            ("cc.csv", "C2,CC,2", "C3,CC,2"),
            [("cc", "removed", "C2", "CC", ""), ("cc", "added", "C3", "", "CC")],
        ),
        (
            ("exclusions.csv", "2,A1\n10,A1", "2,A2\n10,A2"),
            [
                ("exclusion", "removed", "2", "A1", ""),
                ("exclusion", "added", "2", "", "A2"),
                ("exclusion", "removed", "10", "A1", ""),
                ("exclusion", "added", "10", "", "A2"),
            ],
        ),
    ],
)
def test_each_change_is_a_row(
    edit: tuple[str, str, str], expected: list[tuple[str, ...]], scheme: Callable[..., Path]
) -> None:
    before, after = scheme("old"), scheme("new", edit)
    found = changes(before, after)
    assert found == expected
    # Backwards: as many changes, before and after exchanged.
    back = [(level, key, new, old) for level, _, key, old, new in changes(after, before)]
    assert sorted(back) == sorted((level, key, old, new) for level, _, key, old, new in expected)


NAMED_ANEW = [
    ("mdc.csv", "DI_A", "ZD_1"),
    ("mdc.csv", "DI_B", "ZD_2"),
    ("sets.csv", "DI_A,A1\nDI_A,A2\nDI_B,B1", "ZD_1,A1\nZD_1,A2\nZD_2,B1"),
]


def test_a_set_of_another_name_is_one_row(scheme: Callable[..., Path]) -> None:
    found = changes(scheme("old"), scheme("new", *NAMED_ANEW))
    assert found == [
        ("set", "renamed", "DI_A", "DI_A", "ZD_1"),
        ("set", "renamed", "DI_B", "DI_B", "ZD_2"),
    ]


def test_a_renamed_set_may_gain_and_lose_codes(scheme: Callable[..., Path]) -> None:
    grown = ("sets.csv", "ZD_1,A2", "ZD_1,A2\nZD_1,A3\nZD_2,A1")
    assert changes(scheme("old"), scheme("new", *NAMED_ANEW, grown)) == [
        ("set", "renamed", "DI_A", "DI_A", "ZD_1"),
        ("set", "renamed", "DI_B", "DI_B", "ZD_2"),
        ("code", "added", "A1", "", "ZD_2"),
        ("code", "added", "A3", "", "ZD_1"),
    ]


def test_a_name_that_holds_something_else_is_told_at_the_set(scheme: Callable[..., Path]) -> None:
    exchanged = ("sets.csv", "DI_A,A1\nDI_A,A2\nDI_B,B1", "DI_B,A1\nDI_B,A2\nDI_A,B1")
    assert changes(scheme("old"), scheme("new", exchanged)) == [
        ("set", "renamed", "DI_A", "DI_A", "DI_B"),
        ("set", "renamed", "DI_B", "DI_B", "DI_A"),
    ]


def test_exclusion_tables_of_other_numbers_are_one_row_each(scheme: Callable[..., Path]) -> None:
    apart = ("exclusions.csv", "2,A1\n10,A1", "2,A2\n10,B1")
    numbered = [
        ("exclusions.csv", "1,A1\n2,A2\n10,B1", "EX_1,A1\nEX_2,A2\nEX_3,B1"),
        ("cc.csv", "C1,MCC,1\nC2,CC,2", "C1,MCC,EX_1\nC2,CC,EX_2"),
    ]
    assert changes(scheme("old", apart), scheme("new", apart, *numbered)) == [
        ("exclusion", "renamed", "1", "1", "EX_1"),
        ("exclusion", "renamed", "2", "2", "EX_2"),
        ("exclusion", "renamed", "10", "10", "EX_3"),
    ]


def test_renaming_every_set_moves_no_code(
    compiled: Callable[[str], CompiledScheme], tmp_path: Path
) -> None:
    """A scheme whose sets are all called otherwise, in its table and in its rules."""
    old = scheme_folder("chs-drg-2.0")
    new = Path(shutil.copytree(old, tmp_path / "new"))
    for table in ("mdc", "adrg", "drg", "sets"):
        text = (old / f"{table}.csv").read_text(encoding="utf-8")
        text = re.sub(r"\b(DI|OP)_(\w+)", r"\1X_\2", text)
        (new / f"{table}.csv").write_text(text, encoding="utf-8")
    found = diff_schemes(compiled("chs-drg-2.0").scheme, load_scheme(str(new)))
    renamed = len(load_scheme("chs-drg-2.0").sets)
    assert summary(found).rows() == [("set", "renamed", renamed)]


def test_options_are_compared(scheme: Callable[..., Path]) -> None:
    options = '[options]\nretry_other_procedures = true\nempty_sets = ["DI_X"]\n'
    found = changes(scheme("old"), scheme("new", options=options))
    assert found == [
        ("option", "changed", "empty_sets", "", "DI_X"),
        ("option", "changed", "retry_other_procedures", "False", "True"),
        ("set", "added", "DI_X", "", "0"),
    ]


def test_the_same_scheme_has_no_rows(compiled: Callable[[str], CompiledScheme]) -> None:
    same = compiled("chs-drg-2.0").scheme
    assert diff_schemes(same, same).is_empty()
    assert summary(diff_schemes(same, same)).is_empty()


def test_national_editions(compiled: Callable[[str], CompiledScheme]) -> None:
    old, new = (compiled(name).scheme for name in ("chs-drg-1.1", "chs-drg-2.0"))
    found = diff_schemes(old, new)
    counts = {(level, kind): number for level, kind, number in summary(found).iter_rows()}
    drgs = [pl.read_csv(scheme_folder(s.info.id) / "drg.csv")["drg"] for s in (old, new)]
    assert counts["drg", "added"] == len(set(drgs[1]) - set(drgs[0]))
    assert counts["drg", "removed"] == len(set(drgs[0]) - set(drgs[1]))
    assert sum(counts.values()) == found.height
    assert found.filter(pl.col("before") == pl.col("after")).is_empty()


def test_migration_counts_every_stay(
    compiled: Callable[[str], CompiledScheme], sample_data: Path, tmp_path: Path
) -> None:
    dataset = open_dataset(sample_data / "stays")
    pair = compiled("chs-drg-1.1"), compiled("chs-drg-2.0")
    matrix = migration(dataset, *pair, threads=1)
    assert matrix.equals(migration(dataset, *pair, threads=2))
    drgs = []
    for number, side in enumerate(pair):
        group_dataset(dataset, side, tmp_path / f"{number}.parquet")
        frame = pl.read_parquet(tmp_path / f"{number}.parquet")
        drgs.append(frame["drg"].cast(pl.String).fill_null("invalid"))
    costs = pl.read_parquet(sample_data / "stays", columns=["total_cost"]).to_series()
    expected = (
        pl.DataFrame({"from_group": drgs[0], "to_group": drgs[1], "total_cost": costs})
        .group_by("from_group", "to_group")
        .agg(pl.len().cast(pl.Int64).alias("cases"), pl.col("total_cost").sum())
        .sort("from_group", "to_group")
    )
    assert matrix["cases"].to_list() == expected["cases"].to_list()
    assert matrix["total_cost"].to_list() == expected["total_cost"].to_list()
    assert matrix["cases"].sum() == dataset.rows
    assert matrix["total_cost"].sum() == costs.sum()


def test_migration_without_costs_and_with_doubles(
    compiled: Callable[[str], CompiledScheme], sample_data: Path, tmp_path: Path
) -> None:
    same = compiled("chs-drg-2.0")
    stays = pl.read_parquet(sample_data / "stays").head(50)
    without, doubles = tmp_path / "without.parquet", tmp_path / "doubles.parquet"
    stays.drop("total_cost").write_parquet(without)
    stays.with_columns(pl.col("total_cost").cast(pl.Float64)).write_parquet(doubles)
    plain = migration(open_dataset(without), same, same)
    assert plain.columns == ["from_group", "to_group", "cases"]
    assert (plain["from_group"] == plain["to_group"]).all()
    cost = migration(open_dataset(doubles), same, same)["total_cost"].sum()
    assert Decimal(str(cost)) == stays["total_cost"].sum()


def test_a_changed_rule_moves_stays(
    compiled: Callable[[str], CompiledScheme], sample_data: Path, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(scheme_folder("chs-drg-2.0"), tmp_path / "own"))
    table = folder / "drg.csv"
    text = table.read_text(encoding="utf-8").replace("QTZD in MCC or QTZD in CC", "QTZD in MCC")
    table.write_text(text, encoding="utf-8")
    own = load_scheme(str(folder))
    found = diff_schemes(compiled("chs-drg-2.0").scheme, own)
    assert set(zip(found["level"], found["kind"], strict=True)) == {("drg", "rule_changed")}
    matrix = migration(
        open_dataset(sample_data / "stays"), compiled("chs-drg-2.0"), compile_scheme(own)
    )
    moved = matrix.filter(pl.col("from_group") != pl.col("to_group"))
    assert moved["cases"].sum() > 0
    assert set(moved["from_group"]) <= set(found["key"])


def test_tables_are_written_by_suffix(tmp_path: Path) -> None:
    frame = pl.DataFrame({"level": ["drg"], "after": ["子二"]})
    for name in ("changes.csv", "changes.parquet"):
        write_table(frame, tmp_path / name)
    assert pl.read_csv(tmp_path / "changes.csv").equals(frame)
    assert pl.read_parquet(tmp_path / "changes.parquet").equals(frame)
    with pytest.raises(DrgpayError, match="neither"):
        write_table(frame, tmp_path / "changes.txt")
