"""Which severity the groups of a scheme ask for, and groups found again without severe diagnoses."""

from collections.abc import Mapping

import polars as pl
import pyarrow as pa

from drgpay.grouper.compiled import CompiledScheme
from drgpay.grouper.plain import group_plain
from drgpay.grouper.rules.fields import SEVERITY_SETS
from drgpay.grouper.rules.nodes import sets_of_fields

_BATCH = 200_000


def levels_of_groups(compiled: CompiledScheme) -> pl.DataFrame:
    """adrg, drg, level: a row for each severity that the rule of a group names, where an ADRG has several
    groups of which one does.
    """
    rows = [
        (adrg.code, drg.code, name)
        for _, adrg, drg in compiled.scheme.paths()
        if len(adrg.drgs) > 1
        for name in sorted({name for _, name in sets_of_fields(drg.rule)} & set(SEVERITY_SETS))
    ]
    return pl.DataFrame(
        sorted(set(rows)),
        schema={"adrg": pl.String, "drg": pl.String, "level": pl.String},
        orient="row",
    )


def with_coded(compiled: CompiledScheme, stays: pl.DataFrame) -> pl.DataFrame:
    """The stays with eligible (of an ADRG that severity splits) and coded (in a group whose rule names the
    severity that they have), in the order given.

    stays: adrg, drg, severity and further columns.
    """
    levels = levels_of_groups(compiled)
    named = levels.select("drg", severity="level", coded=pl.lit(value=True))
    eligible = pl.col("adrg").is_in(levels["adrg"].unique().implode()).fill_null(value=False)
    return (
        stays.with_columns(eligible=eligible)
        .join(named, on=["drg", "severity"], how="left", maintain_order="left")
        .with_columns(pl.col("coded").fill_null(value=False))
    )


def severe_codes(compiled: CompiledScheme) -> Mapping[str, pl.Series]:
    """The diagnoses of each severity."""
    codes: dict[str, list[str]] = {}
    for code, entry in compiled.scheme.complications.items():
        codes.setdefault(str(entry.level), []).append(code)
    return {level: pl.Series(sorted(listed), dtype=pl.String) for level, listed in codes.items()}


def without_level(compiled: CompiledScheme, stays: pl.DataFrame) -> pl.DataFrame:
    """The stays with other_diagnoses without those of their own severity, and `suspects`, what went; stays
    that have none of that severity are left out.

    stays: severity, other_diagnoses and further columns.
    """
    severe = pl.concat(
        pl.DataFrame({"code": codes}).with_columns(severity=pl.lit(level))
        for level, codes in sorted(severe_codes(compiled).items())
    ).with_columns(severe=pl.lit(value=True))
    numbered = stays.with_row_index("stay")
    codes = (
        numbered.select("stay", "severity", code="other_diagnoses")
        .explode("code", empty_as_null=False)
        .join(severe, on=["severity", "code"], how="left", maintain_order="left")
        .with_columns(pl.col("severe").fill_null(value=False))
    )
    split = codes.group_by("stay", maintain_order=True).agg(
        suspects=pl.col("code").filter("severe"),
        other_diagnoses=pl.col("code").filter(~pl.col("severe")),
    )
    return (
        numbered.drop("other_diagnoses")
        .join(split, on="stay", how="inner", maintain_order="left")
        .filter(pl.col("suspects").list.len() > 0)
        .drop("stay")
    )


def grouped_again(compiled: CompiledScheme, stays: pl.DataFrame) -> pl.DataFrame:
    """case_id, low_status, low_mdc, low_adrg, low_drg, low_severity of stays with changed diagnoses."""
    parts = []
    given = stays.select(*dict.fromkeys(["case_id", *compiled.columns]))
    for first in range(0, stays.height, _BATCH):
        table = given.slice(first, _BATCH).to_arrow().combine_chunks()
        groups = [group_plain(compiled, batch) for batch in table.to_batches()]
        parts.append(pl.DataFrame(pa.Table.from_batches(groups)))
    schema = {"case_id": pl.String, **dict.fromkeys(_GROUP, pl.String)}
    found = pl.concat([pl.DataFrame(schema=schema), *(part.cast(pl.String) for part in parts)])
    return found.rename({name: f"low_{name}" for name in _GROUP})


_GROUP = ("status", "mdc", "adrg", "drg", "severity")
