"""The catalogue: the calibrated points of every group, a folder that a whole year is paid with.

catalogue.json says what it was made from; groups.csv, coefficients.csv and bed_days.csv can be read
and compared by a person. docs/files.md describes the columns.
"""

import hashlib
import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, Literal

import polars as pl
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    ValidationError,
    model_serializer,
)

from drgpay.base.errors import DrgpayError
from drgpay.base.exact import as_decimal, half_up
from drgpay.base.language import alike, listed
from drgpay.base.shown import Shown
from drgpay.base.words import Sentences
from drgpay.grouper.scheme import Scheme
from drgpay.policy.load import validation_sentence
from drgpay.tables.declared import read_tables
from drgpay.tables.schemas import schema_of, schema_of_file

_ERRORS = Sentences("errors/points")

Count = Annotated[int, Field(ge=0)]


class StandInGroup(BaseModel):
    """A group whose mean cost is that of the kept cases of others (like) x times."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    drg: str
    like: tuple[str, ...]
    like_cases: Annotated[int, Field(gt=0)]
    like_total_fen: Annotated[int, Field(gt=0)]
    times: str

    @property
    def mean_fen(self) -> Fraction:
        """The mean cost, not rounded."""
        return Fraction(self.like_total_fen, self.like_cases) * Fraction(self.times)


class CatalogueInfo(BaseModel):
    """catalogue.json: identity and provenance. Amounts are in fen.

    A `published` catalogue comes from a table of weights: it has no policy and no stays, and its
    all_total_fen / all_cases is the mean given with the table (all_cases 1, or 10, 100 ... where the
    mean has more places than fen). An `apg` catalogue is calibrated
    from visits: its drg are APGs, stays_read and stays_eligible count visits, all_cases and
    all_total_fen are those of the eligible visits, and stays_trimmed counts entries.
    levels: those of the hospitals whose stays (visits) it was calibrated from, sorted.
    incomplete_if and outside_drg_if: the rules of the policy that the stays were calibrated by.
    stays_official: of the eligible stays those in the group of an official grouper; the file lacks it
    where none was given. stand_ins: the groups that others gave a price; the file lacks it where none
    has.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    kind: Literal["calibrated", "published", "apg"] = "calibrated"
    scheme: str
    scheme_hash: str
    policy: str | None
    source: str
    stays_read: Count
    stays_eligible: Count
    stays_trimmed: Count
    all_total_fen: Annotated[int, Field(gt=0)]
    all_cases: Annotated[int, Field(gt=0)]
    all_mean_yuan: str = Field(description="all_total_fen / all_cases, rounded for the reader")
    levels: tuple[str, ...] = ()
    incomplete_if: str | None = None
    outside_drg_if: str | None = None
    stays_official: Count | None = None
    stand_ins: tuple[StandInGroup, ...] = ()

    @model_serializer(mode="wrap")
    def _as_given(self, serialized: SerializerFunctionWrapHandler) -> dict[str, Any]:
        given: dict[str, Any] = serialized(self)
        if self.stays_official is None:
            del given["stays_official"]
        if not self.stand_ins:
            del given["stand_ins"]
        return given


_TABLES = read_tables("catalogue")
GROUP_SCHEMA = schema_of(_TABLES["groups"])
COEFFICIENT_SCHEMA = schema_of(_TABLES["coefficients"])
BED_DAY_SCHEMA = schema_of(_TABLES["bed_days"])
STABILITIES = ("stable", "unstable_cv", "unstable_cases", "stand_in")
"""stable; unstable by its cv, or by too few cases, when it was calibrated; a group whose numbers stand
in for those of its own: a published table marks it (unstable, or not covered), or the policy prices it
like others."""
MEASURED = ("stable", "unstable_cv")
"""The groups whose mean rests on cases enough to compare a stay with."""
_ADDED_TO_GROUPS = ("stability", "account")
"""Columns that the groups.csv of an older catalogue lacks."""
_HASHED = ("catalogue.json", "groups.csv", "coefficients.csv", "bed_days.csv")


def no_bed_days() -> pl.DataFrame:
    """The bed-day table of a catalogue whose stays had no bed days."""
    return pl.DataFrame(schema=BED_DAY_SCHEMA)


