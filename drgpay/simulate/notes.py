"""What is said before the tables of a simulation, on the console, the page and in the workbook."""

import polars as pl

from drgpay.base.language import Language
from drgpay.simulate.outcome import Simulation
from drgpay.simulate.wording import target_sentence, word


def warnings_of(found: Simulation, language: Language) -> list[str]:
    """What a reader must know before believing the tables: findings, conflicts, what is left out."""
    return [
        *stops_sentences(found, language),
        *level_sentences(found, language),
        *(conflict_sentence(found, place, language) for place in range(len(found.conflicts))),
    ]


def remarks_of(found: Simulation, language: Language) -> list[str]:
    """The answer to a target, and what the scenario does to visits."""
    said = [target_sentence(found.found, language)] if found.found else []
    visits = visits_sentence(found, language)
    return [*said, visits] if visits else said


def stops_sentences(found: Simulation, language: Language) -> list[str]:
    """That a run under the scenario would stop; nothing where it would not."""
    if not found.noticed:
        return []
    open_ones = sum(one.accepted_by is None for one in found.noticed)
    kinds = ", ".join(dict.fromkeys(one.stop.code for one in found.noticed))
    facts = {"count": len(found.noticed), "open": open_ones, "kinds": kinds}
    return [word("stops_open" if open_ones else "stops_accepted", language, **facts)]


def level_sentences(found: Simulation, language: Language) -> list[str]:
    """Hospitals of another level whose catalogue is still that of the base: what that leaves out."""
    if found.after.catalogue is not found.base.rules.catalogue:
        return []
    before, after = found.before.plan, found.after.plan
    names = dict(after.hospitals.select("hospital_id", "name").iter_rows())
    own = dict(
        found.after.catalogue.coefficients.filter(
            pl.col("hospital_id").is_not_null() & pl.col("drg").is_not_null()
        )
        .group_by("hospital_id")
        .agg(pl.col("drg").n_unique())
        .iter_rows()
    )
    said = []
    for hospital, level in sorted(after.levels.items()):
        was = before.levels.get(hospital)
        if was == level:
            continue
        facts = {"hospital": hospital, "name": names[hospital], "was": was, "now": level}
        text = word("level_kept", language, **facts)
        if own.get(hospital):
            text += word("level_own", language, count=own[hospital])
        said.append(text + word("level_remedy", language))
    return said


def conflict_sentence(found: Simulation, place: int, language: Language) -> str:
    """One conflict in words."""
    one = found.conflicts[place]
    return word(
        "conflict_note",
        language,
        path=one.key,
        first=one.first,
        first_value=one.first_value,
        then=one.then,
        then_value=one.then_value,
    )


def visits_sentence(found: Simulation, language: Language) -> str | None:
    """What the scenario does to visits; None for a base without them."""
    if found.visits:
        return word("visits_changed", language)
    return word("visits_unchanged", language) if found.base.has_visits else None
