"""From the grouped lines of visits to entries: what each visit is paid for, and why not more."""

from collections.abc import Collection, Mapping

import numpy as np
import polars as pl

from drgpay.base.errors import DrgpayError
from drgpay.base.words import Sentences
from drgpay.policy.outpatient import Outpatient
from drgpay.visits.at_cost import paid_costs
from drgpay.visits.columns import ENTRY_SCHEMA, REASONS
from drgpay.visits.group_table import CODES, GroupTable, group_table
from drgpay.visits.steps import OrderedEntries, factors_and_reasons

_ERRORS = Sentences("errors/visits")


def entries_of(
    visits: pl.DataFrame,
    lines: pl.DataFrame,
    medical: pl.DataFrame,
    packaged: Collection[str],
    base_points: pl.DataFrame | None,
    rules: Outpatient,
    code_types: Mapping[str, pl.DataType] = ENTRY_SCHEMA,
) -> pl.DataFrame:
    """The entries of visits: one row a visit and group.

    visits: unique visit_id, hospital_id, account, visit_type and, if there, pharmacy (none is).
    lines: visit_id, class, family, apg, amount_fen (above 0, each of a visit above); fastest where
    visits and lines are sorted by visit_id. medical: visit_id, family, apg of the visits with a
    medical group (class MED), at most one a visit; it counts for no visit without lines and for no
    prescription (`pharmacy_visits`). packaged: families and APGs on the uniform packaging list.
    base_points: apg, base_points in 1/10,000 (null: the group has none); None before the first
    calibration, when the amount of an entry's own lines orders the procedures and every group can
    be paid.

    code_types: the types of class, family, apg and reason in the result.

    Returns ENTRY_SCHEMA, sorted by visit_id, in a visit by falling base points (without a
    catalogue: by falling own amount) and then apg; groups without base points last. quantity is the
    number of lines (0 for the medical group), lines_fen what they cost: over the entries of a visit
    they add up to all its lines. factor is in 1/10,000: an entry earns base_points x factor x the
    coefficient of its group and level, 0 for UNPAID_REASONS. base_points stands in unpaid entries
    too, and is null where the catalogue has none. paid_cost_fen is what an entry at cost is paid for
    (`paid_costs`), null in others.
    Raises DrgpayError for a line or medical group of a visit that is not there.
    """
    entries, _ = entries_with_places(
        visits, lines, medical, packaged, base_points, rules, code_types
    )
    return entries


def entries_with_places(
    visits: pl.DataFrame,
    lines: pl.DataFrame,
    medical: pl.DataFrame,
    packaged: Collection[str],
    base_points: pl.DataFrame | None,
    rules: Outpatient,
    code_types: Mapping[str, pl.DataType] = ENTRY_SCHEMA,
) -> tuple[pl.DataFrame, np.ndarray]:
    """`entries_of`, and of each entry the place of its visit among the visits by visit_id."""
    visits = visits if visits["visit_id"].is_sorted() else visits.sort("visit_id")
    prescriptions = _prescriptions(visits, rules)
    visit_of_line = visit_numbers(visits["visit_id"], lines["visit_id"])
    lines = _coded(lines)
    medical, visit_of_medical = _of_paid_visits(medical, visits, visit_of_line, prescriptions)
    medical = _coded(medical)
    groups = group_table(lines, medical, packaged, base_points)
    entries, lines_fen = _added(lines, visit_of_line, medical, visit_of_medical, groups)
    if base_points is None:
        order = _by_own_amount(entries, lines_fen)
        lines_fen = lines_fen[order]
        entries = OrderedEntries(
            entries.visit[order], entries.group[order], entries.quantity[order]
        )
        priced = groups.grouped
    else:
        priced = groups.base_points >= 0
    factor, reason = factors_and_reasons(
        entries, groups, _paid_by_points(visits, rules), prescriptions, priced, rules
    )
    named = visits.select(pl.col("visit_id", "hospital_id", "account").cast(pl.String))[
        entries.visit
    ]
    base = pl.Series("base_points", groups.base_points[entries.group])
    frame = pl.DataFrame(
        [
            *named,
            *groups.codes.with_columns(pl.col(name).cast(code_types[name]) for name in CODES)[
                entries.group
            ],
            pl.Series("quantity", entries.quantity),
            pl.Series("lines_fen", lines_fen),
            base.set(base < 0, None),
            pl.Series("factor", factor),
            paid_costs(entries, groups, lines_fen, reason, prescriptions),
            pl.Series("reason", REASONS).cast(code_types["reason"]).gather(reason),
        ]
    ).select(list(ENTRY_SCHEMA))
    return frame, entries.visit


