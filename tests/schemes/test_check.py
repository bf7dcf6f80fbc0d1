"""A check reports every mistake of a scheme at once, each with its table, row and remedy."""

from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path

import polars as pl
import pytest
import typer
from typer.testing import CliRunner

from drgpay.base.errors import DrgpayError
from drgpay.cli.scheme_check import register
from drgpay.schemes.check import check_scheme
from drgpay.schemes.findings import KINDS, WORDS, Finding, findings_frame

INTENSIVE_CARE = ["BR19", "BR29", "ES29", "FR19", "FR29", "FU19", "SR19", "VS29"]
WITHOUT_RULE = ["ES19", "EW19", "GE19", "HL29", "OC19", "OR19", "RE19"]
EARLIER_TAKES_ALL = ["AD19", "AE19", "FB31", "FB33", "FB35", "FC31", "FC33", "FC35", "FL29", "WC19"]

SCHEME = """
id = "small"
name = "small"
kind = "drg"
authority = "test"
version = "1"
code_system = "insurance-2.0"
source = "test"
"""
# A scheme without any finding.
TABLES = {
    "mdc": ["sort,mdc,name,rule", "1,MDCB,nervous,ZYZD in DI_B"],
    "adrg": [
        "sort,mdc,adrg,name,rule",
        "1,MDCB,BB1,surgery,ZYSS in OP_BB1",
        "2,MDCB,BR1,medical,",
    ],
    "drg": [
        "sort,adrg,drg,name,rule",
        "1,BB1,BB19,surgery,",
        "1,BR1,BR11,medical with MCC,QTZD in MCC",
        "2,BR1,BR15,medical,",
    ],
    "sets": ["set,code", "DI_B,I60.000", "DI_B,I60.100", "OP_BB1,00.0100"],
    "cc": ["code,level,exclusion_table", "A00.100x001,MCC,1"],
    "exclusions": ["exclusion_table,code", "1,I60.000"],
}
Write = Callable[..., Path]


@pytest.fixture
def written(tmp_path: Path) -> Write:
    """Write the small scheme with some tables replaced and some rows added."""

    def write(
        replaced: dict[str, list[str]] | None = None,
        added: dict[str, list[str]] | None = None,
        toml: str = SCHEME,
    ) -> Path:
        folder = tmp_path / "small"
        folder.mkdir()
        (folder / "scheme.toml").write_text(toml, encoding="utf-8")
        for table, lines in (TABLES | (replaced or {})).items():
            whole = [*lines, *(added or {}).get(table, [])]
            (folder / f"{table}.csv").write_text("\n".join(whole) + "\n", encoding="utf-8")
        return folder

    return write


@cache
def findings_of(name: str) -> tuple[Finding, ...]:
    return tuple(check_scheme(name))


def subjects(found: tuple[Finding, ...], code: str) -> list[str]:
    return [one.subject for one in found if one.code == code]


@pytest.mark.slow
def test_zhejiang_has_groups_that_no_stay_can_reach() -> None:
    found = findings_of("zj-drg-2022")
    after = subjects(found, "unreachable_after_always")
    assert sorted(after) == sorted([*INTENSIVE_CARE, *WITHOUT_RULE])
    assert subjects(found, "unreachable_covered") == EARLIER_TAKES_ALL
    empty = ["DA11", "DA13", "DA15", "RB11", "RB13", "RB15"]
    assert subjects(found, "unreachable_empty_set") == empty
    assert Counter(one.severity for one in found)["error"] == 25
    first = next(one for one in found if one.subject == "BR19")
    assert (first.table, first.row) == ("drg", 142)
    assert first.message.zh == "没有病例能到达 BR19：它排在恒真的 BR15 之后"
    declared = [(one.table, one.row) for one in found if one.code == "declared_empty_set"]
    assert declared == [("adrg", 95), ("adrg", 323)]
    icu = [one for one in found if one.code == "unknown_code" and one.subject == "DEPT_ICU"]
    assert not icu  # departments have no code table


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        (
            "chs-drg-2.0",
            {"unknown_code": 5, "exclusion_table_without_codes": 2, "unused_exclusion_table": 8},
        ),
        pytest.param(
            *("chs-drg-1.1", {"unknown_code": 7, "exclusion_table_without_codes": 1}),
            marks=pytest.mark.slow,
        ),
    ],
)
def test_national_schemes_have_no_error(name: str, counts: dict[str, int]) -> None:
    found = findings_of(name)
    assert Counter(one.code for one in found) == counts
    assert {one.severity for one in found} == {"warning"}


