"""Group and price visits of any number: entries go to a file bucket by bucket, visits stay."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import polars as pl
import polars.selectors as cs
import pyarrow as pa

from drgpay.base.exact import FEN_PLACES, as_decimal
from drgpay.base.language import Language
from drgpay.records.arrow_files import FILE_SCHEMA, read_arrow, write_arrow
from drgpay.records.origin import ORIGIN_SCHEMA
from drgpay.records.visits.case_records import KEPT_CODED, KEPT_SCHEMA, kept_of_visits
from drgpay.records.visits.checks import LINE, VISIT, VisitBucket, VisitCounts, VisitRules
from drgpay.records.visits.tables import VisitRecords
from drgpay.records.writing import BatchFile, as_batch
from drgpay.results.case_records import VISIT_RECORDS, case_records_table
from drgpay.results.visits import ENTRY_COLUMNS, entries_table
from drgpay.visits.columns import ENTRY_SCHEMA
from drgpay.visits.stream import PricedBucket, VisitPricing, each_bucket, priced_bucket
from drgpay.visits.sums import entry_sums, leading_entries, together

Progress = Callable[[int], None]

NOT_KEPT = ["person_id", "pharmacy", "principal_diagnosis", "other_diagnoses", "sex", "age"]
"""What no result says of a visit."""

_CODED = ["hospital_id", "account", "class", "family", "apg", "reason"]


@dataclass(frozen=True)
class GroupedVisits:
    """What is kept of all visits while their entries and the findings of lines go to files.

    visits: those of `PricedBucket` without NOT_KEPT, with class, family, apg and entries of
    `leading_entries`, sorted by visit_id; without rows where they went to files, too. buckets: these
    files (`file`, its name, and `rows`) in order. texts: `column` and `text`, every text of the columns
    that are kept as numbers of texts. groups: see `sums`. quarantine, warnings: findings of visits. findings: rows (how many) by table (visits, lines), kind (quarantine, warning) and code.
    counts: one row, the fields of VisitCounts and entries. refused, unknown: as in VisitBucket.
    """

    visits: pl.DataFrame
    buckets: pl.DataFrame
    texts: pl.DataFrame
    groups: pl.DataFrame
    quarantine: pl.DataFrame
    warnings: pl.DataFrame
    findings: pl.DataFrame
    counts: pl.DataFrame
    refused: pl.DataFrame
    unknown: pl.DataFrame

    def in_buckets(self, folder: Path) -> Iterator[pl.DataFrame]:
        """The visits bucket by bucket, from the folder of their files."""
        for file in self.buckets["file"]:
            yield read_arrow(folder / file)

    @property
    def rows(self) -> int:
        """How many visits there are."""
        return self.visits.height + int(self.buckets["rows"].sum())

    @property
    def coded(self) -> dict[str, pl.Enum]:
        """The columns that are kept as numbers of texts, with all their texts."""
        of_columns = self.texts.group_by("column").agg(pl.col("text").sort())
        return {column: pl.Enum(texts) for column, texts in of_columns.iter_rows()}

    @property
    def counted(self) -> VisitCounts:
        """The counts of records."""
        fields = VisitCounts.__dataclass_fields__
        return VisitCounts(**self.counts.select(*fields).row(0, named=True))

    @property
    def sums(self) -> pl.DataFrame:
        """`entry_sums` of all visits."""
        return self.groups.with_columns(pl.col("exact_points").to_physical().cast(pl.Int128))

    @property
    def entries(self) -> int:
        """How many entries there are."""
        return int(self.counts["entries"][0])

    def found(self, table: str, kind: str) -> int:
        """How many findings there are of a table and kind."""
        chosen = (pl.col("table") == table) & (pl.col("kind") == kind)
        return int(self.findings.filter(chosen)["rows"].sum())


@dataclass(frozen=True)
class VisitFiles:
    """Where to write what is not kept; None leaves it out.

    visits: the folder of the buckets of visits; None keeps them.
    """

    entries: Path
    line_quarantine: Path | None = None
    line_warnings: Path | None = None
    records: Path | None = None
    visits: Path | None = None


@dataclass(frozen=True)
class _Kept:
    """What stays of a bucket, as in GroupedVisits."""

    visits: pl.DataFrame
    groups: pl.DataFrame
    quarantine: pl.DataFrame
    warnings: pl.DataFrame
    findings: pl.DataFrame
    refused: pl.DataFrame
    unknown: pl.DataFrame


@dataclass(frozen=True)
class _Part:
    """What a thread makes of a bucket."""

    kept: _Kept
    entries: pa.RecordBatch
    records: pa.RecordBatch | None
    line_quarantine: pl.DataFrame
    line_warnings: pl.DataFrame
    counts: VisitCounts


def group_all_visits(
    records: VisitRecords,
    rules: VisitRules,
    pricing: VisitPricing,
    files: VisitFiles,
    spill: Path | None = None,
    threads: int | None = None,
    progress: Progress = lambda rows: None,
    language: Language = "zh",
) -> GroupedVisits:
    """Check, group and price visits; the same rows give the same bytes in whatever order they come.

    Raises DrgpayError for the mistakes that `visit_buckets` names.
    """

    def work(bucket: VisitBucket) -> _Part:
        return _part(
            priced_bucket(bucket, pricing), pricing.all_mean_fen, files.records is not None
        )

    entry_types = _entry_schema(pricing)
    kept: list[_Kept] = []
    buckets, texts = _Buckets(files.visits), _Texts()
    counts = VisitCounts()
    with ExitStack() as stack:
        entries = stack.enter_context(BatchFile(files.entries, entry_types, _CODED))
        refused = _findings_file(stack, files.line_quarantine)
        warned = _findings_file(stack, files.line_warnings)
        records_file = _records_file(stack, files.records)
        for part in each_bucket(
            work, records, rules, pricing.compiled, spill, threads, progress, language
        ):
            entries.write(part.entries)
            if records_file and part.records:
                records_file.write(part.records)
            for file, findings in (
                (refused, part.line_quarantine),
                (warned, part.line_warnings),
            ):
                if file and findings.height:
                    file.write(as_batch(_line_findings(findings)))
            counts += part.counts
            texts.see(part.kept.visits)
            # Neither entries nor findings of lines: they are as many as lines.
            kept.append(buckets.put_away(part.kept))
    return GroupedVisits(
        pl.concat(part.visits for part in kept),
        buckets.table,
        texts.table,
        # Arrow, in which stages are kept, has no whole numbers of 128 bits, but such decimals.
        together(part.groups for part in kept).with_columns(
            pl.col("exact_points").reinterpret(dtype=pl.Decimal(38, 0))
        ),
        _sorted_findings([part.quarantine for part in kept]),
        _sorted_findings([part.warnings for part in kept]),
        _added(part.findings for part in kept),
        pl.DataFrame(vars(counts) | {"entries": entries.rows}),
        _summed(["hospital_id", "code", "outside"], [part.refused for part in kept]),
        _summed(["hospital_id"], [part.unknown for part in kept]),
    )


class _Buckets:
    """The visits of buckets, put into files of a folder while they come; without one they are kept."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._files: list[tuple[str, int]] = []

    def put_away(self, kept: _Kept) -> _Kept:
        """What is left of a bucket."""
        if self._folder is None:
            return kept
        file = f"visits-{len(self._files):06}.arrow"
        write_arrow(kept.visits, self._folder / file)
        self._files.append((file, kept.visits.height))
        return replace(kept, visits=kept.visits.clear())

    @property
    def table(self) -> pl.DataFrame:
        """The files in order."""
        return pl.DataFrame(self._files, schema=FILE_SCHEMA, orient="row")


