"""From a policy to the sentences of each chapter, with where every value stands."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel

from drgpay.base.language import Words
from drgpay.policy.load import LoadedPolicy, Provenance
from drgpay.report.policy.units import Writer
from drgpay.report.policy.words import KeyWords, is_nothing, policy_words, value_text

State = Literal["verified", "sourced", "unsourced", "without_source", "default", "absent"]
"""verified: compared with the source it names. The next three: written, but without that. default:
the policy leaves the value to the program; absent: it leaves a rule out that it need not have."""

NOT_COUNTED = "policy."
"""Which policy it is: no value that a document could verify."""
_INSIDE = "outpatient."


@dataclass(frozen=True)
class Standing:
    """A key with what is known of its value."""

    key: str
    state: State
    source: str = ""

    @property
    def unverified(self) -> bool:
        """Whether the value still has to be compared with a document."""
        return self.state not in ("verified", "absent") and not self.key.startswith(NOT_COUNTED)


@dataclass(frozen=True)
class Table:
    """Rows of texts; `numbers` are the places of columns that are aligned to the right."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Said:
    """A sentence, the keys that it tells, and the table below it."""

    sentence: str
    standings: tuple[Standing, ...]
    table: Table | None = None


@dataclass(frozen=True)
class Chapter:
    """Sentences under one title."""

    title: str
    said: tuple[Said, ...]


@dataclass(frozen=True)
class Given:
    """A value of the policy: in which table, and whether the file has it."""

    value: Any
    table: BaseModel
    is_written: bool


def chapters(loaded: LoadedPolicy, writer: Writer) -> list[Chapter]:
    """Every key of the policy in a sentence, in the order of words/policy.toml; see `standings`."""
    words = policy_words()
    given = given_values(loaded.policy)
    known = {one.key: one for one in standings(loaded)}
    told: dict[int, list[Said]] = {}
    for path in sorted(filter(words.of_key, given), key=words.place_of):
        said = _said(path, given, known, writer)
        if said is not None:
            told.setdefault(words.chapter_of(path), []).append(said)
    return [
        Chapter(words.chapters[place].title.said_in(writer.language), tuple(told[place]))
        for place in sorted(told)
    ]


def given_values(model: BaseModel, prefix: str = "") -> dict[str, Given]:
    """Every key of the policy, its tables among them; a list of tables is one value."""
    found: dict[str, Given] = {}
    for name in type(model).model_fields:
        path, value = f"{prefix}{name}", getattr(model, name)
        found[path] = Given(value, model, name in model.model_fields_set)
        if isinstance(value, BaseModel):
            found |= given_values(value, f"{path}.")
    return found


def standings(loaded: LoadedPolicy) -> list[Standing]:
    """What is known of each value: of every key that is no table, a list of tables being one."""
    return [
        _standing(path, one, loaded.provenance)
        for path, one in given_values(loaded.policy).items()
        if not isinstance(one.value, BaseModel)
    ]


def counts(found: list[Standing]) -> Counter[str]:
    """How many values there are in each state, and `all` of them; absent rules are none."""
    states: Counter[str] = Counter(
        "unsourced" if one.state == "without_source" else one.state
        for one in found
        if one.state != "absent" and not one.key.startswith(NOT_COUNTED)
    )
    states["all"] = states.total()
    return states


def _standing(path: str, given: Given, provenance: Mapping[str, Provenance]) -> Standing:
    if not given.is_written:
        return Standing(path, "absent" if is_nothing(given.value) else "default")
    about = next((provenance[key] for key in _upwards(path) if key in provenance), Provenance())
    if about.verified:
        return Standing(path, "verified" if about.source else "without_source", about.source)
    return Standing(path, "sourced" if about.source else "unsourced", about.source)


def _upwards(path: str) -> Iterator[str]:
    while path:
        yield path
        path = path.rpartition(".")[0]


def _said(
    path: str, given: Mapping[str, Given], known: Mapping[str, Standing], writer: Writer
) -> Said | None:
    words = policy_words().of_key(path)
    assert words is not None
    one = given[path]
    if isinstance(one.value, BaseModel) and not words.rows:
        return None
    if words.told_by or words.row:
        return None
    about = (known[path],) if path in known else ()
    if words.used_if and not words.used_if.holds(given[_beside(path, words.used_if.key)].value):
        return Said(writer.note("unused", key=path, value=one.value), about)
    values = {
        **vars(one.table),
        "value": one.value,
        **{name: phrase.said_in(writer.language) for name, phrase in _part_words(path).items()},
    }
    sentence = writer.filled(_phrase(words, one.value).said_in(writer.language), values)
    if words.rows:
        return Said(sentence, (), _rows_of_section(path, words.rows, given, known, writer))
    telling = [
        known[key]
        for key in known
        if (other := policy_words().of_key(key))
        and other.told_by
        and _beside(key, other.told_by) == path
    ]
    return Said(sentence, (*about, *telling), _table(path, words, one.value, writer))