def _prescriptions(visits: pl.DataFrame, rules: Outpatient) -> np.ndarray:
    """Of each visit, whether it is paid as a prescription filled at a pharmacy."""
    if rules.pharmacy_visits == "visits" or "pharmacy" not in visits.columns:
        return np.zeros(visits.height, dtype=np.bool_)
    return visits["pharmacy"].to_numpy()


def _of_paid_visits(
    medical: pl.DataFrame, visits: pl.DataFrame, of_lines: np.ndarray, prescriptions: np.ndarray
) -> tuple[pl.DataFrame, np.ndarray]:
    """The medical groups without those of visits that have no line, and of prescriptions; the place
    of the visit of each.
    """
    places = visit_numbers(visits["visit_id"], medical["visit_id"])
    seen = np.zeros(visits.height, dtype=np.bool_)
    seen[of_lines] = True
    seen &= ~prescriptions
    if seen.all():
        return medical, places
    kept = seen[places]
    return medical.filter(pl.Series(kept)), places[kept]


def _by_own_amount(entries: OrderedEntries, lines_fen: np.ndarray) -> np.ndarray:
    """The places of entries by visit, falling amount and group."""
    keys = {"visit": entries.visit, "amount": -lines_fen, "group": entries.group}
    return pl.DataFrame(keys).select(pl.arg_sort_by(*keys)).to_series().to_numpy()


def _coded(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with its codes as categoricals: each code is then looked at once."""
    names = [name for name in ("class", "family", "apg") if name in frame.columns]
    return frame.with_columns(pl.col(names).cast(pl.Categorical))


def _paid_by_points(visits: pl.DataFrame, rules: Outpatient) -> np.ndarray:
    types = [row.visit_type for row in rules.visit_types if row.payment == "points"]
    wanted = pl.Series(types, dtype=pl.String)
    return visits["visit_type"].cast(pl.String).is_in(wanted.implode()).to_numpy()


def _added(
    lines: pl.DataFrame,
    visit_of_line: np.ndarray,
    medical: pl.DataFrame,
    visit_of_medical: np.ndarray,
    groups: GroupTable,
) -> tuple[OrderedEntries, np.ndarray]:
    """Lines of the same group of a visit added up, with the medical groups, in the order of groups.

    The second is the amount of each entry's lines.
    """
    count = groups.codes.height
    line_group = groups.of_line[lines["apg"].to_physical().to_numpy()]
    visit_group = groups.of_visit[medical["apg"].to_physical().to_numpy()]
    key = visit_of_line * count + line_group
    medical_key = visit_of_medical * count + visit_group
    order = np.argsort(key)  # lines of one key are added up, whatever their order
    ordered = key[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]][: len(ordered)])
    amounts = lines["amount_fen"].to_numpy()[order]
    fen = np.add.reduceat(amounts, starts) if len(starts) else np.empty(0, np.int64)
    quantity = np.diff(np.r_[starts, len(ordered)])
    keys = np.r_[ordered[starts], medical_key]
    place = np.argsort(keys, kind="stable")
    none = np.zeros(len(medical_key), dtype=np.int64)
    visit, group = np.divmod(keys[place], count) if count else (keys, keys)
    entries = OrderedEntries(visit, group, np.r_[quantity, none][place])
    return entries, np.r_[fen, none][place]


def visit_numbers(visit_ids: pl.Series, of_rows: pl.Series) -> np.ndarray:
    """The place of the visit of each row among sorted, unique visit_ids.

    Raises DrgpayError for a row of a visit that is not among them.
    """
    if not of_rows.is_sorted():
        return _places(visit_ids, of_rows)
    runs = of_rows.rle().struct.unnest()
    return np.repeat(_places(visit_ids, runs["value"]), runs["len"].to_numpy())


def _places(visit_ids: pl.Series, wanted: pl.Series) -> np.ndarray:
    if wanted.len() == visit_ids.len() and (wanted == visit_ids).all():
        return np.arange(visit_ids.len(), dtype=np.int64)
    places = visit_ids.alias("visit_id").to_frame().with_row_index("place")
    found = (
        wanted.alias("visit_id")
        .to_frame()
        .join(places, on="visit_id", how="left", maintain_order="left")["place"]
    )
    if found.null_count():
        unknown = wanted.filter(found.is_null())[0]
        raise DrgpayError(*_ERRORS("line_without_visit", visit=unknown))
    return found.cast(pl.Int64).to_numpy()