@dataclass(frozen=True, repr=False)
class Catalogue(Shown):
    """The catalogue in memory; points, cv and coefficients in 1/10,000, money in fen.

    groups: GROUP_SCHEMA, sorted by drg and account, one row a group, or a row for each account that
    has its own: a stay takes the row of its account first, then the one without. stability: one of
    STABILITIES. base_points is null for an unstable group
    where the policy says unstable_base_points = "none". A published catalogue has null in cases,
    kept, median_fen, sd_fen and cv, and a stand-in of info.stand_ins in the last three.

    coefficients: COEFFICIENT_SCHEMA, sorted by drg, level, hospital_id (nulls first). A stay takes
    the first coefficient that is not null of
      1. the row of its drg and hospital_id,
      2. the row of its drg and level without hospital_id,
      3. the row of its level without drg and hospital_id (every group: policy per = "level"),
      4. 1.
    hospital_cases and hospital_total_fen are the hospital's kept cases of the group, level_cases and
    level_total_fen the level's: means for reference_mean, null where there are too few (or in a
    published catalogue). In a row without drg they cover every group, so they are no mean of a group.
    With per = "level" the rows of a drg are there for these sums: their coefficient is null.
    How it was made: coefficient = hospital part x weight + level part x weight, clamped.
    hospital_part_from: "hospital" (hospital_total / hospital_cases / mean of the group), "level"
    (the level part again) or "one". level_part_from: the level whose level_total / level_expected
    is the level part (see its row), x level_factor; it is another level than the row's where the
    row's own has too few cases (missing_part = "neighbour"). clamped: the mix was out of bounds.
    level_expected_fen: what the level's cases would cost at the mean of their groups.
    All of these are null where the coefficient is 1 by groups_without, or published.

    bed_days: BED_DAY_SCHEMA, sorted by bed_day_class, level (nulls first). The mean cost of a day
    is total_fen / days, its points that / all_mean_fen x 100, not rounded. A row without level
    covers all levels of the class: it holds for a level that has no row.
    """

    info: CatalogueInfo
    groups: pl.DataFrame
    coefficients: pl.DataFrame
    bed_days: pl.DataFrame = field(default_factory=no_bed_days)

    def shown_facts(self) -> Iterator[tuple[str, object]]:
        """What is printed of it."""
        yield "id", self.info.id
        yield "kind", self.info.kind
        yield "scheme", self.info.scheme
        for name in ("groups", "coefficients", "bed_days"):
            yield name, getattr(self, name)

    @property
    def all_mean_fen(self) -> Fraction:
        """Mean cost over all kept cases, not rounded."""
        return Fraction(self.info.all_total_fen, self.info.all_cases)

    @property
    def levels(self) -> list[str]:
        """The levels of hospitals that it knows, sorted; none where it has no coefficient by level.

        Those with a coefficient of any group, and those it was calibrated from: what holds for a
        level of too few cases is a rule of the policy (missing_part), no gap.
        """
        known = self.coefficients.filter(pl.col("coefficient").is_not_null())["level"].drop_nulls()
        return sorted({*known, *self.info.levels}) if len(known) else []


def save_catalogue(catalogue: Catalogue, folder: Path) -> None:
    """Write the catalogue's folder; the same catalogue gives the same bytes."""
    info = json.dumps(catalogue.info.model_dump(), ensure_ascii=False, indent=2)
    (folder / "catalogue.json").write_text(info + "\n", encoding="utf-8")
    for name, table in catalogue_tables(catalogue).items():
        table.write_csv(folder / f"{name}.csv")


def catalogue_tables(catalogue: Catalogue) -> dict[str, pl.DataFrame]:
    """The tables of the folder by name, as decimals: money in yuan."""
    tables = {
        "groups": catalogue.groups,
        "coefficients": catalogue.coefficients,
        "bed_days": with_day_points(catalogue),
    }
    return {
        name: frame.select(
            (
                pl.col(field.memory)
                if field.kind.places is None
                else as_decimal(field.memory, field.kind.places)
            ).alias(field.name)
            for field in _TABLES[name].fields
        )
        for name, frame in tables.items()
    }


def with_day_points(catalogue: Catalogue) -> pl.DataFrame:
    """The bed-day table with `day_points` for the reader: points of a day in 1/10^8, rounded."""
    mean, places = catalogue.all_mean_fen, _TABLES["bed_days"].field("day_points").kind.places
    assert places is not None
    points = [
        half_up(Fraction(total, days) / mean * 100 * 10**places)
        for total, days in catalogue.bed_days.select("total_fen", "days").iter_rows()
    ]
    return catalogue.bed_days.with_columns(pl.Series("day_points", points, pl.Int64))


def load_catalogue(folder: Path, scheme: Scheme) -> Catalogue:
    """Read a catalogue; raises DrgpayError if it is damaged or was made for another scheme."""
    catalogue = read_catalogue(folder)
    info = catalogue.info
    if info.scheme != scheme.info.id or info.scheme_hash != scheme.content_hash:
        made_for = alike(info.scheme)
        if info.scheme == scheme.info.id:
            made_for = _ERRORS.words("other_scheme.with_other_tables", scheme=info.scheme)
        said = {"made_for": made_for, "scheme": scheme.info.id}
        raise DrgpayError(*_ERRORS("other_scheme", folder=folder, **said))
    return catalogue


def read_catalogue(folder: Path) -> Catalogue:
    """Read a catalogue of whatever scheme; raises DrgpayError if it is damaged."""
    info = _load_info(folder / "catalogue.json")
    bed_days = _load_table(folder, "bed_days")
    catalogue = Catalogue(
        info,
        _with_stability(_load_table(folder, "groups", _ADDED_TO_GROUPS)),
        _load_table(folder, "coefficients"),
        bed_days.drop("day_points"),
    )
    _refuse_damage(catalogue, bed_days, folder)
    return catalogue