class _Texts:
    """The texts that columns of visits have, of all buckets together."""

    def __init__(self) -> None:
        self._seen: dict[str, set[str]] = {}

    def see(self, visits: pl.DataFrame) -> None:
        """Those of a bucket."""
        for name in visits.select(cs.categorical()).columns:
            texts = visits[name].unique().drop_nulls().cast(pl.String)
            self._seen.setdefault(name, set()).update(texts)

    @property
    def table(self) -> pl.DataFrame:
        """column, text; sorted."""
        rows = [(name, text) for name in sorted(self._seen) for text in sorted(self._seen[name])]
        return pl.DataFrame(rows, schema={"column": pl.String, "text": pl.String}, orient="row")


def _summed(keys: list[str], parts: Sequence[pl.DataFrame]) -> pl.DataFrame:
    such = pl.selectors.by_name("such", require_all=False).min()
    sums = pl.concat(parts).group_by(keys).agg(pl.col("rows", "total_fen").sum(), such)
    return sums.sort(keys)


def _part(priced: PricedBucket, all_mean_fen: Fraction | None, with_records: bool) -> _Part:
    entries = priced.entries
    leading = leading_entries(entries)
    visits = priced.visits.drop(NOT_KEPT)
    visits = (
        # Both have their rows in the order of visit_id: as many are the same ones.
        visits.hstack(leading.drop("visit_id"))
        if leading.height == visits.height
        else visits.join(leading, on="visit_id", how="left", maintain_order="left")
    )
    if leading.height < visits.height:
        visits = visits.with_columns(pl.col("entries").fill_null(0))
    # Texts that repeat, a quarter as wide: all visits of a region stay in memory.
    texts = (cs.string() | cs.enum()).exclude("visit_id")
    visits = visits.with_columns(texts.cast(pl.Categorical))
    checked = priced.checked
    kept = _Kept(
        visits,
        entry_sums(entries, all_mean_fen),
        checked.quarantine,
        checked.warnings,
        _counted_findings(checked),
        checked.refused,
        checked.unknown,
    )
    return _Part(
        kept,
        as_batch(entries_table(entries)),
        _records_of(checked) if with_records else None,
        checked.line_quarantine,
        checked.line_warnings,
        checked.counts,
    )


