"""A check of a scheme of kind apg finds codes without a group, and what its kind does not know."""

from pathlib import Path
from typing import Any

import pytest

from drgpay.base.errors import DrgpayError
from drgpay.grouper.scheme import load_scheme
from drgpay.schemes.check import check_scheme
from drgpay.schemes.reachability import search_reach
from drgpay.schemes.workbook.export import export_workbook
from tests.small_apg import TABLES, TOML, write_small_apg


def found(folder: Path, **changes: Any) -> dict[str, tuple[str, int | None, str]]:
    """The findings of the small scheme with changes, by code: table, row, English message."""
    findings = check_scheme(str(write_small_apg(folder / "small", **changes)))
    return {one.code: (one.table, one.row, one.message.en) for one in findings}


def test_nothing_found(tmp_path: Path) -> None:
    assert found(tmp_path) == {}


@pytest.mark.slow
def test_shipped_scheme_has_no_error() -> None:
    assert {one.severity for one in check_scheme("open-apg-1")} <= {"warning"}


@pytest.mark.parametrize(
    ("changes", "code", "place", "words"),
    [
        (
            {"replaced": {"adrg": [row for row in TABLES["adrg"] if "M9" not in row]}},
            "unknown_parent",
            ("drg", 7),
            "M90 is put under M9",
        ),
        (
            {"replaced": {"drg": [row for row in TABLES["drg"] if "M90" not in row]}},
            "code_without_group",
            ("sets", None),
            "codes of diagnoses.csv land in no group: A00.000",
        ),
        (
            {"replaced": {"mdc": [row for row in TABLES["mdc"] if "INC" not in row]}},
            "code_without_group",
            ("sets", None),
            "codes of items.csv land in no group: 11",
        ),
        (
            {"added": {"drg": ["3,M1,M13,never,"]}},
            "group_without_codes",
            ("drg", 11),
            "no code of the code tables lands in M13",
        ),
        ({"added": {"drg": ["0,M1,M13,,XM in DRUGS"]}}, "foreign_field", ("drg", 11), "M13 asks"),
        ({"added": {"drg": ["0,P1,P13,,LYFS = 5"]}}, "foreign_field", ("drg", 11), "kind drg"),
        ({"added": {"mdc": ["6,LAB,,0"]}}, "unknown_class", ("mdc", 7), "LAB is not a class"),
        ({"added": {"packaging": ["Q1"]}}, "unknown_packaged", ("packaging", 3), "Q1 is no family"),
        ({"added": {"packaging": ["M11"]}}, "packaged_class", ("packaging", 3), "class MED"),
        ({"replaced": {"packaging": ["code"]}}, "missing_column", ("packaging", 1), "column apg"),
        (
            {"added": {"drg": ["0,D1,D11,,length(DRUGS ∩ XM) > 1"]}},
            "counted_pattern",
            ("drg", 11),
            "D11 counts DRUGS with length()",
        ),
        ({"added": {"sets": ["DRUGS,Q9*"]}}, "unmatched_pattern", ("sets", 13), "1 patterns"),
        ({"added": {"sets": ["DRUGS,Q9"]}}, "unknown_code", ("sets", 13), "knows (1): Q9"),
        (
            {"toml": TOML.replace("service-items-1", "none")},
            "no_item_table",
            ("scheme", None),
            "(none)",
        ),
    ],
)
def test_each_finding(
    tmp_path: Path,
    changes: dict[str, Any],
    code: str,
    place: tuple[str, int | None],
    words: str,
) -> None:
    table, row, message = found(tmp_path, **changes)[code]
    assert (table, row) == place
    assert words in message


def test_no_witnesses_and_no_workbook(tmp_path: Path) -> None:
    with pytest.raises(DrgpayError, match="has no place for its packaging list"):
        export_workbook(str(write_small_apg(tmp_path / "small")), tmp_path / "scheme.xlsx")
    scheme = load_scheme(str(write_small_apg(tmp_path / "small")))
    with pytest.raises(DrgpayError, match="stays can be made for schemes of kind drg"):
        search_reach(scheme)
