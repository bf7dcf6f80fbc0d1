"""Every wording, out of drgpay/words: a key a line, Chinese first, English by switch.

A place of the program that speaks has a file there, and in it `key = { zh = "...", en = "..." }`.
Keys may stand in sections and are then called `section.key`. `otherwise` names the files that have
what is not said in the file itself, in their order; after them, every file has what terms.toml says.
`columns` are the headings of the columns of tables, which are declared in drgpay/tables/columns.toml;
`columns/FILE` those that another file there declares beside.

Errors stand in errors/, a file a room, each with its problem and its remedy:
`[key]`, `problem = { zh = "...", en = "..." }`, `remedy = { zh = "...", en = "..." }`.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from drgpay.base.errors import DrgpayError
from drgpay.base.language import Language, Problem, Words

WORDS_FOLDER = Path(__file__).resolve().parents[1] / "words"
COLUMNS = "columns"
_TABLES_FOLDER = WORDS_FOLDER.parent / "tables"
OTHERWISE = "otherwise"
TERMS = "terms"
# What is said when no words can be read.
_NO_WORDING = Words(
    "{path}：{key} 不是带 zh 与 en 的文字", "{path}: {key} is no wording with zh and en"
)
_UNREADABLE = Words("无法读取 {path}（{reason}）", "{path} cannot be read ({reason})")
_REMEDY = Words("请重新安装 drgpay", "install drgpay again")


@dataclass(frozen=True)
class Wording:
    """The words of one file, and of those that it falls back on; read when the first is said.

    Values fill the {placeholders} of a wording; without any, it is said as it stands.
    """

    file: str

    def __contains__(self, key: str) -> bool:
        """Whether a key has words."""
        return key in all_words(self.file)

    def has_own(self, key: str) -> bool:
        """Whether the file itself has words for a key."""
        return key in own_words(self.file)

    def words(self, key: str, /, **values: object) -> Words:
        """A wording in both languages."""
        return all_words(self.file)[key].filled(**values)

    def said(self, key: str, language: Language, /, **values: object) -> str:
        """A wording in one language."""
        return all_words(self.file)[key].said_in(language, **values)

    def word(self, key: str, language: Language, /, **values: object) -> str:
        """The same; a key without words (an account of a city) stands for itself."""
        return self.said(key, language, **values) if key in self else key

    def named(
        self, prefix: str, value: str, language: Language, otherwise: str | None = None
    ) -> str:
        """The wording of a value of one kind (key `prefix_value`); else itself or `otherwise`."""
        key = f"{prefix}_{value}"
        if key in self:
            return self.said(key, language)
        return value if otherwise is None else otherwise


@dataclass(frozen=True)
class Sentences(Wording):
    """The errors of one file of drgpay/words/errors: what is wrong, and what to do about it.

    Raised as `DrgpayError(*_ERRORS("no_month", text=text))`. Words among the values are said in the
    language of the sentence.
    """

    def __call__(self, key: str, /, **values: object) -> tuple[Words, Words]:
        """The problem and the remedy of a key."""
        problem = Problem(*self.words(f"{key}.problem", **values))
        problem.code = f"{self.file.removeprefix('errors/')}.{key}"
        return problem, self.words(f"{key}.remedy", **values)


@cache
def all_words(file: str) -> Mapping[str, Words]:
    """What a file says, or those that it falls back on."""
    _, others = read_words(file)
    known: dict[str, Words] = {}
    for other in (TERMS, *reversed(others), file):
        known |= own_words(other)
    return known


def own_words(file: str) -> dict[str, Words]:
    """What the file itself says, by key."""
    return read_words(file)[0]


@cache
def read_words(name: str) -> tuple[dict[str, Words], tuple[str, ...]]:
    """The words of one file, and the files that have what it does not say."""
    of_columns = name.startswith(COLUMNS)
    path = (
        _TABLES_FOLDER / f"{name.removeprefix(f'{COLUMNS}/')}.toml"
        if of_columns
        else WORDS_FOLDER / f"{name}.toml"
    )
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:  # of drgpay's own files; read_toml needs these words
        raise DrgpayError(_UNREADABLE.filled(path=path, reason=error), _REMEDY) from None
    if of_columns:
        columns = raw.get(COLUMNS, {}).items()
        return {key: Words(column["zh"], column["en"]) for key, column in columns}, ()
    others = raw.pop(OTHERWISE, [])
    return _words_of(path, raw), tuple(others)


def _words_of(path: Path, raw: Mapping[str, Any], section: str = "") -> dict[str, Words]:
    found: dict[str, Words] = {}
    for name, value in raw.items():
        key = f"{section}{name}"
        if not isinstance(value, dict) or not value:
            raise DrgpayError(_NO_WORDING.filled(path=path, key=key), _REMEDY)
        if all(isinstance(below, dict) for below in value.values()):
            found |= _words_of(path, value, f"{key}.")
        elif value.keys() == {"zh", "en"} and all(isinstance(text, str) for text in value.values()):
            found[key] = Words(**value)
        else:
            raise DrgpayError(_NO_WORDING.filled(path=path, key=key), _REMEDY)
    return found
