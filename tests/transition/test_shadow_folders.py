"""Folders of shadow months as a section of the report."""

import json
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from drgpay.base.errors import DrgpayError
from drgpay.results.manifest import SHADOW, write_manifest
from drgpay.transition.outcome import transition
from drgpay.transition.output import write_transition
from drgpay.transition.shadow_folders import read_shadow_months
from tests.transition.history import transition_file

MONEY = pl.Decimal(18, 2)


def shadow(folder: Path, *months: str, scheme: str = "chs-drg-2.0", kind: str = SHADOW) -> Path:
    """What of a folder of shadow months is read."""
    folder.mkdir(parents=True)
    amounts = {
        "fund_amount_before": "1000.00",
        "fund_amount_after": "1030.05",
        "change": "30.05",
    }
    pl.DataFrame({"period": months}).with_columns(
        run=pl.col("period") + "-run",
        cases_before=pl.lit(7, pl.Int64),
        winners=pl.lit(2, pl.Int64),
        losers=pl.lit(1, pl.Int64),
        **{name: pl.lit(Decimal(yuan), MONEY) for name, yuan in amounts.items()},
    ).write_parquet(folder / "shadow_months.parquet")
    sides = {"side": ["before", "after"], "scheme": ["chs-drg-1.1", scheme]}
    pl.DataFrame(sides).write_parquet(folder / "month_quality.parquet")
    write_manifest(folder, folder.name, {"kind": kind, "period": months[0]}, {}, {})
    return folder


def test_months_stand_in_the_report(folder: Path) -> None:
    shadow(folder / "s1", "2026-11", "2026-12")
    shadow(folder / "s2", "2026-10")
    more = '[shadow]\nfolders = ["s1", "s2"]\n'
    found = transition(transition_file(folder, "shadow.toml", more=more))
    out = write_transition(found, folder / "with-shadow", "zh")
    months = pl.read_parquet(out / "shadow_months.parquet")
    assert months["period"].to_list() == ["2026-10", "2026-11", "2026-12"]
    row = months.row(0, named=True)
    assert (row["fund_paid"], row["fund_shadow"]) == (Decimal("1000.00"), Decimal("1030.05"))
    assert (row["fund_change_rate"], row["cases"]) == (Decimal("0.0301"), 7)
    text = (out / "report.html").read_text("utf-8")
    assert "影子月" in text
    assert "1,030.05" in text
    manifest = json.loads((out / "manifest.json").read_text("utf-8"))
    assert [one["run"] for one in manifest["inputs"]["shadow"]] == ["s1", "s2"]


def test_mistakes_are_one_sentence_each(tmp_path: Path) -> None:
    file = tmp_path / "t.toml"
    one = shadow(tmp_path / "one", "2026-10")
    twice = shadow(tmp_path / "twice", "2026-10")
    with pytest.raises(DrgpayError, match=r"two folders of \[shadow\] have 2026-10"):
        read_shadow_months([one, twice], "chs-drg-2.0", file)
    with pytest.raises(DrgpayError, match=r"has shadow months of chs-drg-2.0, and \[new\] is x"):
        read_shadow_months([one], "x", file)
    run = shadow(tmp_path / "run", "2026-10", kind="month")
    with pytest.raises(DrgpayError, match="is no folder of shadow months"):
        read_shadow_months([run], "chs-drg-2.0", file)
    (one / "shadow_months.parquet").write_bytes(b"PAR1")
    with pytest.raises(DrgpayError, match="cannot be read"):
        read_shadow_months([one], "chs-drg-2.0", file)
    with pytest.raises(DrgpayError, match="nowhere"):
        read_shadow_months([tmp_path / "nowhere"], "chs-drg-2.0", file)
