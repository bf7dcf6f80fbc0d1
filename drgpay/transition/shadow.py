"""Shadow months: months that are paid, once more under another scheme and catalogue; nothing is paid.

A centre lets the new scheme run beside the one that pays for some months, and in the month of the change
the old one beside the new (docs/commands.md, drgpay shadow). Each month is a scenario of one change.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import polars as pl

from drgpay.base.errors import DrgpayError
from drgpay.base.exact import half_up
from drgpay.base.progress import Clock, ProgressBar, no_progress
from drgpay.base.shown import Shown
from drgpay.base.words import Sentences
from drgpay.grouper.compiled_cache import load_compiled
from drgpay.points.neutral_factor import FACTOR_PLACES, FACTOR_SCALE
from drgpay.results.manifest import MONTHS, TRANSITION, read_manifest
from drgpay.results.run_folder import PaidPart
from drgpay.run.job import Job, load_job
from drgpay.simulate.base import Base
from drgpay.simulate.compare import (
    Comparison,
    SchemeComparison,
    bin_of,
    change_ratio,
    cost_sums,
    explained,
)
from drgpay.simulate.guards import Noticed
from drgpay.simulate.outcome import Simulation, open_stages, simulate_over
from drgpay.simulate.scenario import Scenario, load_scenario, scenario_of

_ERRORS = Sentences("errors/transition")

SIDES = ("before", "after")
AMOUNT = "fund_amount_fen"
Factors = Mapping[str, Decimal]
"""What points of the other scheme are times, by account, to be on the scale of those that were paid:
the neutral factor k where it is the new one."""


@dataclass(frozen=True)
class ShadowMonth:
    """A paid month (before) and the same month under the other scheme (after).

    values: the pools of `comparison.values` with points_on_paid_scale (points after x k of their
    account, 1/10,000) and value_on_paid_scale (point_value_after x points_after / those, with the places
    of the value); both null without a k for every account of the pool. costs: cost_sums of grouped
    stays by side. rules: scheme, catalogue and policy by side; basis: what they are, by content.
    """

    period: str
    run: PaidPart
    job: Path
    comparison: Comparison
    schemes: SchemeComparison
    values: pl.DataFrame
    costs: Mapping[str, pl.DataFrame]
    noticed: tuple[Noticed, ...]
    rules: Mapping[str, str]
    basis: Mapping[str, Any]
    has_visits: bool

    @property
    def stops(self) -> int:
        """How many findings a run would stop at that the paid run did not accept."""
        return sum(one.accepted_by is None for one in self.noticed)


@dataclass(frozen=True, repr=False)
class Shadow(Shown):
    """The months, in their order, and what they come to together, in scaled integers.

    hospitals, levels, accounts, groups: as `Comparison` of all months; migration, quality: as
    `SchemeComparison`. scenarios: what was changed, the scheme first. factors: k, empty without.
    """

    months: tuple[ShadowMonth, ...]
    scenarios: tuple[Scenario, ...]
    factors: Factors
    output: Job
    seconds: Mapping[str, float]

    def shown_facts(self) -> Iterator[tuple[str, object]]:
        """What is printed of it."""
        yield "periods", ", ".join(month.period for month in self.months)
        yield "scheme", f"{self.rules['scheme_before']} -> {self.rules['scheme_after']}"
        yield "hospitals", self.hospitals.height

    @property
    def rules(self) -> Mapping[str, str]:
        """Scheme and catalogue by side, and the policy, of the last month."""
        return self.months[-1].rules

    @property
    def period(self) -> str:
        """From the first to the last month."""
        first, last = self.months[0].period, self.months[-1].period
        return first if first == last else f"{first}_{last}"

    @property
    def hospitals(self) -> pl.DataFrame:
        """Hospitals over all months, who gains most first; names as in the last."""
        sums = self._added("hospitals", ["hospital_id"], ("name", "level", "county"))
        return sums.with_columns(bin=bin_of(pl.col("change_fen"), pl.col(f"{AMOUNT}_before"))).sort(
            "change_fen", "hospital_id", descending=[True, False]
        )

    @property
    def levels(self) -> pl.DataFrame:
        """Levels of hospitals over all months."""
        return self._added("levels", ["level"])

    @property
    def accounts(self) -> pl.DataFrame:
        """Accounts over all months."""
        return self._added("accounts", ["account"])

    @property
    def groups(self) -> pl.DataFrame:
        """Groups of either scheme over all months."""
        return self._added("groups", ["drg"])

    @property
    def migration(self) -> pl.DataFrame:
        """Where the stays of all months went."""
        keys = ["from_drg", "to_drg"]
        rows = pl.concat([month.schemes.migration for month in self.months])
        return (
            rows.group_by(keys)
            .agg(pl.exclude(keys).sum())
            .sort("cases", *keys, descending=[True, False, False])
        )

    @property
    def quality(self) -> pl.DataFrame:
        """Coverage and R2 by side over all months."""
        rows = []
        for side in SIDES:
            of_side = [month.schemes.quality.filter(side=side) for month in self.months]
            costs = (
                pl.concat([month.costs[side] for month in self.months])
                .group_by("drg")
                .agg(pl.exclude("drg").sum())
            )
            counted = pl.concat(of_side)
            rows.append(
                {
                    **counted.row(-1, named=True),
                    **{
                        name: int(counted[name].sum())
                        for name in ("cases", "grouped", "ambiguous", "ungrouped")
                    },
                    "groups": costs.height,
                    "explained": explained(costs),
                }
            )
        return pl.DataFrame(rows)

    def _added(self, table: str, keys: list[str], facts: Sequence[str] = ()) -> pl.DataFrame:
        """A table of changes added up over the months."""
        rows = pl.concat([getattr(month.comparison, table) for month in self.months])
        sides = [name for name in rows.columns if name.endswith(SIDES)]
        return (
            rows.group_by(keys, maintain_order=True)
            .agg(pl.col(facts).last(), pl.col(sides).sum(), pl.col("change_fen").sum())
            .sort(keys, nulls_last=True)
            .with_columns(change_ratio=change_ratio("change_fen", f"{AMOUNT}_before"))
        )


def shadow(
    runs: Sequence[Path],
    jobs: Sequence[Path],
    scheme: str,
    catalogue: Path,
    *,
    points: Path | None = None,
    scenarios: Sequence[Path] = (),
    factors: Factors | None = None,
    progress: ProgressBar = no_progress,
    threads: int | None = None,
) -> Shadow:
    """Settle paid months once more under another scheme.

    runs: folders of paid months; jobs: their job files, in any order. catalogue: of the other scheme.
    points: a policy whose [points] hold under it. scenarios: further files that change it, in their
    order. Nothing is written but the cache of scenarios. Raises DrgpayError for a clearing, two runs of
    a month, a run without its job or with files that changed since, months of different schemes, a
    month that the other scheme pays already, and a catalogue of a third.
    """
    clock = Clock()
    by_period = _jobs(jobs)
    paid = _paid(runs, by_period)
    given: dict[str, Any] = {"name": Path(scheme).name, "scheme": scheme, "catalogue": catalogue}
    if points is not None:
        given["points"] = points
    other = scenario_of(given)
    changes = (other, *(load_scenario(path) for path in scenarios))
    content = load_compiled(other.scheme or scheme).scheme.content_hash
    months: list[ShadowMonth] = []
    for period in sorted(paid):
        stages = open_stages(changes, paid[period], by_period[period], progress, threads=threads)
        _refuse_schemes(stages.base, content, months)
        found = simulate_over(stages, changes)
        months.append(_month(found, factors or {}))
        clock.lap(period)
    last = load_job(by_period[months[-1].period])
    return Shadow(tuple(months), changes, dict(factors or {}), last, clock.seconds)


def factors_of(folder: Path, scheme: str) -> Factors:
    """What points of a scheme are times, to be on the scale of the other one, by a transition's folder.

    k for its new scheme, 1 / k, rounded to 6 places, for its old one. Raises DrgpayError for another
    folder, and for a scheme that is neither.
    """
    manifest = read_manifest(folder)
    table = folder / "factors.parquet"
    if manifest.kind != TRANSITION or not table.is_file():
        raise DrgpayError(*_ERRORS("no_transition", folder=folder))
    k = dict(pl.read_parquet(table).select("account", "k").iter_rows())
    content = load_compiled(scheme).scheme.content_hash
    if content == manifest.at("schemes", "new", "sha256"):
        return k
    if content == manifest.at("schemes", "old", "sha256"):
        return {account: _inverse(factor) for account, factor in k.items()}
    raise DrgpayError(*_ERRORS("transition_of_others", folder=folder, scheme=scheme))


def _inverse(factor: Decimal) -> Decimal:
    return Decimal(half_up(FACTOR_SCALE / Fraction(factor))).scaleb(-FACTOR_PLACES)


def _jobs(paths: Sequence[Path]) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for path in paths:
        period = str(load_job(path).period)
        if period in found:
            raise DrgpayError(*_ERRORS("two_jobs", period=period, first=found[period], other=path))
        found[period] = path
    return found


def _paid(runs: Sequence[Path], jobs: Mapping[str, Path]) -> dict[str, Path]:
    """The run of each month."""
    found: dict[str, Path] = {}
    for run in runs:
        manifest = read_manifest(run)
        if manifest.kind not in MONTHS:
            raise DrgpayError(*_ERRORS("no_month", run=run, kind=manifest.kind_said))
        period = manifest.period
        if period in found:
            raise DrgpayError(*_ERRORS("two_runs", period=period, first=found[period], other=run))
        if period not in jobs:
            raise DrgpayError(*_ERRORS("no_job", run=run, period=period))
        found[period] = run
    idle = sorted(jobs.keys() - found.keys())
    if idle:
        raise DrgpayError(*_ERRORS("job_without_run", job=jobs[idle[0]], period=idle[0]))
    return found


def _refuse_schemes(base: Base, content: str, months: Sequence[ShadowMonth]) -> None:
    paid_by = base.rules.scheme
    about = {"period": base.period, "scheme": paid_by.info.id}
    if paid_by.content_hash == content:
        raise DrgpayError(*_ERRORS("same_scheme_paid", **about))
    for month in months[:1]:
        if month.basis["scheme"]["sha256"] != paid_by.content_hash:
            first = {"first": month.period, "other": month.rules["scheme_before"]}
            raise DrgpayError(*_ERRORS("two_schemes", **about, **first))


def _month(found: Simulation, factors: Factors) -> ShadowMonth:
    before, after = found.before, found.after
    assert found.schemes is not None  # the schemes differ
    assert found.base.run is not None
    return ShadowMonth(
        period=found.base.period,
        run=found.base.run,
        job=found.base.job.path,
        comparison=found.comparison,
        schemes=found.schemes,
        values=_values(found, factors),
        costs={
            side: cost_sums(state.stays.filter(pl.col("status") == "grouped"))
            for side, state in zip(SIDES, (before, after), strict=True)
        },
        noticed=found.noticed,
        rules={
            "region": before.plan.policy.policy.region,
            "policy": before.plan.policy.policy.id,
            "scheme_before": before.plan.compiled.scheme.info.id,
            "scheme_after": after.plan.compiled.scheme.info.id,
            "catalogue_before": before.catalogue.info.id,
            "catalogue_after": after.catalogue.info.id,
        },
        basis={key: found.base.basis[key] for key in ("scheme", "catalogue", "policy", "inputs")}
        | {
            "after": {
                "scheme": after.plan.compiled.scheme.content_hash,
                "catalogue": after.catalogue.info.model_dump(mode="json"),
                "points": after.plan.policy.points.model_dump(mode="json"),
            }
        },
        has_visits=found.base.has_visits,
    )


def _values(found: Simulation, factors: Factors) -> pl.DataFrame:
    values, settled = found.comparison.values, found.after.settled
    places = found.after.plan.policy.settlement.value_places
    by_account = dict(
        settled.lines.filter("in_pool").group_by("account").agg(pl.col("points").sum()).iter_rows()
    )
    accounts = dict(settled.pools.select("pool", "accounts").iter_rows())
    points: list[int | None] = []
    worth: list[Decimal | None] = []
    for pool, value, given in values.select(
        "pool", "point_value_after", "points_after"
    ).iter_rows():
        earning = [one for one in accounts.get(pool, []) if by_account.get(one)]
        if not earning or any(one not in factors for one in earning):
            points.append(None)
            worth.append(None)
            continue
        exact = sum((by_account[one] * Fraction(factors[one]) for one in earning), Fraction(0))
        points.append(half_up(exact))
        known = value is not None and exact
        shown = half_up(Fraction(value) * given / exact * 10**places) if known else None
        worth.append(None if shown is None else Decimal(shown).scaleb(-places))
    return values.with_columns(
        pl.Series("points_on_paid_scale", points, pl.Int64),
        pl.Series("value_on_paid_scale", worth, pl.Decimal(18, places)),
    )
