"""An evaluation: indicators computed and scored, hospitals ranked, money found, lost points priced."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import polars as pl

from drgpay.base.errors import DrgpayError
from drgpay.base.exact import half_up
from drgpay.base.words import Sentences
from drgpay.evaluation.file import EvaluationJob, weighs_deductions
from drgpay.evaluation.money import Line, Paid, alone_paid, open_cleared, paid_lines, prove
from drgpay.evaluation.ranks import Rank, ranks
from drgpay.evaluation.reading import read_material, year_before
from drgpay.evaluation.risk_classes import RiskClasses
from drgpay.evaluation.score import SCORE
from drgpay.evaluation.scorecard import Scorecard, Scored, scorecard
from drgpay.results.manifest import read_manifest
from drgpay.run.input_files import InputFiles

_ERRORS = Sentences("errors/evaluation")
_FULL = 100 * SCORE


@dataclass(frozen=True)
class Lost:
    """What an indicator of a hospital costs: points of the total (1/100), and yuan if it were full."""

    points: int | None
    fen: int | None


@dataclass(frozen=True)
class Evaluation:
    """What was found. lost: by hospital, in the order of the indicators. paid: empty without a clearing."""

    job: EvaluationJob
    card: Scorecard
    hospitals: pl.DataFrame
    risk: RiskClasses | None
    ranks: Mapping[str, Rank]
    paid: Sequence[Paid]
    lost: Mapping[str, Sequence[Lost]]
    objections: pl.DataFrame | None
    runs: Sequence[str]
    files: Mapping[str, str]
    stays: int


def evaluate(job: EvaluationJob) -> Evaluation:
    """Evaluate the hospitals of a year; raises DrgpayError for inputs that do not fit together."""
    read = InputFiles()
    material, risk = read_material(job, read)
    if material.deducts and weighs_deductions(job):
        raise DrgpayError(*_ERRORS("punished_twice", path=job.path))
    card = scorecard(material, job.file, year_before(material))
    rules = job.file.money
    paid: list[Paid] = []
    if job.clearing is not None:
        cleared = open_cleared(job.clearing, job.year, rules)
        paid = paid_lines(cleared.lines, card.totals, rules)
        prove(paid, cleared.pools)
    lines = [one.line for one in paid]
    files = {
        **{name: read.sha256(path) for name, path in sorted(job.tables.items())},
        "hospitals": read.sha256(job.hospitals),
    }
    read.refuse_changed()
    return Evaluation(
        job=job,
        card=card,
        hospitals=material.hospitals,
        risk=risk,
        ranks=ranks(card, job.file.ranks.draws, job.file.ranks.seed),
        paid=paid,
        lost={one: lost_points(card, one, lines, job) for one in card.hospitals},
        objections=material.tables.get("objections"),
        runs=[read_manifest(one.run).run_id for one in job.runs],
        files=files,
        stays=material.stays.height,
    )


def lost_points(
    card: Scorecard, hospital: str, lines: Sequence[Line], job: EvaluationJob
) -> list[Lost]:
    """Of each indicator: the points of the total that are missing, and the yuan that they cost alone."""
    total = card.totals[hospital]
    mine = [line for line in lines if line.hospital == hospital]
    row = card.scored[hospital]
    scored = sum((Fraction(one.rules.weight) for one in row if one.score is not None), Fraction(0))
    return [_lost(one, total, scored, mine, job) for one in row]


def _lost(
    one: Scored, total: int | None, scored: Fraction, lines: Sequence[Line], job: EvaluationJob
) -> Lost:
    if one.score is None or total is None or not one.rules.weight:
        return Lost(None, None)
    points = half_up((_FULL - one.score) * Fraction(one.rules.weight) / scored)
    if not lines:
        return Lost(points, None)
    rules = job.file.money
    now, then = (
        sum(alone_paid(line, score, rules).lost_fen for line in lines)
        for score in (total, min(total + points, _FULL))
    )
    return Lost(points, now - then)
