"""What a settlement gives, of a month or of a year, of stays or of visits: a year has more columns."""

from dataclasses import dataclass, field

import polars as pl

from drgpay.base.shown import Shown

RATE_SCHEMA: dict[str, pl.DataType] = {
    "pool": pl.String(),
    "accounts": pl.List(pl.String()),
    "account": pl.String(),
    "level": pl.String(),
    "cases": pl.Int64(),
    "total_fen": pl.Int64(),
    "patient_fen": pl.Int64(),
    "other_fen": pl.Int64(),
    "points": pl.Int64(),
    "deducted_points": pl.Int64(),
    "point_value": pl.Int64(),
    "fund_amount_fen": pl.Int64(),
    "kept_fen": pl.Int64(),
}
"""What an account and a level earn by their rate: a value, and sums over the lines in the pool."""


@dataclass(frozen=True, repr=False)
class Settled(Shown):
    """A settled month or a cleared year in scaled integers: money in fen; points, scores and factors
    in 1/10,000.

    pools: one row a pool with cases or a budget, in the order of the policy: pool (its accounts
    joined by +), accounts (list), budget_given_fen (of the policy, of a year what the months gave),
    item_by_item_fen (what local stays beside the points cost the fund), item_share (1/10,000 of
    budget_given), budget_fen (B, what the points share: less item_by_item where the policy says so),
    available_fen (what is shared out: B, of a year budget_final), from_home_funds_fen, cases (in the
    pool), fund_fen (F: of its local cases), total_fen, patient_fen, other_fen, points,
    deducted_points (D), waiting_points, point_value (null where no case of the pool earned points,
    and with method rate; places as the policy says), fund_amount_fen, kept_fen (what the fund keeps
    for D), remainder_fen. A year also has reserve_fen, surplus_fen, overrun_fen, retained_fen (of the
    surplus), shared_fen (of the overrun, borne by the fund), budget_final_fen, and over its lines in
    the pool assessment_fen, redistributed_fen, deduction_fen, withheld_fen, payable_fen, prepaid_fen,
    clearing_fen.
        available + from_home_funds = fund_amount + kept + remainder; of a year
        = payable + withheld + kept + remainder.
    rates: with method rate one row for each account and level (RATE_SCHEMA), in the order of the
    policy; else empty.
    lines: one row a statement line, sorted by LINE: hospital_id, account, out_of_area, payment, pool,
    in_pool (paid by points out of the budget), paid_here (by the region's fund, not by the patients'
    home funds), cases, points (with the minus), minus_points (of the adjustments that apply to the
    hospital), waiting_points (of those that wait for the clearing, in no other figure),
    deducted_points (D: what deductions took of cases and hospital, above zero), point_value (null
    where nothing is priced), total_fen, fund_fen, patient_fen, other_fen, standard_fen, kept_fen (D's
    worth, which the fund keeps), distributed_fen (a part of standard_fen), fund_amount_fen,
    amount_fen (what the hospital gets for it in the end, from the region or from home funds: the fund
    amount, of a year payable). A month also has prepayment_fen (after deductions), deduction_fen
    (payment deductions filed), deducted_fen (taken from the prepayment), carried_fen (negative fund
    amount, less the deductions not taken; <= 0), home_fund_bill_fen. A year has score, factor (both
    null where the assessment does not apply), assessment_fen (fund amount less fund amount x factor),
    redistributed_fen, deduction_fen (of the year), payable_fen = fund_amount - assessment +
    redistributed - deduction, withheld_fen = fund_amount - payable, prepaid_fen (of all months),
    clearing_fen = payable - prepaid, home_fund_bill_fen (of the whole year), home_fund_billed_fen (by
    the months), home_fund_clearing_fen (the difference); lines of outside patients that their home
    funds pay have payable 0.
    cases: the cases given, sorted by case_id, with payment, standard_fen, case_fund_fen.
    adjustments: ALL adjustments given, with payment and standard_fen, both null where applies_to is
    `case` (the row is in the points of its case). A `hospital` row has the LINE that bears it and its
    (negative) part of that line's standard; one that is `waiting` for the clearing has 0.
        The standards of the cases and hospital rows of a line add up to the line's.
    assessment: of a year one row an assessed hospital, sorted: hospital_id, score, factor,
    fund_amount_fen (of its lines in a pool), assessment_fen, redistributed_fen. Empty of a month.
    """

    pools: pl.DataFrame
    lines: pl.DataFrame
    cases: pl.DataFrame
    adjustments: pl.DataFrame
    rates: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=RATE_SCHEMA))
    assessment: pl.DataFrame = field(default_factory=pl.DataFrame)

    @property
    def is_year(self) -> bool:
        """Whether a year was cleared."""
        return "budget_final_fen" in self.pools.columns
