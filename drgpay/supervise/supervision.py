"""A supervision: every rule of the file of rules asked, its hits made into clues, scored and ranked."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import polars as pl

from drgpay.base.working_folder import working_folder
from drgpay.run.input_files import InputFiles
from drgpay.supervise.audit_sample import audit_sample
from drgpay.supervise.clue_ids import clue_ids, evidence_hashes, hash_of
from drgpay.supervise.clue_stays import by_hospital, clue_stays
from drgpay.supervise.decided import read_decided, without_decided
from drgpay.supervise.file import SuperviseJob
from drgpay.supervise.found import FACT_SCHEMA, GUARD_SCHEMA, HIT_SCHEMA, STAKE_SCHEMA, Found
from drgpay.supervise.hospital_scores import hospital_scores
from drgpay.supervise.material import Material
from drgpay.supervise.reading import read_material
from drgpay.supervise.rulebook import Rulebook, Ruling, load_rulebook
from drgpay.supervise.score import risk_of_stays, stakes_in_fen

Progress = Callable[[str, int, int], None]

RUN, PARTIAL, NOT_RUN, OFF = "run", "partial", "not_run", "off"


@dataclass(frozen=True)
class Supervision:
    """What was found. clues, evidence, guards, stay_risks, rule_report: as tables/supervision.toml
    declares them, by their names in memory. extra: further tables that rules leave. kinds: of deductions that
    the policy of the newest run knows.
    """

    job: SuperviseJob
    rulebook: Rulebook
    kinds: tuple[str, ...]
    clues: pl.DataFrame
    evidence: pl.DataFrame
    guards: pl.DataFrame
    stay_risks: pl.DataFrame
    rule_report: pl.DataFrame
    extra: Mapping[str, pl.DataFrame]
    periods: tuple[str, ...]
    runs: tuple[str, ...]
    schemes: tuple[str, ...]
    read: int
    refused: int
    visits_read: int = 0
    visits_refused: int = 0


@dataclass(frozen=True)
class _Asked:
    """One rule with what it found; found is None where it was not run."""

    ruling: Ruling
    state: str
    why: str
    found: Found | None


def supervise(
    job: SuperviseJob, read: InputFiles | None = None, progress: Progress | None = None
) -> Supervision:
    """Ask every rule over the runs of a supervision.

    progress: called with the rule, its number and how many there are. Raises DrgpayError as
    `load_rulebook` and `read_material`.
    """
    rulebook = load_rulebook(job.rules)
    read = read or InputFiles()
    with working_folder() as work:
        material = read_material(job, work, read)
        supervised = supervise_material(material, rulebook, job, progress)
    read.refuse_changed()
    return supervised


def supervise_material(
    material: Material,
    rulebook: Rulebook,
    job: SuperviseJob,
    progress: Progress | None = None,
) -> Supervision:
    """The same of material that is at hand."""
    asked: list[_Asked] = []
    for number, ruling in enumerate(rulebook.in_order()):
        if progress:
            progress(ruling.name, number, len(rulebook.rulings))
        asked.append(_ask(ruling, _with_earlier(material, ruling, asked), rulebook))
    ids = pl.concat(
        [material.stays("case_id", "hospital_id", "account", "current"), _visits(asked, material)]
    )
    clues, evidence, stakes = _clues(asked, ids, material)
    known = read_decided(job.decided)
    clues, again = without_decided(clues, evidence, known)
    evidence, stakes = (
        one.join(clues.select("clue_id"), on="clue_id", how="semi", maintain_order="left")
        for one in (evidence, stakes)
    )
    risks = risk_of_stays(stakes)
    clues, risks = _files(clues, stakes, risks, rulebook)
    extra = {
        "clues_decided": again,
        "clue_stays": clue_stays(
            clues, stakes, material, {one.name: one.rule.books for one in rulebook.rulings}
        ),
        "by_hospital": by_hospital(clues, risks, material.hospitals),
        "hospital_scores": hospital_scores(material, risks, rulebook.comparison, rulebook.scores),
        "audit_sample": audit_sample(
            clues,
            risks,
            ids.filter("current"),
            capacity=job.file.sample.capacity,
            n_random=rulebook.review.n_random,
            seed=job.file.sample.seed,
        ),
    }
    kinds = [one.kind for one in material.newest.policy.points.deductions]
    return Supervision(
        job=job,
        kinds=tuple(sorted(kinds)),
        rulebook=rulebook,
        clues=clues,
        evidence=evidence,
        guards=_guards(asked),
        stay_risks=risks,
        rule_report=_report(asked, clues),
        extra={**extra, **_extra(asked)},
        periods=tuple(run.period for run in material.runs if run.current),
        runs=tuple(run.run_id for run in material.runs),
        schemes=tuple(run.compiled.scheme.info.id for run in material.runs if run.current),
        read=material.read,
        refused=material.refused,
        visits_read=material.visits_read,
        visits_refused=material.visits_refused,
    )


def _visits(asked: Sequence[_Asked], material: Material) -> pl.DataFrame:
    """case_id, hospital_id, account, current of the visits that hits name."""
    named = [one.found.hits["case_ids"].explode() for one in asked if one.found is not None]
    visits = material.visits("visit_id", "hospital_id", "account", "current")
    met = pl.concat([pl.Series([], dtype=pl.String), *named]).unique()
    return visits.filter(pl.col("visit_id").is_in(met.implode())).rename({"visit_id": "case_id"})


def _with_earlier(material: Material, ruling: Ruling, asked: Sequence[_Asked]) -> Material:
    """The material with the hits of the rules that a rule comes after."""
    earlier = {
        one.ruling.name: one.found.hits
        for one in asked
        if one.found is not None and one.ruling.name in ruling.rule.after
    }
    return replace(material, earlier=earlier)


def _ask(ruling: Ruling, material: Material, rulebook: Rulebook) -> _Asked:
    """Ask one rule: not where it is off or lacks a table, in part where its span is not covered."""
    if not ruling.card.on:
        return _Asked(ruling, OFF, "", None)
    missing = [name for name in ruling.rule.needs if not material.has(name)]
    if missing:
        return _Asked(ruling, NOT_RUN, "table:" + ",".join(missing), None)
    found = ruling.rule.find(material, ruling.limits)
    if found.not_run:
        return _Asked(ruling, NOT_RUN, found.not_run, None)
    lacking = [
        f"table:{table}={part}" for part, table in ruling.rule.parts if not material.has(table)
    ]
    lacking += found.lacking
    days = max(ruling.card.span_days or 0, rulebook.lookback_days)
    first = _first_current(material)
    due = min(first - timedelta(days=days), _months_before(first, ruling.card.months_before or 0))
    if not material.is_covered(due):
        lacking.append(f"from:{material.known_from}")
    return _Asked(ruling, PARTIAL if lacking else RUN, ";".join(lacking), found)


def _first_current(material: Material) -> date:
    first = min(run.period for run in material.runs if run.current)
    year, _, month = first.partition("-")
    return date(int(year), int(month or 1), 1)


def _months_before(first: date, months: int) -> date:
    """The first day of the month that lies as many months before that of a day."""
    month = first.year * 12 + first.month - 1 - months
    return date(month // 12, month % 12 + 1, 1)


_OF_CLUE: dict[str, pl.DataType] = {
    "clue_id": pl.String(),
    "rule": pl.String(),
    "w": pl.Float64(),
    "c": pl.Float64(),
    "file": pl.String(),
}
_NO_CLUES = pl.DataFrame(
    schema={
        "changed": pl.List(pl.String()),
        **{name: dtype for name, dtype in HIT_SCHEMA.items() if name != "hit"},
        "clue_id": pl.String(),
        "evidence_hash": pl.String(),
        "rule": pl.String(),
        "rule_level": pl.String(),
        "w": pl.Float64(),
    }
)


def _clues(
    asked: Sequence[_Asked], ids: pl.DataFrame, material: Material
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """The clues that concern a stay or a hospital of the current runs, their evidence and stakes.

    A clue whose stays are all looked back on was one of an earlier supervision.
    """
    old = _only_looked_back_on(asked, ids)
    clues = [_NO_CLUES]
    facts = [pl.DataFrame(schema={"clue_id": pl.String(), **FACT_SCHEMA}).drop("hit")]
    stakes = [pl.DataFrame(schema={**STAKE_SCHEMA, **_OF_CLUE}).drop("hit")]
    for one in asked:
        if one.found is None:
            continue
        found, card = one.found, one.ruling.card
        now = _of_current(found.hits, old)
        named = now.with_columns(
            clue_ids(one.ruling.name, now),
            evidence_hashes(now, found.facts),
            rule=pl.lit(one.ruling.name),
            rule_level=pl.lit(card.level),
            w=pl.lit(float(card.w)),
            changed=pl.lit([], pl.List(pl.String)),
        )
        clues.append(named.drop("hit").select(_NO_CLUES.columns))
        by_hit = named.select("hit", "clue_id", "rule", "w", "c", "file")
        of_clues = found.facts.join(by_hit.select("hit", "clue_id"), on="hit").drop("hit")
        facts.append(of_clues.select(facts[0].columns))
        stakes.append(found.stakes.join(by_hit, on="hit").select(stakes[0].columns))
    every = pl.concat(stakes)
    concerned = ids.select("case_id", "hospital_id", "account").join(
        every.select("case_id").unique(), on="case_id", how="semi"
    )
    priced = stakes_in_fen(every, concerned, material.values)
    evidence = pl.concat(facts).select("clue_id", *[name for name in FACT_SCHEMA if name != "hit"])
    order = ["clue_id", "fact", "table", "key", "column", "value"]
    return pl.concat(clues), evidence.sort(order), priced


def _only_looked_back_on(asked: Sequence[_Asked], ids: pl.DataFrame) -> pl.Series:
    """The stays of hits that are looked back on: one look-up among millions for all rules."""
    named = [one.found.hits["case_ids"].explode() for one in asked if one.found is not None]
    met = pl.DataFrame({"case_id": pl.concat([pl.Series([], dtype=pl.String), *named]).unique()})
    return ids.filter(~pl.col("current")).join(met, on="case_id", how="semi")["case_id"]


def _of_current(hits: pl.DataFrame, old: pl.Series) -> pl.DataFrame:
    """Hits without stays, or with one that is not only looked back on; in their order."""
    stays = hits.select("hit", case_id="case_ids").explode("case_id", empty_as_null=False)
    news = stays.filter(~pl.col("case_id").is_in(old.implode()))["hit"].unique()
    bare = pl.col("case_ids").list.len() == 0
    return hits.filter(bare | pl.col("hit").is_in(news.implode()))


def _files(
    clues: pl.DataFrame, stakes: pl.DataFrame, risks: pl.DataFrame, rulebook: Rulebook
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Clues with what they would recover, sorted by their file's expectation; stays with their file.

    A file is the stays of one chain clue, else one stay: a stay of several chain clues stands in the
    file of that with the largest stake.
    """
    by_clue = stakes.group_by("clue_id").agg(
        stake_points=pl.col("points").sum(),
        of_points=pl.col("points").is_not_null().any(),
        stake_yuan_fen=pl.col("stake_fen").sum(),
    )
    clues = clues.join(by_clue, on="clue_id", how="left").with_columns(
        stake_points=pl.when(pl.col("of_points")).then("stake_points"),
        stake_yuan_fen=pl.col("stake_yuan_fen").fill_null(0),
    )
    chained = (
        stakes.filter(pl.col("file") == "chain")
        .join(clues.select("clue_id", "stake_yuan_fen"), on="clue_id")
        .sort(["case_id", "stake_yuan_fen", "clue_id"], descending=[False, True, False])
        .unique("case_id", keep="first", maintain_order=True)
        .select("case_id", chain="clue_id")
    )
    filed = stakes.filter(pl.col("file") != "none")["case_id"].unique()
    risks = risks.join(chained, on="case_id", how="left", maintain_order="left")
    ids = [
        None if case not in filed_set else (chain or hash_of(("stay", case)))
        for filed_set in [set(filed.to_list())]
        for case, chain in zip(risks["case_id"].to_list(), risks["chain"].to_list(), strict=True)
    ]
    risks = risks.with_columns(file_id=pl.Series(ids, dtype=pl.String)).drop("chain")
    files = (
        risks.drop_nulls("file_id").group_by("file_id").agg(file_fen=pl.col("expected_fen").sum())
    )
    first_case = pl.col("case_ids").list.first()
    clues = (
        clues.with_columns(case_id=first_case)
        .join(risks.select("case_id", "file_id"), on="case_id", how="left")
        .with_columns(
            file_id=pl.when(pl.col("file") == "chain")
            .then("clue_id")
            .when(pl.col("file") == "stay")
            .then("file_id")
        )
        .join(files, on="file_id", how="left")
        .join(
            stakes.group_by("clue_id")
            .agg(pl.col("case_id"))
            .explode("case_id")
            .unique()
            .join(risks.select("case_id", "expected_fen"), on="case_id")
            .group_by("clue_id")
            .agg(expected_fen=pl.col("expected_fen").sum()),
            on="clue_id",
            how="left",
        )
        .with_columns(pl.col("expected_fen", "file_fen").fill_null(0))
        .with_columns(to_review=pl.col("file_fen") > int(rulebook.review.cost_yuan * 100))
    )
    clues = clues.sort(
        ["file_fen", "expected_fen", "case_id", "rule", "clue_id"],
        descending=[True, True, False, False, False],
        nulls_last=True,
    ).drop("case_id", "file_fen", "of_points", "keys")
    return clues, risks.sort(["expected_fen", "case_id"], descending=[True, False])