def scheme_of(folder: Path) -> str:
    """The id of the scheme that a catalogue was made for; raises DrgpayError for no catalogue."""
    return _load_info(folder / "catalogue.json").scheme


def catalogue_hash(folder: Path) -> str:
    """A hash over the files of a catalogue that pay; its report is not among them."""
    digest = hashlib.sha256()
    for name in _HASHED:
        digest.update((folder / name).read_bytes())
    return digest.hexdigest()


def _refuse_damage(catalogue: Catalogue, bed_days_of_file: pl.DataFrame, folder: Path) -> None:
    """Refuse rows that would price a stay twice or not at all."""
    for name, frame, key, needed in (
        (
            "groups",
            catalogue.groups,
            ["drg", "account"],
            ["drg", "mean_fen", "stable", "stability"],
        ),
        ("coefficients", catalogue.coefficients, ["drg", "level", "hospital_id"], ["level"]),
        (
            "bed_days",
            catalogue.bed_days,
            ["bed_day_class", "level"],
            ["bed_day_class", "cases", "days", "total_fen"],
        ),
    ):
        path = folder / f"{name}.csv"
        for column in needed:
            if frame[column].null_count():
                names = {field.memory: field.name for field in _TABLES[name].fields}
                raise DrgpayError(*_ERRORS("empty_cell", path=path, column=names[column]))
        repeated = frame.filter(pl.struct(key).is_duplicated())
        if repeated.height:
            said = listed(value or "-" for value in repeated.select(key).row(0))
            raise DrgpayError(*_ERRORS("row_twice", path=path, key=said))
    _refuse_wrong_stability(catalogue.groups, folder / "groups.csv")
    wrong = catalogue.bed_days.filter((pl.col("days") <= 0) | (pl.col("total_fen") <= 0))
    if wrong.height:
        bed_day_class = wrong["bed_day_class"][0]
        raise DrgpayError(
            *_ERRORS("no_days", path=folder / "bed_days.csv", bed_day_class=bed_day_class)
        )
    if not with_day_points(catalogue).equals(bed_days_of_file):
        raise DrgpayError(*_ERRORS("wrong_day_points", path=folder / "bed_days.csv"))


def _refuse_wrong_stability(groups: pl.DataFrame, path: Path) -> None:
    unknown = groups.filter(~pl.col("stability").is_in(STABILITIES))
    if unknown.height:
        drg, stability = unknown.select("drg", "stability").row(0)
        said = {"drg": drg, "stability": stability, "known": listed(STABILITIES)}
        raise DrgpayError(*_ERRORS("unknown_stability", path=path, **said))
    differs = groups.filter(pl.col("stable") != (pl.col("stability") == "stable"))
    if differs.height:
        drg = differs["drg"][0]
        raise DrgpayError(*_ERRORS("contradicting_stability", path=path, drg=drg))


def _with_stability(groups: pl.DataFrame) -> pl.DataFrame:
    """An older catalogue does not say why a group is unstable: nothing is compared with its mean."""
    if groups["stability"].null_count() < groups.height:
        return groups
    said = pl.when("stable").then(pl.lit("stable")).otherwise(pl.lit("stand_in"))
    return groups.with_columns(stability=said)


def _load_info(path: Path) -> CatalogueInfo:
    if not path.is_file():
        raise DrgpayError(*_ERRORS("no_catalogue", folder=path.parent, file=path.name))
    try:
        return CatalogueInfo.model_validate_json(path.read_bytes())
    except ValidationError as error:
        told = validation_sentence(error, {})
        raise DrgpayError(*_ERRORS("wrong_catalogue", path=path, told=told)) from None


def _load_table(folder: Path, name: str, added: Collection[str] = ()) -> pl.DataFrame:
    """A table of the folder; columns in `added` may be missing in an older one (null)."""
    path, fields = folder / f"{name}.csv", _TABLES[name].fields
    schema = schema_of_file(_TABLES[name])
    try:
        there = pl.read_csv(path, n_rows=0, glob=False).columns
        lacking = [name for name in added if name not in there]
        frame = pl.read_csv(
            path,
            schema={name: dtype for name, dtype in schema.items() if name not in lacking},
            glob=False,
        ).with_columns(pl.lit(None, schema[name]).alias(name) for name in lacking)
    except (pl.exceptions.PolarsError, OSError) as error:
        detail = str(error).splitlines()[0]
        raise DrgpayError(*_ERRORS("unreadable_catalogue", path=path, detail=detail)) from None
    return frame.select(
        (
            pl.col(field.name)
            if field.kind.places is None
            else pl.col(field.name).to_physical().cast(pl.Int64)
        ).alias(field.memory)
        for field in fields
    )
