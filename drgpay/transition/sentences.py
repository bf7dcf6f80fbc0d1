"""What is said before the tables of a transition, on the console, the page and in the workbook."""

from drgpay.base.language import Language, listed
from drgpay.transition.history import SIDES, Side
from drgpay.transition.outcome import Transition
from drgpay.transition.tables import machine_tables, plain, said, word

_NAMED = 8


def sentences(found: Transition, language: Language) -> list[str]:
    """The verdict, the factors, what is missing on one side, and what nobody verified."""
    told = [verdict(found, language), factors_sentence(found, language)]
    told += without_cases(found, language)
    one_side = found.comparison.one_side
    if any(one_side.values()):
        told.append(said("one_side", language, **{side: f"{one_side[side]:,}" for side in SIDES}))
    unverified = [
        word(f"line_{line}", language)
        for line in found.gate.lines.filter(~found.gate.lines["verified"])["line"]
    ]
    if unverified:
        told.append(said("unverified", language, lines=listed(unverified)))
    return told


def verdict(found: Transition, language: Language) -> str:
    """Whether the gate is passed, and every line with its numbers."""
    lines = []
    for row in machine_tables(found)["gate"].iter_rows(named=True):
        line = row["line"]
        if line == "coverage":
            before, after = (f"{_coverage(found, side):.2%}" for side in SIDES)
            text = said("verdict_coverage", language, old=before, new=after)
        elif row["beyond"]:
            text = said(f"verdict_{line}", language, limit=plain(row["limit"]), **_counts(row))
        else:
            text = said(f"verdict_no_{line}", language, limit=plain(row["limit"]))
        lines.append(text)
    passed = word("verdict_passed" if found.passed else "verdict_not_passed", language)
    return passed + word("semicolon", language).join(lines) + word("full_stop", language)


def _counts(row: dict[str, object]) -> dict[str, object]:
    return {name: row[name] for name in ("beyond", "cleared", "unexplained")}


def _coverage(found: Transition, side: Side) -> float:
    grouped, cases = found.comparison.coverage(side)
    return grouped / cases if cases else 0.0


def factors_sentence(found: Transition, language: Language) -> str:
    """The neutral factor of each account."""
    rows = machine_tables(found)["factors"].select("account", "k").iter_rows()
    factors = listed(f"{word(account, language)} {k}" for account, k in rows)
    return said("factors", language, factors=factors)


def without_cases(found: Transition, language: Language) -> list[str]:
    """A sentence a scheme: how many of its groups the history has no case of, and which."""
    told = []
    for side in SIDES:
        groups = found.comparison.without_cases(side)["drg"].to_list()
        if groups:
            more = len(groups) > _NAMED
            names = listed(groups[:_NAMED])
            told.append(
                said(
                    f"without_{side}_more" if more else f"without_{side}",
                    language,
                    groups=len(groups),
                    names=names,
                )
            )
    return told