def _counted_findings(checked: VisitBucket) -> pl.DataFrame:
    found = {
        ("visits", "quarantine"): checked.quarantine,
        ("visits", "warning"): checked.warnings,
        ("lines", "quarantine"): checked.line_quarantine,
        ("lines", "warning"): checked.line_warnings,
    }
    return pl.concat(
        frame.group_by("code")
        .agg(rows=pl.len().cast(pl.Int64))
        .select(pl.lit(table).alias("table"), pl.lit(kind).alias("kind"), "code", "rows")
        for (table, kind), frame in found.items()
    )


def _added(parts: Iterable[pl.DataFrame]) -> pl.DataFrame:
    keys = ["table", "kind", "code"]
    return pl.concat(parts).group_by(keys).agg(pl.col("rows").sum()).sort(keys)


def _entry_schema(pricing: VisitPricing) -> pa.Schema:
    types = {**ENTRY_SCHEMA, **pricing.code_types, "coefficient": pl.Int64()}
    empty = pl.DataFrame(schema={column.scaled: types[column.scaled] for column in ENTRY_COLUMNS})
    return as_batch(entries_table(empty)).schema


def _records_of(checked: VisitBucket) -> pa.RecordBatch:
    kept = kept_of_visits(checked.visits, checked.items)
    return as_batch(case_records_table(kept, VISIT_RECORDS))


def _records_file(stack: ExitStack, path: Path | None) -> BatchFile | None:
    if path is None:
        return None
    schema = as_batch(case_records_table(pl.DataFrame(schema=KEPT_SCHEMA), VISIT_RECORDS)).schema
    return stack.enter_context(BatchFile(path, schema, KEPT_CODED))


def _findings_file(stack: ExitStack, path: Path | None) -> BatchFile | None:
    if path is None:
        return None
    types: dict[str, pl.DataType] = dict.fromkeys(LINE.finding_columns, pl.String())
    types |= {"amount_fen": pl.Int64(), **ORIGIN_SCHEMA}
    schema = as_batch(_line_findings(pl.DataFrame(schema=types))).schema
    return stack.enter_context(
        BatchFile(path, schema, ["column", "code", "message", "source_file", "source_column"])
    )


def _line_findings(findings: pl.DataFrame) -> pl.DataFrame:
    """Findings of lines as files have them."""
    return findings.with_columns(as_decimal("amount_fen", FEN_PLACES)).rename(
        {"amount_fen": "amount"}
    )


def _sorted_findings(parts: Sequence[pl.DataFrame]) -> pl.DataFrame:
    return pl.concat(parts).sort(VISIT.finding_columns)
