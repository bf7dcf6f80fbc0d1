"""The whole explanation of a policy, before it is shown on a screen, as Markdown or as a page."""

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from drgpay.base.language import Language
from drgpay.grouper.scheme import Scheme
from drgpay.points.catalogue import Catalogue
from drgpay.policy.calibration import ANY
from drgpay.policy.group_lists import PRIMARY_CARE
from drgpay.policy.load import LoadedPolicy
from drgpay.policy.model import Policy
from drgpay.report.policy.sentences import (
    Chapter,
    Said,
    Standing,
    chapters,
    counts,
    given_values,
    standing_text,
    standings,
)
from drgpay.report.policy.units import Writer, plain
from drgpay.report.policy.words import Part, policy_words

GENERATOR = "drgpay policy explain"
"""How a file says what made it."""
_GROUPS = ("groups", "groups_without")


@dataclass(frozen=True)
class Explanation:
    """What a policy does. facts: names and values; notes: what goes before, count: what ends it."""

    title: str
    name: str
    facts: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]
    chapters: tuple[Chapter, ...]
    count: tuple[str, ...]
    footnote: str
    writer: Writer

    def sentence(self, said: Said) -> str:
        """A sentence, marked where a value in it is not verified."""
        if not any(standing.unverified for standing in said.standings):
            return said.sentence
        mark = self.writer.note("unverified")
        if said.sentence[-1] in ":：":
            return f"{said.sentence[:-1]}{mark}{said.sentence[-1]}"
        return f"{said.sentence}{mark}"

    def standing(self, standing: Standing) -> str:
        """Where a value stands."""
        return standing_text(standing, self.writer)


def explained(
    loaded: LoadedPolicy,
    language: Language = "zh",
    year: int | None = None,
    catalogue: Catalogue | None = None,
    scheme: Scheme | None = None,
) -> Explanation:
    """Say what a policy does; `scheme`: the catalogue's, for the names of groups.

    year: the year that is spoken of, where it is not the policy's.
    """
    names = {
        drg.code: drg.name
        for mdc in (scheme.mdcs if scheme else ())
        for adrg in mdc.adrgs
        for drg in adrg.drgs
    }
    writer = Writer(language, names)
    policy = loaded.policy
    found = counts(standings(loaded))
    numbers = {
        "all": found["all"],
        "verified": found["verified"],
        "unverified": found["all"] - found["verified"],
        **{state: found[state] for state in ("sourced", "unsourced", "default")},
    }
    notes = [*_year_notes(policy, year, writer)]
    if catalogue and scheme:
        notes += _catalogue_notes(policy, catalogue, scheme, names, writer)
    return Explanation(
        title=writer.note("title"),
        name=policy.policy.name,
        facts=(
            (writer.note("region"), policy.policy.region),
            (writer.note("year"), str(year or policy.policy.year)),
            (writer.note("file"), loaded.path.name),
            (writer.note("verified_count"), writer.note("of", **numbers)),
        ),
        notes=tuple(notes),
        chapters=tuple(chapters(loaded, writer)),
        count=(writer.note("counted", **numbers), writer.note("missing", **numbers)),
        footnote=writer.note("footnote"),
        writer=writer,
    )


def _year_notes(policy: Policy, year: int | None, writer: Writer) -> Iterator[str]:
    """What a year other than the policy's changes: extra points taper, months have their budgets."""
    if year is None or year == policy.policy.year:
        return
    yield writer.note("other_year", policy_year=policy.policy.year, year=year)
    for row in policy.points.new_technologies:
        share = row.share_by_year.get(str(year))
        if share is None:
            yield writer.note("technology_ended", technology=row.technology, year=year)
        else:
            said = writer.written(share, "share")
            yield writer.note("technology_then", technology=row.technology, year=year, share=said)


def _catalogue_notes(
    policy: Policy, catalogue: Catalogue, scheme: Scheme, names: dict[str, str], writer: Writer
) -> Iterator[str]:
    """What the catalogue says of its points, and where policy and catalogue do not go together."""
    info = catalogue.info
    of_visits = scheme.info.kind == "apg"
    part: Part = "visits" if of_visits else "stays"
    words = policy_words().parts[part]
    groups = catalogue.groups.group_by("drg").agg(pl.col("stable").any())
    yield writer.note(
        "catalogue",
        id=info.id,
        scheme=info.scheme,
        stays=words.stays.said_in(writer.language),
        group=words.group.said_in(writer.language),
        mean=info.all_mean_yuan,
        groups=plain(groups.height),
        stable=plain(groups.filter("stable").height),
    )
    missing = sorted(
        {
            group
            for path, group in _groups_named(policy)
            if path.startswith("outpatient.") == of_visits
            and group not in names
            and group != PRIMARY_CARE
            and not group.startswith(ANY)
        }
    )
    if missing:
        yield writer.note("nothing_known", names=writer.listed(missing))
    if info.kind != "calibrated":
        return
    for key in ("incomplete_if", "outside_drg_if"):
        then, now = getattr(info, key), getattr(policy.points, key)
        if then != now:
            none = writer.note("none")
            yield writer.note(
                "other_rules", key=f"points.{key}", then=then or none, now=now or none
            )


def _groups_named(policy: Policy) -> Iterator[tuple[str, str]]:
    """The groups that a policy names, each with its key."""
    for path, one in given_values(policy).items():
        rows = one.value if isinstance(one.value, tuple) else ()
        if path.endswith(_GROUPS):
            yield from ((path, group) for group in rows)
        else:
            yield from ((path, group) for row in rows for group in getattr(row, "groups", ()))