def _beside(path: str, named: str) -> str:
    """The key that the words of a key name: an outpatient key in the words of another has its own."""
    borrowed = path.startswith(_INSIDE) and path not in policy_words().keys
    return f"{_INSIDE}{named}" if borrowed else named


def _phrase(words: KeyWords, value: Any) -> Words:
    """What is said of this value."""
    if is_nothing(value) and words.none:
        return words.none
    phrase = words.values.get(value_text(value)) or words.sentence
    assert phrase is not None
    return phrase


def _part_words(path: str) -> dict[str, Words]:
    part = policy_words().parts["visits" if path.startswith(_INSIDE) else "stays"]
    return {"stay": part.stay, "stays": part.stays, "group": part.group}


def _table(path: str, words: KeyWords, value: Any, writer: Writer) -> Table | None:
    if is_nothing(value):
        return None
    if words.columns:
        rows = [
            tuple(writer.written(cell, unit) for cell, unit in zip(row, words.cells, strict=True))
            for row in _leaves(value)
        ]
        columns = tuple(column.said_in(writer.language) for column in words.columns)
        return Table(columns, tuple(rows), frozenset({len(columns) - 1}))
    if isinstance(value, tuple) and isinstance(value[0], BaseModel):
        return _table_of_rows(path, value, writer)
    return None


def _leaves(value: Any) -> list[tuple[Any, ...]]:
    """The rows of a table in tables: the keys on the way to each value, and the value."""
    if not isinstance(value, Mapping):
        return [(value,)]
    return [(key, *leaf) for key, below in value.items() for leaf in _leaves(below)]


_NUMBERS = ("plain", "times", "share", "yuan", "cases", "points")


def _table_of_rows(path: str, rows: tuple[BaseModel, ...], writer: Writer) -> Table:
    """A list of tables; columns that no row fills are left out."""
    words = policy_words()
    fields = sorted(type(rows[0]).model_fields, key=lambda name: words.place_of(f"{path}.{name}"))
    shown = [name for name in fields if any(_fills(getattr(row, name)) for row in rows)]
    about = {name: words.of_key(f"{path}.{name}") or KeyWords() for name in shown}
    blank = {
        name: word.blank.said_in(writer.language) if word.blank else "–"
        for name, word in about.items()
    }
    headings = tuple(
        word.column.said_in(writer.language) if word.column else name
        for name, word in about.items()
    )
    cells = tuple(
        tuple(
            blank[name]
            if is_nothing(value := getattr(row, name))
            else writer.written(value, word.cell)
            for name, word in about.items()
        )
        for row in rows
    )
    numbers = frozenset(
        place
        for place, (name, word) in enumerate(about.items())
        if word.cell in _NUMBERS and not any(isinstance(getattr(row, name), str) for row in rows)
    )
    return Table(headings, cells, numbers)


def _fills(value: Any) -> bool:
    return not is_nothing(value) and value is not False


def _rows_of_section(
    path: str,
    unit: str,
    given: Mapping[str, Given],
    known: Mapping[str, Standing],
    writer: Writer,
) -> Table:
    """The keys of one table as rows, each with how far it is verified."""
    rows = []
    for key in sorted(
        (key for key in known if key.rpartition(".")[0] == path), key=policy_words().place_of
    ):
        words = policy_words().of_key(key)
        assert words and words.row
        rows.append(
            (
                words.row.said_in(writer.language),
                writer.written(given[key].value, unit),
                standing_text(known[key], writer, with_key=False),
            )
        )
    return Table(tuple(writer.note(key) for key in ("finding", "does", "standing")), tuple(rows))


def standing_text(standing: Standing, writer: Writer, with_key: bool = True) -> str:
    """Where a value stands: its key, its source and whether it is verified."""
    texts = [standing.key] if with_key else []
    if standing.source:
        texts.append(writer.note("source", source=standing.source))
    if not standing.key.startswith(NOT_COUNTED):
        texts.append(writer.note(standing.state))
    return " · ".join(texts)
