"""Stays read, grouped and stripped of their lists of codes, for the stages that follow."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date

import polars as pl
import pyarrow as pa

from drgpay.base.errors import DrgpayError
from drgpay.base.language import Language
from drgpay.base.words import Sentences
from drgpay.grouper.batch import group_batch
from drgpay.grouper.compiled import CompiledScheme
from drgpay.grouper.given_groups import (
    GIVEN_COLUMNS,
    grouped_by,
    groups_given,
    is_by,
    refuse_no_groups,
)
from drgpay.grouper.official_groups import (
    GroupedBefore,
    official_findings,
    official_rows,
    regrouped_officially,
    scheme_said,
    with_official_groups,
)
from drgpay.grouper.stay_rules import DIFFERS, ruled_stays
from drgpay.grouper.stream import Progress
from drgpay.policy.model import Policy
from drgpay.records.case_records import (
    CODED,
    KEPT_COLUMNS,
    PAID_COLUMNS,
    RECORD_COLUMNS,
    kept_of_record,
)
from drgpay.records.checks import CheckedStays, OfWhole, check_stays
from drgpay.records.columns import CODE_COLUMNS
from drgpay.records.dataset import Dataset, Piece
from drgpay.records.in_order import in_order
from drgpay.records.known_codes import UNKNOWN_COLUMNS, KnownCodes
from drgpay.records.leading_procedures import LEADING_WITHOUT_PART, leading_without_part
from drgpay.records.meaning.faults import FAULTS, without_faults_of
from drgpay.records.meaning.rules import Reading
from drgpay.records.official_groups import (
    OfficialGroups,
    official_checks,
    official_severities,
)
from drgpay.records.origin import NOWHERE, ROW, Origin
from drgpay.records.repeated_principal import REPEATED_PRINCIPAL, repeated_principal
from drgpay.records.stays import DEFAULTS, PLAIN_COLUMNS, REQUIRED, plain_stays

_ERRORS = Sentences("errors/grouper")
FORMER_COLUMNS: tuple[str, str] = ("former_status", "former_drg")
"""The group of a stay by the scheme before."""


def read_grouped_stays(
    dataset: Dataset,
    compiled: CompiledScheme,
    progress: Progress = lambda rows: None,
    threads: int | None = None,
    with_records: bool = False,
    former: CompiledScheme | None = None,
) -> pl.DataFrame:
    """All stays of a dataset as `grouped_reader` gives them, at once, their texts as texts."""
    read = grouped_reader(dataset, compiled, with_records, former)

    def frames(piece: Piece) -> list[pl.DataFrame]:
        found = [_in_texts(frame) for frame in read(piece)]
        progress(sum(frame.height for frame in found))
        return found

    return pl.concat(list(in_order(frames, dataset.pieces(), threads)), rechunk=True)


NAMED_CODES = (*UNKNOWN_COLUMNS, LEADING_WITHOUT_PART)
"""Codes that are named for what is found of them."""

CODED_TEXTS = ("hospital_id", "account", "principal_diagnosis", "payment_unit", "bed_day_class")
"""Texts of stays that repeat, beside those of their groups."""


def grouped_reader(
    dataset: Dataset,
    compiled: CompiledScheme,
    with_records: bool = False,
    former: CompiledScheme | None = None,
) -> Callable[[Piece], Iterator[pl.DataFrame]]:
    """What gives the stays of a piece of the dataset, batch by batch: the columns of `plain_stays`,
    status, mdc, adrg, drg, severity, UNKNOWN_COLUMNS, REPEATED_PRINCIPAL and LEADING_WITHOUT_PART.
    Texts that repeat are categorical: CODED_TEXTS, NAMED_CODES, the groups, department.

    with_records: with KEPT_COLUMNS too. What of them cannot be read is null and no fault: nothing is
    paid by them. former: the scheme before, for FORMER_COLUMNS: the same stays grouped by it as well.
    Raises DrgpayError for a missing column, a wrong type, a damaged file, or no stay at all, and for
    a former scheme with other codes.
    """
    if former:
        _refuse_other_codes(compiled, former)
    codes = ["principal_diagnosis", "other_diagnoses", "procedures"]
    asked = [*compiled.columns, *(former.columns if former else ())]
    needed = list(dict.fromkeys([*REQUIRED, *codes, *asked]))
    dataset.require(needed, optional=DEFAULTS)
    if not dataset.rows:
        raise DrgpayError(*_ERRORS("no_stay", path=dataset.path))
    columns = list(dict.fromkeys([*PLAIN_COLUMNS, *needed]))
    coded = [column for column in CODE_COLUMNS if column in needed]
    due = dataset.grouped_by if is_by(dataset.grouped_by or "", compiled) else None
    read, unpaid = [*columns, FAULTS, *(GIVEN_COLUMNS if due else ())], frozenset[str]()
    if with_records:
        unpaid = frozenset(RECORD_COLUMNS) - {*columns}
        read += sorted(unpaid)
        coded += CODED
    coded = list(dict.fromkeys([*coded, *CODED_TEXTS]))
    known = KnownCodes.of(
        compiled.scheme.info.code_system, compiled.diagnoses.codes, compiled.procedures.codes
    )

    def grouped(piece: Piece) -> Iterator[pl.DataFrame]:
        for given in piece.batches(read, coded):
            batch = _paid_by(given, unpaid)
            given_or_made = (
                groups_given(compiled, batch, due, dataset.path)
                if due
                else group_batch(compiled, batch)
            )
            groups = pl.DataFrame(pa.table(given_or_made))
            repeated = repeated_principal(batch).alias(REPEATED_PRINCIPAL)
            leading = leading_without_part(batch, compiled.scheme.no_part)
            about_codes = known.unknown_in(batch).with_columns(
                repeated, leading.alias(LEADING_WITHOUT_PART)
            )
            about_codes = about_codes.cast(dict.fromkeys(NAMED_CODES, pl.Categorical()))
            stays = plain_stays(batch, CODED_TEXTS).hstack(groups).hstack(about_codes)
            if former:
                stays = stays.hstack(_grouped_before(former, batch))
            yield stays.hstack(kept_of_record(given, coded=True)) if with_records else stays

    return grouped


def _in_texts(frame: pl.DataFrame) -> pl.DataFrame:
    """A frame of `grouped_reader` with all its texts as texts, but for FAULTS."""
    return frame.cast(
        {
            name: pl.String()
            for name, type_ in frame.schema.items()
            if isinstance(type_, pl.Categorical) and name != FAULTS
        }
    )


def carrying_groups(dataset: Dataset, compiled: CompiledScheme, reading: Reading) -> Dataset:
    """The same stays, their groups by a scheme taken from them and not made again.

    By other schemes they are grouped here. reading: how the dataset was opened. Raises DrgpayError
    for a file without the columns.
    """
    for file in dataset.files:
        refuse_no_groups(file.path, GIVEN_COLUMNS, [file.type_of(name) for name in GIVEN_COLUMNS])
    return replace(dataset, grouped_by=grouped_by(compiled, reading))


def _grouped_before(former: CompiledScheme, batch: pa.RecordBatch) -> pl.DataFrame:
    groups = pl.DataFrame(pa.table(group_batch(former, batch)).select(["status", "drg"]))
    return groups.select(former_status="status", former_drg="drg")


def _refuse_other_codes(compiled: CompiledScheme, former: CompiledScheme) -> None:
    now, before = compiled.scheme.info, former.scheme.info
    if now.code_system != before.code_system:
        said = {"scheme": now.id, "former": before.id}
        systems = {"system": now.code_system, "other": before.code_system}
        raise DrgpayError(*_ERRORS("other_codes_before", **said, **systems))


def _paid_by(batch: pa.RecordBatch, unpaid: frozenset[str]) -> pa.RecordBatch:
    """A batch without the columns that nothing is paid by, and without their faults."""
    if not unpaid:
        return batch
    batch = batch.select([name for name in batch.schema.names if name not in unpaid])
    place = batch.schema.get_field_index(FAULTS)
    return batch.set_column(place, FAULTS, without_faults_of(batch.column(place), unpaid))


@dataclass(frozen=True)
class PartOfStays:
    """What checks of a part of the stays know of all of them. sexes: as of `sex_of_diagnosis`."""

    sexes: pl.DataFrame
    of_whole: OfWhole


def check_grouped(
    grouped: pl.DataFrame,
    compiled: CompiledScheme,
    policy: Policy,
    hospitals: pl.DataFrame,
    days: tuple[date, date] | None,
    source: str,
    language: Language = "zh",
    official: OfficialGroups | None = None,
    before: GroupedBefore | None = None,
    origin: Origin = NOWHERE,
    part: PartOfStays | None = None,
) -> CheckedStays:
    """Check what `read_grouped_stays` gave, with what its scheme knows of sexes (see check_stays).

    origin: the files of the stays (Dataset.origin), of which `grouped` has all rows in order. part:
    where it has a part of them, with ROW; what only all together show is then left to the whole:
    `official` has what `official_rows` gives.

    The valid stays are as the rules of the policy make them (see ruled_stays); a record that
    contradicts them is a warning. official: the groups that pay by their rule; the stays then have
    OFFICIAL_COLUMNS (official_groups.py). before: where a scenario changed the scheme, the stays
    as they were grouped without the change (see regrouped_officially). KEPT_COLUMNS, if they were
    read, are in `records`.
    """
    sexes = sex_of_diagnosis(compiled) if part is None else part.sexes
    barred = sorted(compiled.scheme.not_principal)
    further, severities = [], {}
    if official:
        grouped = (
            with_official_groups(grouped, official, compiled)
            if before is None
            else regrouped_officially(grouped, official, compiled, before)
        )
        further = official_checks(scheme_said(compiled.scheme.info))
        severities = official_severities(official.rule)
    checked = check_stays(
        grouped.with_row_index(ROW) if part is None else grouped,
        policy,
        hospitals,
        days,
        sexes,
        source,
        language,
        barred,
        further,
        severities,
        origin,
        None if part is None else part.of_whole,
    )
    if official:
        rows = official_rows(grouped, checked, official)
        found = rows if part else official_findings([rows])
        checked = replace(checked, official=found)
    valid, records = checked.valid, checked.records
    if {*KEPT_COLUMNS} <= {*valid.columns}:
        records = valid.select(*PAID_COLUMNS, *KEPT_COLUMNS)
        valid = valid.drop(KEPT_COLUMNS)
    ruled = ruled_stays(valid.drop(ROW), policy.points, language, whole=part is None)
    differing = ruled.differing.with_columns(
        column=pl.lit("complete"), code=pl.lit(DIFFERS), other_codes=pl.lit("")
    ).join(valid.select("case_id", ROW), on="case_id", maintain_order="left")
    placed = origin.of(differing[ROW], differing["column"])
    differing = differing.hstack(placed).select(checked.warnings.columns)
    warnings = pl.concat([checked.warnings, differing.cast(checked.warnings.schema)])
    return replace(
        checked,
        valid=ruled.stays,
        warnings=warnings.sort(pl.all()),
        ruled=ruled.ruled,
        records=records,
    )


def sex_of_diagnosis(compiled: CompiledScheme) -> pl.DataFrame:
    """Principal diagnoses that the scheme groups for one sex only: code and only_sex (1 or 2).

    Every diagnosis is grouped once as a man's and once as a woman's, adults without procedures.
    """
    codes = compiled.diagnoses.codes
    grouped = [_grouped_as(compiled, codes, sex) for sex in (1, 2)]
    both = pl.DataFrame({"code": codes, "man": grouped[0], "woman": grouped[1]})
    return both.filter(pl.col("man") != pl.col("woman")).select(
        "code", only_sex=pl.when("man").then(1.0).otherwise(2.0)
    )


_ADULT = 30


def _grouped_as(compiled: CompiledScheme, codes: list[str], sex: int) -> pl.Series:
    stays = len(codes)
    empty = pa.array([[]] * stays, pa.large_list(pa.large_string()))
    given = {"principal_diagnosis": pa.array(codes), "other_diagnoses": empty, "procedures": empty}
    given |= {"sex": pa.repeat(sex, stays), "age": pa.repeat(_ADULT, stays)}
    columns = {"principal_diagnosis": given["principal_diagnosis"]}
    for column in compiled.columns:
        missing = pa.string() if column == "department" else pa.float64()
        columns[column] = given[column] if column in given else pa.nulls(stays, missing)
    result = group_batch(compiled, pa.RecordBatch.from_pydict(columns))
    return pl.Series(result.column("status").cast(pa.string())) != "ungrouped"