def _extra(asked: Sequence[_Asked]) -> dict[str, pl.DataFrame]:
    """The further tables that rules leave, by name."""
    found = [one.found for one in asked if one.found is not None]
    return {name: frame for one in found for name, frame in one.extra.items()}


def _guards(asked: Sequence[_Asked]) -> pl.DataFrame:
    frames = [pl.DataFrame(schema={**GUARD_SCHEMA, "rule": pl.String()})]
    frames += [
        one.found.guards.with_columns(rule=pl.lit(one.ruling.name))
        for one in asked
        if one.found is not None
    ]
    joined = pl.col("case_ids").list.join("\x1f")
    return pl.concat(frames).sort(pl.col("rule"), joined, pl.col("guard"), pl.col("fact"))


def _report(asked: Sequence[_Asked], clues: pl.DataFrame) -> pl.DataFrame:
    rows = []
    for one in asked:
        found = one.found
        reasons = found.not_judged if found else {}
        why = ";".join(
            [one.why, *(f"not_judged:{name}={count}" for name, count in sorted(reasons.items()))]
        )
        rows.append(
            {
                "rule": one.ruling.name,
                "rule_level": one.ruling.card.level,
                "w": float(one.ruling.card.w),
                "state": one.state,
                "why": why.strip(";"),
                "checked": found.checked if found else 0,
                "hits": clues.filter(pl.col("rule") == one.ruling.name).height,
                "guarded": found.guards.height if found else 0,
                "not_judged": sum(reasons.values()),
            }
        )
    return pl.DataFrame(rows).sort("rule")
