"""What a check of a scheme can find, and how it is said."""

from dataclasses import dataclass
from typing import Literal

import polars as pl

from drgpay.base.language import Language, Words

Severity = Literal["error", "warning"]


@dataclass(frozen=True)
class FindingKind:
    """A kind of finding; `{...}` in the words are filled with the facts of the single finding."""

    severity: Severity
    message: Words
    remedy: Words


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
    kind = KINDS[code]
    told = {"subject": subject, "table": table, **facts}
    return Finding(
        severity=kind.severity,
        code=code,
        table=table,
        row=row,
        subject=subject,
        message=Words(*(text.format_map(told) for text in kind.message)),
        remedy=Words(*(text.format_map(told) for text in kind.remedy)),
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


def _kind(severity: Severity, zh: str, en: str, remedy_zh: str, remedy_en: str) -> FindingKind:
    return FindingKind(severity, Words(zh, en), Words(remedy_zh, remedy_en))


# Errors: the scheme cannot be loaded, or some rows of it certainly do not do what they are there
# for. Warnings: the scheme works as written, but someone should look.
KINDS: dict[str, FindingKind] = {
    "scheme_file": _kind(
        "error",
        "scheme.toml 有误：{problem}",
        "scheme.toml is wrong: {problem}",
        "按提示改正：{advice}",
        "{advice}",
    ),
    "missing_table": _kind(
        "error",
        "缺少 {subject}",
        "{subject} is missing",
        "补上该表；没有内容时只写表头",
        "add the table; with a header alone where there is nothing to list",
    ),
    "empty_table": _kind(
        "error",
        "{subject} 没有任何一行",
        "{subject} has no row",
        "补上各组",
        "add the groups",
    ),
    "unreadable_table": _kind(
        "error",
        "{subject} 不是可读的 CSV：{problem}",
        "{subject} is not a readable CSV: {problem}",
        "另存为 UTF-8 编码的 CSV",
        "save it as CSV in UTF-8",
    ),
    "missing_column": _kind(
        "error",
        "{table}.csv 缺少列 {subject}",
        "{table}.csv lacks the column {subject}",
        "补上该列",
        "add the column",
    ),
    "blank_code": _kind(
        "error",
        "{column} 为空",
        "{column} is empty",
        "填写编码，或删除该行",
        "fill in the code or delete the row",
    ),
    "duplicate_code": _kind(
        "error",
        "{subject} 已在第 {first} 行出现",
        "{subject} stands already in row {first}",
        "只保留其中一行",
        "keep one of the rows",
    ),
    "duplicate_row": _kind(
        "warning",
        "{owner} 中的 {subject} 已在第 {first} 行出现",
        "{subject} of {owner} stands already in row {first}",
        "删除重复行",
        "delete the repeated row",
    ),
    "bad_sort": _kind(
        "error",
        "{subject} 的排序是“{sort}”，不是整数",
        "the sort of {subject} is {sort!r}, not a whole number",
        "填写不超过 9 位的整数",
        "write a whole number of at most 9 digits",
    ),
    "unknown_parent": _kind(
        "error",
        "{subject} 属于 {parent}，但没有这一行",
        "{subject} is put under {parent}, which no row defines",
        "补上该行，或改正编码",
        "add the row or correct the code",
    ),
    "rule_not_parsed": _kind(
        "error",
        "{subject} 的规则无法解析：第 {line} 行第 {column} 列，{problem}",
        "the rule of {subject} does not parse: line {line}, column {column}: {problem}",
        "改正规则",
        "correct the rule",
    ),
    "undefined_set": _kind(
        "error",
        "{group} 的规则用到集合 {subject}，sets.csv 中没有",
        "the rule of {group} names the set {subject}, which sets.csv does not define",
        "补上集合，改正名称，或列入 options.empty_sets",
        "add the set, correct the name or list it under options.empty_sets",
    ),
    "declared_empty_set": _kind(
        "warning",
        "{group} 的规则用到集合 {subject}，它在 options.empty_sets 中声明为空",
        "the rule of {group} names the set {subject}, which options.empty_sets declares empty",
        "取得该集合的编码后写入 sets.csv",
        "add its codes to sets.csv when they are known",
    ),
    "needless_empty_set": _kind(
        "warning",
        "options.empty_sets 中的 {subject} {reason_zh}",
        "options.empty_sets lists {subject}, {reason_en}",
        "从 options.empty_sets 中删除",
        "take it out of options.empty_sets",
    ),
    "unused_set": _kind(
        "warning",
        "集合 {subject}（{codes} 个编码）没有规则使用",
        "no rule uses the set {subject} ({codes} codes)",
        "核对规则中的集合名称，或删除该集合",
        "check the names in the rules, or delete the set",
    ),
    "unknown_code": _kind(
        "warning",
        "{owner} 有 {codes} 个编码不在编码表 {system} 中：{examples}",
        "{owner} has codes that no code table of {system} knows ({codes}): {examples}",
        "核对编码；正确的编码不影响分组",
        "check the codes; codes that are right group as they are",
    ),
    "unmatched_pattern": _kind(
        "warning",
        "有 {codes} 个前缀不是编码表中任何编码的开头：{examples}",
        "{codes} patterns begin no code of the code tables: {examples}",
        "核对前缀；为编码表以外的编码预留的前缀不影响分组",
        "check them; patterns for codes beyond the tables are right as they are",
    ),
    "adrg_without_drg": _kind(
        "error",
        "ADRG {subject} 没有 DRG：符合它的病例会被放过",
        "the ADRG {subject} has no DRG: stays that fit it are passed on",
        "在 drg.csv 中补上，或删除该 ADRG",
        "add one to drg.csv or delete the ADRG",
    ),
    "mdc_without_adrg": _kind(
        "warning",
        "MDC {subject} 没有 ADRG",
        "the MDC {subject} has no ADRG",
        "在 adrg.csv 中补上，或删除该 MDC",
        "add one to adrg.csv or delete the MDC",
    ),
    "wrong_level": _kind(
        "error",
        "{subject} 的级别是“{level}”",
        "{subject} has the level {level!r}",
        "填写 MCC 或 CC",
        "write MCC or CC",
    ),
    "no_exclusion_table": _kind(
        "warning",
        "{level} {subject} 没有排除表：任何主要诊断都不排除它",
        "the {level} {subject} has no exclusion table: no principal diagnosis excludes it",
        "填写排除表编号；确无排除时填一个编号并在出处中说明",
        "fill in the table; where nothing excludes it, give a number of its own and say so",
    ),
    "exclusion_table_without_codes": _kind(
        "warning",
        "排除表 {subject} 没有编码，却有 {codes} 个 MCC/CC 指向它，如 {examples}",
        "the exclusion table {subject} has no codes, but {codes} MCC/CC name it: {examples}",
        "在 exclusions.csv 中补上，或确认确无排除",
        "add its codes to exclusions.csv, or make sure that nothing excludes these",
    ),
    "unused_exclusion_table": _kind(
        "warning",
        "排除表 {subject}（{codes} 个编码）没有 MCC/CC 使用",
        "no MCC/CC uses the exclusion table {subject} ({codes} codes)",
        "核对 cc.csv 中的排除表编号",
        "check the table numbers in cc.csv",
    ),
    "repeated_name": _kind(
        "warning",
        "{subject} 与第 {first} 行的 {other} 同名：{name}",
        "{subject} has the name of {other} in row {first}: {name}",
        "改名，使报表能区分两组",
        "rename one, so that reports can tell them apart",
    ),
    "foreign_field": _kind(
        "error",
        "{group} 的规则使用了 {subject}，{reason_zh}",
        "the rule of {group} asks for {subject}, {reason_en}",
        "改用本类方案的字段",
        "ask for a field of this kind of scheme",
    ),
    "unknown_class": _kind(
        "error",
        "{subject} 不是 apg 类方案的类别",
        "{subject} is not a class of a scheme of kind apg",
        "改为 {known} 之一",
        "use one of {known}",
    ),
    "counted_pattern": _kind(
        "error",
        "{group} 的规则用 length() 对 {subject} 计数，而该集合含有前缀 {pattern}",
        "the rule of {group} counts {subject} with length(), and the set has the pattern {pattern}",
        "逐个列出集合的编码",
        "list the codes of the set one by one",
    ),
    "unknown_packaged": _kind(
        "error",
        "{subject} 既不是组族也不是组",
        "{subject} is no family and no APG",
        "改正编码，或删除该行",
        "correct the code or delete the row",
    ),
    "packaged_class": _kind(
        "warning",
        "{subject} 属于 {group} 类，打包清单对它不起作用",
        "{subject} is of the class {group}, to which the packaging list does not apply",
        "只列 {may} 类的组",
        "list groups of {may} alone",
    ),
    "no_item_table": _kind(
        "warning",
        "没有服务项目表（{subject}），未检查项目编码",
        "there is no table of service items ({subject}): item codes were not checked",
        "在 scheme.toml 中用 item_system 写明一个项目编码体系",
        "name an item system in scheme.toml by item_system",
    ),
    "code_without_group": _kind(
        "error",
        "{subject} 中有 {codes} 个编码不能入组：{examples}",
        "{codes} codes of {subject} land in no group: {examples}",
        "补充规则，或归入 INC 类",
        "add rules, or declare them incidental (class INC)",
    ),
    "group_without_codes": _kind(
        "warning",
        "编码表中没有编码落入 {subject}",
        "no code of the code tables lands in {subject}",
        "核对集合、规则与排序",
        "check its sets, its rules and the order",
    ),
    "unreachable_after_always": _kind(
        "error",
        "没有病例能到达 {subject}：它排在恒真的 {blockers} 之后",
        "no stay can reach {subject}: it comes after {blockers}, which always fits",
        "补上它自己的条件，并把 {blockers} 排在最后",
        "give it a rule of its own and sort {blockers} last",
    ),
    "unreachable_covered": _kind(
        "error",
        "没有病例能到达 {subject}：符合它的病例都先被 {blockers} 取走",
        "no stay can reach {subject}: whatever fits it also fits {blockers}, which comes first",
        "改正其中一条规则，或调整排序",
        "correct one of the two rules or their order",
    ),
    "unreachable_empty_set": _kind(
        "warning",
        "没有病例能到达 {subject}：集合 {blockers} 没有编码",
        "no stay can reach {subject}: nothing is in the set {blockers}",
        "补上集合的编码",
        "add the codes of the set",
    ),
    "unreachable_contradiction": _kind(
        "error",
        "没有病例能到达 {subject}：它与上级的规则互相矛盾",
        "no stay can reach {subject}: its rules and those above it contradict each other",
        "改正规则",
        "correct the rules",
    ),
    "not_reached": _kind(
        "warning",
        "{subject} 未到达：{why_zh}；没有证明它不可达",
        "{subject} is not reached: {why_en}; it is not proven that no stay can",
        "核对规则与排序",
        "check the rules and their order",
    ),
}
