"""The scheme before, of whose points a phase-in still pays a share: for a run, and kept in its folder.

docs/points.md, "Phase-in"; how points are made of both is points/phase_in.py.
"""

from collections.abc import Iterable, Sequence

import polars as pl

from drgpay.base.errors import DrgpayError
from drgpay.base.words import Sentences
from drgpay.grouper.grouped_stays import FORMER_COLUMNS
from drgpay.points.catalogue import Catalogue, read_catalogue
from drgpay.points.phase_in import needs_former
from drgpay.results.columns import columns_of, written
from drgpay.results.run_folder import PaidPart
from drgpay.results.tables import FORMER_GROUPS
from drgpay.run.rules import FormerScheme, StayRules

_ERRORS = Sentences("errors/run")

FORMER_CATALOGUE = "former_catalogue"
"""Where the copy of the catalogue before lies in a run that pays a share of its points."""


def former_of(rules: StayRules, months: Iterable[str]) -> FormerScheme | None:
    """The scheme before, where a phase-in still pays a share of its points in any of some months.

    Raises DrgpayError where it does and the scheme is not named.
    """
    if not needs_former(rules.policy.points.phase_in, months):
        return None
    if rules.former is None:
        raise DrgpayError(*_ERRORS("no_former_scheme", path=rules.loaded.path))
    return rules.former


def former_frames(former: pl.DataFrame, rules: StayRules) -> dict[str, pl.DataFrame]:
    """The table of what the stays would have earned under the scheme before (FORMER_SCHEMA)."""
    if rules.former is None or not former.height:
        return {}
    return {FORMER_GROUPS: written(former, columns_of(FORMER_GROUPS))}


def former_catalogue_of(run: PaidPart) -> Catalogue | None:
    """The copy of the catalogue before, where the run has one."""
    return read_catalogue(run.folder / FORMER_CATALOGUE) if run.has(FORMER_GROUPS) else None


def with_former_groups(run: PaidPart, stays: pl.DataFrame) -> pl.DataFrame:
    """Stays of a run with FORMER_COLUMNS, where it paid a share of their former points."""
    return with_groups_of_months([run], stays)


def with_groups_of_months(months: Sequence[PaidPart], stays: pl.DataFrame) -> pl.DataFrame:
    """Stays with FORMER_COLUMNS, as the runs of their months have them; null of the others.

    Of the runs' tables the range of their case_ids is read.
    """
    ids = stays["case_id"].cast(pl.String)
    before = [
        run.scaled_between(
            FORMER_GROUPS, ["case_id", *FORMER_COLUMNS], str(ids.min()), str(ids.max())
        )
        for run in months
        if run.has(FORMER_GROUPS) and stays.height
    ]
    if not before:
        return stays
    return stays.join(pl.concat(before), on="case_id", how="left", maintain_order="left")