def test_nothing_found(written: Write) -> None:
    assert check_scheme(str(written())) == []


@pytest.mark.parametrize(
    ("changes", "code", "place", "words"),
    [
        (
            {"added": {"adrg": ["3,MDCB,BS1,,ZYZD in DI_X"], "drg": ["1,BS1,BS19,,"]}},
            "undefined_set",
            ("adrg", 4, "DI_X"),
            "the rule of BS1 names the set DI_X",
        ),
        ({"added": {"sets": ["DI_Y,I60.000"]}}, "unused_set", ("sets", 5, "DI_Y"), "(1 codes)"),
        (
            {"added": {"sets": ["DI_B,X99.999", "DI_B,00.0100"]}},
            "unknown_code",
            ("sets", 5, "DI_B"),
            "knows (2): 00.0100 X99.999",
        ),
        (
            {"added": {"cc": ["X99.999,CC,1"]}},
            "unknown_code",
            ("cc", 3, "code"),
            "cc.csv has codes",
        ),
        (
            {"added": {"drg": ["0,BR1,BR19,,QTZD im MCC"]}},
            "rule_not_parsed",
            ("drg", 5, "BR19"),
            "line 1, column 6: expected",
        ),
        ({"added": {"drg": ["x,BB1,BB1X,,NL > 5"]}}, "bad_sort", ("drg", 5, "BB1X"), "'x'"),
        ({"added": {"drg": ["1_0,BB1,BB1X,,NL > 5"]}}, "bad_sort", ("drg", 5, "BB1X"), "'1_0'"),
        (
            {"added": {"drg": [f"{'9' * 5000},BB1,BB1X,,NL > 5"]}},
            "bad_sort",
            ("drg", 5, "BB1X"),
            "999 … 999",
        ),
        (
            {"added": {"drg": [f"0,BB1,BB1X,,{'not ' * 4000}1"]}},
            "rule_not_parsed",
            ("drg", 5, "BB1X"),
            "more than 40 parts lie in one another",
        ),
        (
            {"added": {"drg": ["3,BR1,BR19,,NL > 5"]}},
            "unreachable_after_always",
            ("drg", 5, "BR19"),
            "it comes after BR15",
        ),
        (
            {
                "replaced": {
                    "mdc": [
                        "sort,mdc,name,rule",
                        "1,MDCB,young,ZYZD in DI_B and NL < 40",
                        "2,MDCC,old,ZYZD in DI_B and NL >= 40",
                        "3,MDCD,any,ZYZD in DI_B",
                    ]
                },
                "added": {
                    "adrg": ["1,MDCC,CB1,eye,", "1,MDCD,DB1,ear,"],
                    "drg": ["1,CB1,CB19,eye,", "1,DB1,DB19,ear,"],
                },
            },
            "not_reached",
            ("drg", 6, "DB19"),
            "most went to",
        ),
        (
            {"added": {"adrg": ["1,MDCB,BC1,,ZYSS in OP_BB1"], "drg": ["1,BC1,BC19,,"]}},
            "unreachable_covered",
            ("drg", 5, "BC19"),
            "whatever fits it also fits BB1",
        ),
        (
            {"added": {"drg": ["0,BR1,BR19,,NL > 50 and NL < 50"]}},
            "unreachable_contradiction",
            ("drg", 5, "BR19"),
            "contradict",
        ),
        (
            {"added": {"adrg": ["3,MDCB,BZ1,none,"]}},
            "adrg_without_drg",
            ("adrg", 4, "BZ1"),
            "has no DRG",
        ),
        (
            {"added": {"mdc": ["3,MDCZ,none,"]}},
            "mdc_without_adrg",
            ("mdc", 3, "MDCZ"),
            "has no ADRG",
        ),
        (
            {"added": {"drg": ["1,BX9,BX99,,"]}},
            "unknown_parent",
            ("drg", 5, "BX99"),
            "put under BX9",
        ),
        (
            {"added": {"drg": ["1,BB1,BR15,,"]}},
            "duplicate_code",
            ("drg", 5, "BR15"),
            "already in row 4",
        ),
        (
            {"added": {"cc": ["A00.100x001,CC,1"]}},
            "duplicate_code",
            ("cc", 3, "A00.100x001"),
            "already in row 2",
        ),
        (
            {"added": {"sets": ["DI_B,I60.000"]}},
            "duplicate_row",
            ("sets", 5, "I60.000"),
            "of DI_B stands already in row 2",
        ),
        ({"added": {"cc": ["A00.000,MMC,1"]}}, "wrong_level", ("cc", 3, "A00.000"), "'MMC'"),
        (
            {"added": {"cc": ["A00.000,CC,"]}},
            "no_exclusion_table",
            ("cc", 3, "A00.000"),
            "the CC A00.000 has no exclusion table",
        ),
        (
            {"added": {"cc": ["A00.000,CC,2"]}},
            "exclusion_table_without_codes",
            ("cc", 3, "2"),
            "1 MCC/CC name it: A00.000",
        ),
        (
            {"added": {"exclusions": ["3,I60.000"]}},
            "unused_exclusion_table",
            ("exclusions", 3, "3"),
            "(1 codes)",
        ),
        (
            {"added": {"drg": ["0,BR1,BR13,surgery,QTZD in CC"]}},
            "repeated_name",
            ("drg", 5, "BR13"),
            "the name of BB19 in row 2: surgery",
        ),
        (
            {"added": {"sets": [",I60.000"]}},
            "blank_code",
            ("sets", 5, "set"),
            "set is empty",
        ),
        (
            {"replaced": {"cc": ["code,level", "A00.100x001,MCC"]}},
            "missing_column",
            ("cc", 1, "exclusion_table"),
            "cc.csv lacks",
        ),
        (
            {"toml": SCHEME + '[options]\nempty_sets = ["DI_B", "OP_Q"]\n'},
            "needless_empty_set",
            ("scheme", None, "DI_B"),
            "which sets.csv defines",
        ),
        (
            {"toml": SCHEME.replace('"drg"', '"dgr"')},
            "scheme_file",
            ("scheme", None, "scheme.toml"),
            "the key kind is wrong",
        ),
    ],
)  # fmt: skip
def test_each_kind(
    written: Write,
    changes: dict[str, dict[str, list[str]]],
    code: str,
    place: tuple[str, int | None, str],
    words: str,
) -> None:
    found = check_scheme(str(written(**changes)))
    one = next(finding for finding in found if finding.code == code)
    assert (one.table, one.row, one.subject) == place
    assert words in one.message.en
    assert one.severity == KINDS[code]


