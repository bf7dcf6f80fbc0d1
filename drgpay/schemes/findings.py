"""What a check of a scheme can find, and how it is said."""

from dataclasses import dataclass
from typing import Literal

import polars as pl

from drgpay.base.language import Language, Words
from drgpay.base.words import Wording

Severity = Literal["error", "warning"]
WORDS = Wording("schemes")


@dataclass(frozen=True)
class Finding:
    """One finding: where it is, what it is, what to do.

    `row` is the row of the CSV as a spreadsheet counts it (the header is 1), or None where a table
    as a whole is meant. `subject` is the group, set, code or key.
    """

    severity: Severity
    code: str
    table: str
    row: int | None
    subject: str
    message: Words
    remedy: Words


SCHEMA = {
    "severity": pl.String,
    "code": pl.String,
    "table": pl.String,
    "row": pl.Int64,
    "subject": pl.String,
    "message": pl.String,
    "remedy": pl.String,
}


def finding(code: str, table: str, row: int | None, subject: str, **facts: object) -> Finding:
    """A finding of a kind in KINDS, its words filled with the subject, the table and the facts."""
    told = {"subject": subject, "table": table, **facts}
    return Finding(
        severity=KINDS[code],
        code=code,
        table=table,
        row=row,
        subject=subject,
        message=WORDS.words(f"message.{code}", **told),
        remedy=WORDS.words(f"remedy.{code}", **told),
    )


def findings_frame(findings: list[Finding], language: Language) -> pl.DataFrame:
    """Findings as a table with the columns SCHEMA, worded in one language, in the order given."""
    return pl.DataFrame(
        [
            (
                found.severity,
                found.code,
                found.table,
                found.row,
                found.subject,
                found.message.said_in(language),
                found.remedy.said_in(language),
            )
            for found in findings
        ],
        schema=SCHEMA,
        orient="row",
    )


KINDS: dict[str, Severity] = {
    "scheme_file": "error",
    "missing_table": "error",
    "empty_table": "error",
    "unreadable_table": "error",
    "missing_column": "error",
    "blank_code": "error",
    "duplicate_code": "error",
    "duplicate_row": "warning",
    "bad_sort": "error",
    "unknown_parent": "error",
    "rule_not_parsed": "error",
    "undefined_set": "error",
    "declared_empty_set": "warning",
    "needless_empty_set": "warning",
    "unused_set": "warning",
    "unknown_code": "warning",
    "unmatched_pattern": "warning",
    "unknown_listed_group": "error",
    "procedure_with_part": "warning",
    "adrg_without_drg": "error",
    "mdc_without_adrg": "warning",
    "wrong_level": "error",
    "no_exclusion_table": "warning",
    "exclusion_table_without_codes": "warning",
    "unused_exclusion_table": "warning",
    "repeated_name": "warning",
    "foreign_field": "error",
    "unknown_class": "error",
    "counted_pattern": "error",
    "unknown_packaged": "error",
    "packaged_class": "warning",
    "no_item_table": "warning",
    "code_without_group": "error",
    "group_without_codes": "warning",
    "unreachable_after_always": "error",
    "unreachable_covered": "error",
    "unreachable_empty_set": "warning",
    "unreachable_contradiction": "error",
    "not_reached": "warning",
}
"""Errors: the scheme cannot be loaded, or some rows of it certainly do not do what they are there
for. Warnings: the scheme works as written, but someone should look."""
