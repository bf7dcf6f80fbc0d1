"""The case file of a clue: all that a reviewer needs on one page, and the same in a workbook."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from drgpay import __version__
from drgpay.base.errors import DrgpayError
from drgpay.base.language import Language
from drgpay.base.words import Sentences
from drgpay.explain.code_names import CodeNames
from drgpay.explain.tracing import explain_stay
from drgpay.explain.wording import sentence
from drgpay.grouper.compiled_cache import load_compiled
from drgpay.grouper.reference import Stay
from drgpay.records.writing import staged_file
from drgpay.show.cells import NONE
from drgpay.show.sections import PageSection
from drgpay.show.tables import Block, ReportTable, Sentence, prefixed_text
from drgpay.show.tables_console import console_tables
from drgpay.show.tables_html import html_table
from drgpay.show.tables_xlsx import write_tables
from drgpay.show.template import render_page
from drgpay.supervise.kept_tables import kept_table, open_supervision
from drgpay.supervise.output import RULES
from drgpay.supervise.sentences import WORDS, clue_sentence

if TYPE_CHECKING:
    from drgpay.show.terminal import Showable

_ERRORS = Sentences("errors/supervise")
GENERATOR = "drgpay supervise-file"
_MOST_ROWS = 200
_SAID = {"fact": "fact", "source_table": "table", "source_column": "column", "value": "value"}
_STYLE = "td { vertical-align: top; }\n"


@dataclass(frozen=True)
class CaseFile:
    """A clue with its stays, evidence and guards, as a supervision's folder has them.

    clue: its row. others: further clues of the same stays. rule: the section of the file of rules.
    """

    folder: Path
    clue: Mapping[str, Any]
    others: pl.DataFrame
    stays: pl.DataFrame
    evidence: pl.DataFrame
    guards: pl.DataFrame
    rule: Mapping[str, Any]
    scheme: str


def open_case_file(folder: Path, clue_id: str) -> CaseFile:
    """The case file of a clue; raises DrgpayError for a folder that is no supervision, and a clue that it
    does not have.
    """
    manifest = open_supervision(folder)
    clues = kept_table(folder, "clues")
    mine = clues.filter(pl.col("clue_id") == clue_id)
    if mine.is_empty():
        raise DrgpayError(*_ERRORS("unknown_clue", folder=folder, clue=clue_id))
    clue = mine.row(0, named=True)
    stays = kept_table(folder, "clue_stays").filter(pl.col("clue_id") == clue_id)
    ids = stays["case_id"]
    touches = pl.col("case_ids").list.eval(pl.element().is_in(ids.implode())).list.any()
    rules = tomllib.loads((folder / RULES).read_text(encoding="utf-8"))["rules"]
    return CaseFile(
        folder,
        clue,
        clues.filter(touches & (pl.col("clue_id") != clue_id)),
        stays,
        kept_table(folder, "evidence").filter(pl.col("clue_id") == clue_id).drop("clue_id"),
        kept_table(folder, "guards").filter(touches),
        rules[clue["rule"]],
        manifest.content["schemes"][-1],
    )


def shown_tables(file: CaseFile, language: Language) -> list[ReportTable]:
    """Its tables: the stays side by side (a column a stay), evidence, guards, other clues, rule, groups."""
    stays = file.stays.drop("clue_id", "place").with_columns(
        *(pl.col(name).list.join(" ") for name in ("other_diagnoses", "procedures")),
        pl.col("deducted").cast(pl.String),
    )
    tables = [
        ReportTable(
            "t_stays",
            stays,
            turned=True,
            prefixes={"case_class": "class", "admission_route": "route", "deducted": "value"},
        ),
        ReportTable("t_traces", traces(file, language)),
        ReportTable("t_evidence", file.evidence, prefixes=_SAID),
    ]
    if file.guards.height:
        guards = file.guards.with_columns(pl.col("case_ids").list.join(" "))
        tables.append(ReportTable("t_guards", guards, prefixes={"rule": "rule", "guard": "guard"}))
    if file.others.height:
        tables.append(
            ReportTable("t_clues", _others(file.others, language), prefixes={"rule": "rule"})
        )
    tables.append(ReportTable("t_rule", rule_rows(file.rule, language)))
    return tables


def _others(clues: pl.DataFrame, language: Language) -> pl.DataFrame:
    reasons = [
        clue_sentence(code, numbers, language)
        for code, numbers in clues.select("reason_code", "numbers").iter_rows()
    ]
    return clues.select(
        "clue_id", "rule", "c", "expected", reason=pl.Series(reasons, dtype=pl.String)
    )


def traces(file: CaseFile, language: Language) -> pl.DataFrame:
    """case_id, trace: how each stay was grouped, in a sentence; where diagnoses are suspected, also without."""
    compiled = load_compiled(file.scheme)
    names = CodeNames.of(compiled.scheme.info.code_system)
    suspects = file.evidence.filter(pl.col("fact") == "suspects").select("key", "value")
    suspected = {case: set(codes.split()) for case, codes in suspects.iter_rows()}

    def trace(row: Mapping[str, Any]) -> str:
        case = row["case_id"]
        return sentence(explain_stay(compiled, Stay.of(_as_record(row)), names, case), language)

    rows = []
    for row in file.stays.drop_nulls("stay_days").iter_rows(named=True):  # visits have none
        case = row["case_id"]
        rows.append((case, trace(row)))
        if case in suspected:
            kept = [code for code in row["other_diagnoses"] or () if code not in suspected[case]]
            without = WORDS.said(
                "without_suspects", language, codes=" ".join(sorted(suspected[case]))
            )
            rows.append((case, without + trace({**row, "other_diagnoses": kept})))
    return pl.DataFrame(rows, schema={"case_id": pl.String, "trace": pl.String}, orient="row")


def _as_record(row: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        **row,
        "age": row["age_years"],
        "age_days": row["days_of_age"],
        "length_of_stay": row["stay_days"],
    }


def rule_rows(rule: Mapping[str, Any], language: Language) -> pl.DataFrame:
    """parameter, value, source: of the section of a rule, each limit with where it is from."""
    rows: list[tuple[str, str, str]] = []
    unverified = WORDS.word("source_unverified", language)
    for name, value in {
        **{k: v for k, v in rule.items() if k != "limits"},
        **rule["limits"],
    }.items():
        if isinstance(value, dict) and "value" in value:
            source = str(value.get("source", ""))
            mark = "" if value.get("verified") else unverified
            rows.append(
                (name, str(value["value"]), "，".join(one for one in (source, mark) if one))
            )
        else:
            rows.append((name, str(value), unverified))
    return pl.DataFrame(rows, schema=["parameter", "value", "source"], orient="row")


def told(file: CaseFile, language: Language) -> str:
    """The clue in words: what it is of, the sentence, what is at stake, and that it is a suspicion."""
    clue, say = file.clue, _say(language)
    lines = [f"{name}: {value}" for name, value in _facts(file, language)]
    lines += [
        f"{say('stake_tile')}: {clue['stake_yuan']:,}",
        f"{say('expected_tile')}: {clue['expected']:,}",
        say("suspicion_note"),
    ]
    return "\n".join(lines)


def case_report(file: CaseFile, language: Language) -> "Showable":
    """The case file on a terminal."""
    blocks: list[Block] = [Sentence(one) for one in told(file, language).splitlines()]
    return console_tables([*blocks, *shown_tables(file, language)], _say(language))


def write_case_file(file: CaseFile, out: Path, language: Language) -> tuple[Path, Path]:
    """Write the page `out` and a workbook beside it, for their owner alone; returns both paths."""
    tables = shown_tables(file, language)
    workbook = out.with_suffix(".xlsx")
    text = page(file, tables, language)
    with staged_file(out) as staged:
        staged.write_text(text, encoding="utf-8", newline="\n")
    with staged_file(workbook) as staged:
        write_tables(
            staged,
            "clue",
            dict(_facts(file, language, keys=True)),
            tables,
            language,
            _say(language),
        )
    return out, workbook


def _say(language: Language) -> Any:
    return lambda key: WORDS.word(key, language)


def _facts(file: CaseFile, language: Language, *, keys: bool = False) -> Sequence[tuple[str, str]]:
    clue, say = file.clue, _say(language)
    facts = [
        ("clue", clue["clue_id"]),
        ("rule", say(f"rule_{clue['rule']}")),
        ("rule_level", say(f"level_{clue['rule_level']}")),
        ("hospital", clue["hospital_id"]),
        ("confidence", f"{clue['c']:.4f}"),
        ("weight", f"{clue['w']:.4f}"),
        ("reason", clue_sentence(clue["reason_code"], clue["numbers"], language)),
    ]
    return facts if keys else [(say(name), value) for name, value in facts]


def page(file: CaseFile, tables: Sequence[ReportTable], language: Language) -> str:
    """The page of a case file; the same folder gives the same text."""
    clue, say = file.clue, _say(language)
    return render_page(
        Path(__file__).parent,
        style=_STYLE,
        lang=language,
        generator=GENERATOR,
        title=WORDS.said("case_title", language, clue=clue["clue_id"]),
        subtitle=f"{say('rule_' + clue['rule'])} · {clue['first_day']} – {clue['last_day']}",
        facts=_facts(file, language)[1:-1],
        tiles=[
            (say("stake_tile"), f"{clue['stake_yuan']:,}", ""),
            (say("expected_tile"), f"{clue['expected']:,}", ""),
        ],
        notes=[
            clue_sentence(clue["reason_code"], clue["numbers"], language),
            say("suspicion_note"),
        ],
        sections=[
            PageSection(say(one.key), html_table(_side_by_side(one, say), say, _MOST_ROWS))
            for one in tables
        ],
        footer=f"drgpay {__version__}",
    )


def _side_by_side(table: ReportTable, say: Any) -> ReportTable:
    """On a page a stay stands as a column too."""
    if not table.turned:
        return table
    frame = table.frame
    worded = [
        pl.Series(
            name, [None if one is None else prefixed_text(one, prefix, say) for one in frame[name]]
        )
        for name, prefix in table.prefixes.items()
    ]
    shown = frame.with_columns(worded).with_columns(pl.all().cast(pl.String).fill_null(NONE))
    turned = shown.transpose(include_header=True, header_name="parameter", column_names="case_id")
    heads = [say(name) for name in turned["parameter"].to_list()]
    return ReportTable(table.key, turned.with_columns(parameter=pl.Series(heads)))