def test_a_wrong_scheme_file_is_told_in_both_languages(written: Write) -> None:
    folder = written(toml=SCHEME.replace("id =", "ident ="))
    found = check_scheme(str(folder))[0]
    assert found.code == "scheme_file"
    assert found.message.en.startswith(f"{folder / 'scheme.toml'}: the key ")
    assert found.message.zh.startswith(f"{folder / 'scheme.toml'}：")
    assert found.remedy.zh == "请按 grouping_schemes/README.md 改正这些键"


def test_all_mistakes_at_once_errors_first(written: Write) -> None:
    folder = written(
        added={
            "adrg": ["x,MDCB,BZ1,,ZYZD in (", "3,MDCB,BS1,,ZYZD in DI_X"],
            "drg": ["1,BS1,BS19,,NL >", "1,NO,NO19,,"],
            "cc": ["A00.000,MMC,1"],
            "sets": ["DI_Z,I60.000"],
        }
    )
    (folder / "exclusions.csv").write_text("exclusion_table,code\n", encoding="utf-8")
    found = check_scheme(str(folder))
    codes = [one.code for one in found]
    assert {
        "bad_sort",
        "rule_not_parsed",
        "undefined_set",
        "adrg_without_drg",
        "unknown_parent",
        "wrong_level",
        "unused_set",
        "exclusion_table_without_codes",
    } == set(codes)
    assert codes.count("rule_not_parsed") == 2
    severities = [one.severity for one in found]
    assert severities == sorted(severities)
    assert found == check_scheme(str(folder))


