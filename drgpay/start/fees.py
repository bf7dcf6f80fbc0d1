"""Kinds of cost out of a sheet of fees beside the list: which fees are which, and what they add up to."""

from collections.abc import Mapping

import polars as pl

from drgpay.base.language import Words
from drgpay.base.words import Wording
from drgpay.start.content import fen_of, readable_share
from drgpay.start.fee_classes import COST_KINDS, kind_of_fee
from drgpay.start.found import Form, Found, Sureness
from drgpay.start.given import Given
from drgpay.start.headings import known_headings

WORDS = Wording("start")
_OTHER_FEE = "x:other_costs"
_TOTAL = "total_cost"
_ENOUGH = 0.95


def fee_kinds(given: Given) -> dict[str, str]:
    """Each fee of a file -> the kind of cost that it is of, "" for none of ours.

    Columns of a sheet of fees that are sums, parts of fees or no amounts are no fees.
    """
    known = known_headings("stays")
    kinds: dict[str, str] = {}
    for heading in given.fees:
        kind = kind_of_fee(heading)
        if kind is None:
            meant = next(iter(known.of(heading)), None)
            if meant is None:
                amounts = given.sample(heading)
                unread = not amounts.drop_nulls().len() or readable_share(_TOTAL, amounts) < _ENOUGH
                kind = None if unread else ""
            elif meant.column in COST_KINDS or meant.column == _OTHER_FEE:
                kind = meant.column if meant.column in COST_KINDS else ""
        if kind is not None:
            kinds[heading] = kind
    return kinds


def costs_of_fees(
    given: Given, kinds: Mapping[str, str], total: Found | None
) -> tuple[dict[str, Found], list[Words]]:
    """Kinds of cost as sums of fees: certain where all fees of a stay are its total cost."""
    if not kinds:
        return {}, []
    remarks: list[Words] = []
    sureness, why = Sureness.LIKELY, WORDS.words("why.fees")
    if total is not None and total.headings:
        rest = _summed(given, total.headings) - _summed(given, tuple(kinds))
        share = int((rest.abs() <= 1).sum() or 0) / max(len(rest), 1)
        if share > _ENOUGH:
            sureness = Sureness.CERTAIN
            why = WORDS.words("why.fees_add_up", share=f"{share:.1%}")
        else:
            said = {"heading": " + ".join(total.headings), "share": f"{share:.1%}"}
            remarks.append(WORDS.words("remark.fees_differ", **said))
    found = {}
    for column in COST_KINDS:
        headings = tuple(fee for fee, kind in kinds.items() if kind == column)
        if headings:
            found[column] = Found(column, headings, Form.SUM, sureness, why)
    return found, remarks


def _summed(given: Given, headings: tuple[str, ...]) -> pl.Series:
    """The sum of some columns, in fen."""
    amounts = [fen_of(_TOTAL, given.sample(heading)).fill_null(0) for heading in headings]
    return pl.DataFrame(amounts).sum_horizontal()
