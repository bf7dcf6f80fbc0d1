"""What scores change in a clearing: factor or sharing, bond, redistribution; proved for every pool.

The score goes into one factor: the clearing's policy must have no [clearing.assessment] of its own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import polars as pl

from drgpay.base.errors import DrgpayError
from drgpay.base.exact import apportion, half_up
from drgpay.base.words import Sentences
from drgpay.evaluation.bond import bond_back_fen, bond_fen
from drgpay.evaluation.factor import factor_of
from drgpay.evaluation.file import MoneyFile
from drgpay.results.part import STAYS
from drgpay.results.run_folder import PaidPart, open_clearing
from drgpay.run.kept_rules import policy_kept

_ERRORS = Sentences("errors/evaluation")


@dataclass(frozen=True)
class Line:
    """A hospital in a pool of the clearing. part_fen: of diff (B_final - F), by standard amounts."""

    hospital: str
    pool: str
    points: int
    standard_fen: int
    fund_fen: int
    prepaid_fen: int
    part_fen: int


@dataclass(frozen=True)
class Pool:
    """A pool of the clearing. available_fen: B_final and what home funds add."""

    name: str
    available_fen: int
    kept_fen: int
    remainder_fen: int


@dataclass(frozen=True)
class Cleared:
    """What of a clearing money goes by."""

    lines: Sequence[Line]
    pools: Sequence[Pool]


@dataclass(frozen=True)
class Paid:
    """A line with its money. withheld_fen: by factor or sharing; given_fen: redistributed to it.

    bond_lost_fen: of the bond, which is a part of what prepayment holds back.
    """

    line: Line
    factor: Fraction
    withheld_fen: int
    given_fen: int
    bond_fen: int
    bond_back_fen: int

    @property
    def bond_lost_fen(self) -> int:
        """What of the bond stays in the fund."""
        return self.bond_fen - self.bond_back_fen

    @property
    def payable_fen(self) -> int:
        """What the hospital is due for the year."""
        return self.line.fund_fen - self.withheld_fen + self.given_fen - self.bond_lost_fen

    @property
    def lost_fen(self) -> int:
        """What the score costs."""
        return self.withheld_fen + self.bond_lost_fen


def open_cleared(folder: Path, year: int, rules: MoneyFile) -> Cleared:
    """Lines and pools of a clearing of the year.

    Raises DrgpayError for one of another year, one whose policy assesses too, and a bond above what
    prepayment holds back.
    """
    run = open_clearing(folder)
    if run.period != str(year):
        raise DrgpayError(*_ERRORS("clearing_of_other_year", folder=folder, year=year))
    policy = policy_kept(run)
    if rules.use != "none" and policy.clearing and policy.clearing.assessment:
        raise DrgpayError(*_ERRORS("assessed_twice", folder=folder))
    refuse_large_bond(rules, policy.settlement.prepay_ratio)
    part = run.of(STAYS)
    return Cleared(_lines(part), _pools(part))


def refuse_large_bond(rules: MoneyFile, prepay_ratio: Decimal) -> None:
    """The bond is a part of what prepayment holds back, named apart: it cannot be more."""
    held = 1 - prepay_ratio
    if rules.bond_ratio is not None and rules.bond_ratio > held:
        said = {"bond": f"{rules.bond_ratio:f}", "held": f"{held:f}"}
        raise DrgpayError(*_ERRORS("bond_above_held_back", **said))


def _pools(part: PaidPart) -> list[Pool]:
    rows = part.scaled_pools().sort("pool").iter_rows(named=True)
    return [
        Pool(
            row["pool"],
            row["budget_final_fen"] + row["from_home_funds_fen"],
            row["kept_fen"],
            row["remainder_fen"],
        )
        for row in rows
    ]


def _lines(part: PaidPart) -> list[Line]:
    """Lines in the pool added up for each hospital and pool; a part of diff for each."""
    rows = (
        part.scaled("statements")
        .filter(pl.col("in_pool"))
        .group_by("pool", "hospital_id")
        .agg(pl.col("points", "standard_fen", "fund_amount_fen", "prepaid_fen").sum())
        .sort("pool", "hospital_id")
    )
    diffs = {
        pool: final - spent
        for pool, final, spent in part.scaled_pools()
        .select("pool", "budget_final_fen", "fund_fen")
        .iter_rows()
    }
    found = []
    for (pool,), mine in rows.group_by("pool", maintain_order=True):
        parts = apportioned(diffs.get(str(pool), 0), mine["standard_fen"].to_list())
        found += [
            Line(
                row["hospital_id"],
                row["pool"],
                row["points"],
                row["standard_fen"],
                row["fund_amount_fen"],
                row["prepaid_fen"],
                share,
            )
            for row, share in zip(mine.iter_rows(named=True), parts, strict=True)
        ]
    return found


def apportioned(total_fen: int, weights: Sequence[int]) -> list[int]:
    """An amount, which may be negative, by largest remainder over weights above 0."""
    positive = [max(weight, 0) for weight in weights]
    if not any(positive):
        return [0] * len(positive)
    sign = -1 if total_fen < 0 else 1
    return [sign * part for part in apportion(abs(total_fen), positive)]


def paid_lines(
    lines: Sequence[Line], scores: Mapping[str, int | None], rules: MoneyFile
) -> list[Paid]:
    """The money of every line; scores in 1/100, None or absent: not rated."""
    alone = [alone_paid(line, scores.get(line.hospital), rules) for line in lines]
    if rules.withheld == "keep":
        return alone
    given = [0] * len(alone)
    for pool in sorted({line.pool for line in lines}):
        places = [place for place, line in enumerate(lines) if line.pool == pool]
        weights = [
            _claim(lines[place], scores.get(lines[place].hospital), rules) for place in places
        ]
        total = sum(alone[place].withheld_fen for place in places)
        for place, share in zip(places, apportioned(total, weights), strict=True):
            given[place] = share
    return [
        Paid(one.line, one.factor, one.withheld_fen, fen, one.bond_fen, one.bond_back_fen)
        for one, fen in zip(alone, given, strict=True)
    ]


def alone_paid(line: Line, score: int | None, rules: MoneyFile) -> Paid:
    """What a score takes from a line, before anything is redistributed."""
    factor = factor_of(score, rules)
    bond = bond_fen(line.prepaid_fen, rules)
    back = bond_back_fen(bond, score, rules)
    return Paid(line, factor, _withheld(line, factor, rules), 0, bond, back)


def _withheld(line: Line, factor: Fraction, rules: MoneyFile) -> int:
    """By factor: of the fund amount; by sharing: of the hospital's part of surplus or overrun."""
    if rules.use == "factor":
        fund = line.fund_fen
        return fund - half_up(fund * factor) if fund > 0 else 0
    if rules.use == "share":
        part = line.part_fen
        if part >= 0:
            return part - half_up(part * factor)
        return half_up(-part * (2 - factor)) + part
    return 0


def _claim(line: Line, score: int | None, rules: MoneyFile) -> int:
    """Score x points of who has enough of both."""
    if score is None or Fraction(score, 100) < Fraction(rules.redistribute_from):
        return 0
    return score * max(line.points, 0)


def prove(paid: Sequence[Paid], pools: Sequence[Pool]) -> None:
    """Raise DrgpayError unless payable + withheld + kept + remainder is what each pool has."""
    for pool in pools:
        mine = [one for one in paid if one.line.pool == pool.name]
        stays = sum(one.lost_fen - one.given_fen for one in mine)
        total = sum(one.payable_fen for one in mine) + stays + pool.kept_fen + pool.remainder_fen
        if total != pool.available_fen:
            said = {"pool": pool.name, "total": f"{total / 100:.2f}"}
            raise DrgpayError(
                *_ERRORS("money_open", available=f"{pool.available_fen / 100:.2f}", **said)
            )