def test_what_hangs_on_an_unreadable_table_is_not_repeated(written: Write) -> None:
    folder = written(replaced={"drg": TABLES["drg"][:1]})
    (folder / "sets.csv").unlink()
    (folder / "cc.csv").write_bytes("code,level,exclusion_table\n神,MCC,1\n".encode("gb18030"))
    found = [(one.severity, one.code, one.subject) for one in check_scheme(str(folder))]
    assert found == [
        ("error", "adrg_without_drg", "BB1"),
        ("error", "adrg_without_drg", "BR1"),
        ("error", "empty_table", "drg.csv"),
        ("error", "missing_table", "sets.csv"),
        ("error", "unreadable_table", "cc.csv"),
    ]


def test_unknown_scheme() -> None:
    with pytest.raises(DrgpayError, match="there is no scheme 'nowhere'"):
        check_scheme("nowhere")


def test_every_kind_is_worded_in_both_languages() -> None:
    for code in KINDS:
        assert all([*WORDS.words(f"message.{code}"), *WORDS.words(f"remedy.{code}")])
    frame = findings_frame(list(findings_of("chs-drg-1.1")), "zh")
    assert frame.columns == ["severity", "code", "table", "row", "subject", "message", "remedy"]
    assert frame.schema["row"] == pl.Int64
    assert "999 没有编码" in frame.filter(code="exclusion_table_without_codes")["message"][0]


def test_command(written: Write, tmp_path: Path) -> None:
    app = typer.Typer()
    register(app)
    runner = CliRunner()
    folder = written(added={"drg": ["3,BR1,BR19,,NL > 5"], "sets": ["DI_Z,I60.000"]})
    out = tmp_path / "findings.csv"
    result = runner.invoke(app, ["check", str(folder), "--out", str(out), "--lang", "zh"])
    assert result.exit_code == 1
    assert "没有病例能到达 BR19" in result.output
    assert "1 个错误，1 个警告" in result.output
    assert pl.read_csv(out)["code"].to_list() == ["unreachable_after_always", "unused_set"]
    parquet = tmp_path / "findings.parquet"
    (folder / "drg.csv").write_text("\n".join(TABLES["drg"]) + "\n", encoding="utf-8")
    result = runner.invoke(
        app, ["check", str(folder), "--lang", "en", "--out", str(parquet), "--show", "0"]
    )
    assert result.exit_code == 0
    assert "0 errors, 1 warnings" in result.output
    assert "1 more; see them with --all" in result.output
    assert pl.read_parquet(parquet)["subject"].to_list() == ["DI_Z"]
    stays = tmp_path / "witnesses.parquet"
    result = runner.invoke(app, ["witnesses", str(folder), "--out", str(stays), "--lang", "en"])
    assert result.exit_code == 0, result.output
    assert "small: stays reach 3 of 3 groups" in result.output
    assert set(pl.read_parquet(stays)["target_drg"]) == {"BB19", "BR11", "BR15"}
