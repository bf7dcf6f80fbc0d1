"""What proposals become: an overlay that can be applied, and a table of them."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from drgpay.adjust.features import Feature, codes_of, set_names
from drgpay.adjust.overlay import Identity, Merge, Overlay, Part, SetCodes, Split
from drgpay.adjust.propose import MergeProposal, Notable, Proposals, SplitPart, SplitProposal
from drgpay.adjust.stays import GroupedStays
from drgpay.adjust.trees import Condition
from drgpay.adjust.wording import condition_words, conditions_words, say
from drgpay.base.errors import DrgpayError
from drgpay.base.exact import MONEY
from drgpay.base.language import Language
from drgpay.base.shown import Shown
from drgpay.base.words import Sentences
from drgpay.explain.code_names import CodeNames
from drgpay.grouper.scheme import Scheme
from drgpay.records.known_codes import code_table

_ERRORS = Sentences("errors/adjust")

# The last characters of the codes of new DRGs, in the order they are taken: the published schemes
# use odd digits for severity and age; 0 stands for "no group".
_LAST = "2468ABCDEFGHJKLMNPQRSTUVWXYZ13579"

PROPOSAL_SCHEMA: dict[str, Any] = {
    "kind": pl.String,
    "adrg": pl.String,
    "drg": pl.String,
    "part": pl.Int64,
    "code": pl.String,
    "name": pl.String,
    "rule": pl.String,
    "cases": pl.Int64,
    "mean_cost": MONEY,
    "cv": pl.Float64,
    "gain_group": pl.Float64,
    "gain_scheme": pl.Float64,
    "gain_group_cv": pl.Float64,
    "gain_scheme_cv": pl.Float64,
    "questions": pl.Int64,
    "f": pl.Float64,
    "q": pl.Float64,
    "tested_groups": pl.Int64,
    "tests": pl.Int64,
    "hospitals_held": pl.Int64,
    "hospitals_judged": pl.Int64,
    "hospital_stability": pl.Float64,
    "years_held": pl.Int64,
    "years_judged": pl.Int64,
    "year_stability": pl.Float64,
    "reason": pl.String,
}
"""The table of proposals: one row a part of a split or a group of a merge, or a group to look at.

kind: split, merge, high_cv, few_cases. drg: the group as it is, code: what it becomes; part from 1
on, the rest last; rule is empty for the rest. mean_cost in yuan. gain_*, *_stability: shares, of the
whole proposal; see SplitProposal. questions, f, q: the tests of the group, the strongest of them, the
level at which it is taken; tested_groups, tests: over which groups and how many questions. The table
has six decimal places, rounded; f and q have six digits.
"""

_PLACES = 6
_BY_DIGITS = ("f", "q")


@dataclass(frozen=True, repr=False)
class Proposed(Shown):
    """An overlay with the splits and merges, and the table of all that was found."""

    overlay: Overlay
    table: pl.DataFrame


def proposed(
    found: Proposals,
    stays: GroupedStays,
    scheme: Scheme,
    language: Language,
    overlay_id: str | None = None,
) -> Proposed:
    """Write proposals as an overlay and as PROPOSAL_SCHEMA.

    Raises DrgpayError if an ADRG has no codes left for its parts.
    """
    known = CodeNames.of(scheme.info.code_system)
    names = known.diagnoses | known.procedures
    features = [feature for split in found.splits for feature in split.features]
    sets = set_names(features, scheme.sets)
    codes = _new_codes(found.splits, scheme)
    titles = {group.code: group.name for _, group in scheme.groups()}
    splits = [_split(one, codes[one.drg], sets, titles, names, language) for one in found.splits]
    merges = [_merge(one, titles, found, language) for one in found.merges]
    overlay = Overlay(
        scheme=Identity(
            id=overlay_id or f"{scheme.info.id}-proposed",
            name=say("proposed_name", language, name=scheme.info.name),
            base=scheme.info.id,
        ),
        new_set=tuple(_sets(sets, stays, scheme)),
        split=tuple(splits),
        merge=tuple(merges),
    )
    least = found.choices.min_cases
    rows = [
        *(
            row | {"tested_groups": found.tested_groups, "tests": found.tests}
            for one, made in zip(found.splits, splits, strict=True)
            for row in _split_rows(one, made)
        ),
        *(
            row
            for one, merged in zip(found.merges, merges, strict=True)
            for row in _merge_rows(one, merged, titles)
        ),
        *(
            _row("high_cv", one, titles[one.drg])
            | {"reason": say("high_cv_reason", language, cv=_cv(one.measures.cv))}
            for one in found.high_cv
        ),
        *(
            _row("few_cases", one, titles[one.drg])
            | {"reason": say("few_cases_reason", language, cases=one.measures.cases, least=least)}
            for one in found.few_cases
        ),
    ]
    table = pl.DataFrame(rows, schema=PROPOSAL_SCHEMA, orient="row")
    return Proposed(
        overlay,
        table.with_columns(
            (pl.selectors.float() - pl.selectors.by_name(_BY_DIGITS)).round(_PLACES),
            pl.col(_BY_DIGITS).round_sig_figs(_PLACES),
        ),
    )


def rule_of(conditions: Sequence[Condition], sets: Mapping[Feature, str]) -> str:
    """The rule of conditions, in the rule language."""
    return " and ".join(_condition_rule(one, sets) for one in conditions)


def _condition_rule(condition: Condition, sets: Mapping[Feature, str]) -> str:
    feature = condition.feature
    if feature.numeric:
        return feature.comparison(condition.low, condition.high)
    name = sets.get(feature, "")
    yes = feature.rule(name)
    if condition.low is not None:
        return yes
    if feature.kind == "age_band":
        return f"not ({yes})"
    if feature.kind == "sex":  # no grouped stay lacks it
        return yes.replace("=", "!=")
    return f"not {yes}" if " in " not in yes else yes.replace(" in ", " not in ")


def _sets(sets: Mapping[Feature, str], stays: GroupedStays, scheme: Scheme) -> Iterator[SetCodes]:
    observed = {"diagnosis": stays.diagnoses.codes, "procedure": stays.procedures.codes}
    tables = {"diagnosis": "diagnoses", "procedure": "procedures"}
    for feature, name in sorted(sets.items(), key=lambda entry: entry[1]):
        known: list[str] = []
        if feature.category:
            table = code_table(scheme.info.code_system, tables[feature.kind])
            known = [*observed[feature.kind], *(table["code"] if table is not None else ())]
        yield SetCodes(set=name, codes=codes_of(feature, known))


def _new_codes(splits: Iterable[SplitProposal], scheme: Scheme) -> dict[str, list[str]]:
    taken = Counter(group.code for _, group in scheme.groups())
    codes: dict[str, list[str]] = {}
    for split in splits:
        codes[split.drg] = []
        for _ in split.parts[:-1]:
            free = next((one for one in _LAST if not taken[split.adrg + one]), None)
            if free is None:
                raise DrgpayError(*_ERRORS("no_free_code", adrg=split.adrg, drg=split.drg))
            codes[split.drg].append(split.adrg + free)
            taken[split.adrg + free] += 1
    return codes


def _split(
    one: SplitProposal,
    codes: Sequence[str],
    sets: Mapping[Feature, str],
    titles: Mapping[str, str],
    names: Mapping[str, str],
    language: Language,
) -> Split:
    def part(part: SplitPart, code: str) -> Part:
        words = conditions_words(part.conditions, names, language, short=True)
        title = f"{titles[one.drg]}{say('and', language)}{words}"
        return Part(code=code, name=title, rule=rule_of(part.conditions, sets))

    return Split(
        drg=one.drg,
        part=tuple(part(own, code) for own, code in zip(one.parts[:-1], codes, strict=True)),
        rest_name=f"{titles[one.drg]}{say('and', language)}{say('rest', language)}",
        reason=_split_reason(one, names, language),
    )


def _split_reason(one: SplitProposal, names: Mapping[str, str], language: Language) -> str:
    by = dict.fromkeys(
        condition_words(condition, names, language)
        for part in one.parts
        for condition in part.conditions
    )
    means = [part.measures.mean_cost for part in one.parts]
    hospitals, years = one.hospitals, one.years
    if hospitals.judged or years.judged:
        facts = {"held": hospitals.held, "judged": hospitals.judged}
        key = "stable_hospitals" if hospitals.judged else "unjudged"
        stability = say(key, language, **facts)
        stability += say("stable_years", language, held=years.held, judged=years.judged)
    else:
        stability = say("unjudged", language) + say("full_stop", language)
    return say(
        "split_reason",
        language,
        drg=one.drg,
        cases=f"{one.whole.cases:,}",
        mean=f"{one.whole.mean_cost:,}",
        cv=_cv(one.whole.cv),
        by=say("semicolon", language).join(by),
        parts=len(one.parts),
        least=f"{min(means):,}",
        most=f"{max(means):,}",
        gain_cv=f"{one.gain_group_cv:.1%}",
        f=f"{one.tested.f:.1f}",
        questions=f"{one.tested.questions:,}",
        q=f"{one.q:.2g}",
        scheme_points=f"{one.gain_scheme * 100:.3f}",
        stability=stability,
    )


def _merge(
    one: MergeProposal, titles: Mapping[str, str], found: Proposals, language: Language
) -> Merge:
    drgs = one.merging.drgs
    others = say("listed", language).join(drgs[:-1])
    return Merge(
        drgs=drgs,
        name=say("merged_name", language, name=titles[drgs[-1]], drgs=others),
        reason=say(
            "merge_reason",
            language,
            drgs=say("listed", language).join(drgs),
            difference=f"{one.merging.difference:.1%}",
            threshold=f"{found.choices.merge_below:.1%}",
            scheme_points=f"{one.gain_scheme * 100:.3f}",
        ),
    )


def _split_rows(one: SplitProposal, made: Split) -> Iterator[dict[str, Any]]:
    of_split = {
        "gain_group": one.gain_group,
        "gain_scheme": one.gain_scheme,
        "gain_group_cv": one.gain_group_cv,
        "gain_scheme_cv": one.gain_scheme_cv,
        "questions": one.tested.questions,
        "f": one.tested.f,
        "q": one.q,
        "hospitals_held": one.hospitals.held,
        "hospitals_judged": one.hospitals.judged,
        "hospital_stability": one.hospitals.share,
        "years_held": one.years.held,
        "years_judged": one.years.judged,
        "year_stability": one.years.share,
        "reason": made.reason,
    }
    told = [(part.code, part.name, part.rule) for part in made.part]
    told.append((one.drg, made.rest_name or "", ""))
    for number, ((code, name, rule), part) in enumerate(zip(told, one.parts, strict=True), start=1):
        row = _row("split", Notable(one.drg, one.adrg, part.measures), name)
        yield row | of_split | {"part": number, "code": code, "rule": rule}


def _merge_rows(
    one: MergeProposal, merged: Merge, titles: Mapping[str, str]
) -> Iterator[dict[str, Any]]:
    drgs, adrg = one.merging.drgs, one.merging.adrg
    for number, (drg, measures) in enumerate(zip(drgs, one.parts, strict=True), start=1):
        yield _row("merge", Notable(drg, adrg, measures), titles[drg]) | {
            "part": number,
            "code": drgs[-1],
            "gain_scheme": one.gain_scheme,
            "reason": merged.reason,
        }


def _row(kind: str, one: Notable, name: str) -> dict[str, Any]:
    return {
        **dict.fromkeys(PROPOSAL_SCHEMA),
        "kind": kind,
        "adrg": one.adrg,
        "drg": one.drg,
        "code": one.drg,
        "name": name,
        "cases": one.measures.cases,
        "mean_cost": one.measures.mean_cost,
        "cv": one.measures.cv,
    }


def _cv(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"
