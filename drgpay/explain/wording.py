"""A trace in words, Chinese first, English by switch."""

from drgpay.base.language import Language, Words
from drgpay.explain.trace import (
    Answer,
    Attempt,
    CodeFact,
    Complicating,
    Level,
    NamedCode,
    Number,
    Question,
    SeenStay,
    SeenVisit,
    Trace,
    VisitTrace,
)

_WORDS: dict[str, Words] = {
    "stay": Words("病例", "Stay"),
    "typed": Words("键入的病例", "the stay typed"),
    "path": Words("入组路径", "The path that held"),
    "tried": Words("逐条规则（按次序）", "Every rule tried, in order"),
    "severity": Words("严重程度", "Severity"),
    "near": Words("未进入的邻近组", "Nearer groups that were missed"),
    "what_if": Words("如果……", "What if"),
    "change": Words("改动", "change"),
    "result": Words("结果", "result"),
    "rule": Words("规则", "rule"),
    "grouped": Words("入组", "grouped"),
    "ambiguous": Words("歧义组", "ambiguous"),
    "ungrouped": Words("未入组", "ungrouped"),
    "invalid": Words("无效", "invalid"),
    "always": Words("空规则，总是成立", "empty rule, always true"),
    "always_true": Words("总是成立", "always true"),
    "always_false": Words("总不成立", "never true"),
    "first_walk": Words("按原记录", "the stay as recorded"),
    "retry": Words(
        "重试：仅以其他手术 {code} 为主要手术", "retry with the other procedure {code} alone"
    ),
    "not_reached": Words("没有规则成立到 DRG 一级", "no path held down to a DRG"),
    "counted": Words("计入", "counted"),
    "removed": Words("被排除", "removed"),
    "missing_columns": Words("缺少{columns}", "{columns} missing"),
    "retried_in_vain": Words(
        "其他手术逐一单独重试，均未入组：{codes}",
        "each other procedure was retried alone, in vain: {codes}",
    ),
    "removed_by": Words(
        "{code}（{level}）：排除表 {table} 含主要诊断 {principal}",
        "{code} ({level}): exclusion table {table} lists the principal diagnosis {principal}",
    ),
    "counted_by": Words(
        "{code}（{level}，排除表 {table}）", "{code} ({level}, exclusion table {table})"
    ),
    "excluded_fact": Words(
        "{code} 被排除表 {table} 排除", "{code} removed by exclusion table {table}"
    ),
    "in_set": Words("{field} {code} 在 {sets} 中", "{field} {code} is in {sets}"),
    "in_no_set": Words("{field} {codes} 不在其中", "{field} {codes}: not in it"),
    "no_value": Words("没有{field}", "no {field}"),
    "no_number": Words("缺少{field}", "{field} is missing"),
    "has_number": Words("{field} {number}", "{field} {number}"),
    "count": Words("计数 {number}", "counted {number}"),
    "more": Words("等共 {number} 个", "and others, {number} in all"),
    "more_groups": Words(
        "另有 {number} 个组（--full 列出全部规则）", "{number} more (--full shows every rule)"
    ),
    "principal": Words("以 {code} 为主要诊断", "{code} were the principal diagnosis"),
    "without": Words("没有手术 {code}", "the procedure {code} were not there"),
    "same": Words("不变", "the same"),
    "comma": Words("，", ", "),
    "list": Words("、", ", "),
    "semicolon": Words("；", "; "),
    "colon": Words("：", ": "),
    "full_stop": Words("。", "."),
    "passed": Words("规则成立但其中无组成立，继续", "held, but no group inside did; passed on"),
    "sex": Words("性别", "sex"),
    "age": Words("年龄", "age"),
    "age_days": Words("天龄", "age in days"),
    "weight_g": Words("新生儿体重（克）", "newborn weight (g)"),
    "department": Words("科室", "department"),
    "length_of_stay": Words("住院天数", "length of stay"),
    "discharge_type": Words("离院方式", "discharge type"),
    "principal_diagnosis": Words("主要诊断", "principal diagnosis"),
    "other_diagnoses": Words("其他诊断", "other diagnoses"),
    "procedures": Words("手术及操作", "procedures"),
    "ZYZD": Words("主要诊断", "principal diagnosis"),
    "QTZD": Words("其他诊断", "other diagnosis"),
    "ZYSS": Words("主要手术", "principal procedure"),
    "QTSS": Words("其他手术", "other procedure"),
    "KS": Words("科室", "department"),
    "NL": Words("年龄", "age"),
    "XB": Words("性别", "sex"),
    "XSRTL": Words("天龄", "age in days"),
    "XSRTZ": Words("新生儿体重", "newborn weight"),
    "ZYTS": Words("住院天数", "length of stay"),
    "LYFS": Words("离院方式", "discharge type"),
    "XM": Words("项目", "item"),
    "XMLB": Words("项目类别", "item kind"),
    "MZLB": Words("门诊类别", "visit type"),
    "visit": Words("门诊就诊", "Visit"),
    "typed_visit": Words("键入的就诊", "the visit typed"),
    "visit_type": Words("门诊类别", "visit type"),
    "medical": Words("按诊断", "By diagnosis"),
    "lines": Words("收费明细的分组", "Where the service lines go"),
    "item": Words("项目", "item"),
    "item_kind": Words("项目类别", "kind"),
    "class": Words("类别", "class"),
    "family": Words("组族", "family"),
    "apg": Words("组", "APG"),
    "no_lines": Words("没有收费明细", "no service lines"),
    "not_reached_apg": Words("没有规则成立到组一级", "no path held down to an APG"),
}
_SEVERITY = {
    "MCC": Words("严重合并症或并发症（MCC）", "MCC"),
    "CC": Words("合并症或并发症（CC）", "CC"),
    "none": Words("没有计入的 MCC 或 CC", "no MCC or CC counted"),
}
_SEX = {1: Words("1 男", "1 male"), 2: Words("2 女", "2 female")}
_CODES_SHOWN = 4


def word(key: str, language: Language) -> str:
    """The wording of a key."""
    return _WORDS[key].said_in(language)


def level_name(level: Level, language: Language) -> str:
    """MDC, ADRG and DRG are called so in both languages."""
    return word(level, language) if level in _WORDS else level.upper()


def sentence(trace: Trace, language: Language) -> str:
    """The answer in one sentence."""
    case, scheme = trace.stay.case_id, trace.scheme
    who = f"{word('stay', language)} {case}" if case else word("typed", language)
    rules = scheme.id if language == "en" else (scheme.name or scheme.id)
    said = answer(trace.answer, language)
    if trace.missing:
        columns = word("list", language).join(word(column, language) for column in trace.missing)
        said += (
            f"{word('colon', language)}{word('missing_columns', language).format(columns=columns)}"
        )
    if len(trace.attempts) > 1 and (retried := trace.attempts[-1].retried) and _reached(trace):
        said += f"{word('semicolon', language)}{retry(retried, language)}"
    opening = f"{who}（{rules}）：" if language == "zh" else f"{who} ({rules}): "
    text = f"{opening}{said}{word('full_stop', language)}"
    return text[0].upper() + text[1:]


def answer(given: Answer, language: Language) -> str:
    """A result in words: status, MDC, ADRG, DRG, severity."""
    status = word(given.status, language)
    if not (given.mdc and given.adrg and given.drg and given.severity):
        return status
    groups = " › ".join(named(group) for group in (given.mdc, given.adrg, given.drg))
    if given.mdc.name is None:  # no group at all: one code says it
        groups = given.drg.code
    severity = f"{word('severity', language)}{word('colon', language)}"
    severity += _SEVERITY[given.severity].said_in(language)
    return f"{status} {groups}{word('comma', language)}{severity[0].lower()}{severity[1:]}"


def visit_sentence(trace: VisitTrace, language: Language) -> str:
    """Where the lines and the diagnosis of a visit go, in one sentence."""
    visit, scheme = trace.visit.visit_id, trace.scheme
    who = f"{word('visit', language)} {visit}" if visit else word("typed_visit", language)
    rules = scheme.id if language == "en" else (scheme.name or scheme.id)
    codes = [line.placed.apg.code for line in trace.lines]
    comma, colon = word("comma", language), word("colon", language)
    counts = [f"{code} x {codes.count(code)}" for code in sorted(set(codes))]
    said = f"{word('medical', language)} {named(trace.medical.apg)}"
    listed = word("list", language).join(counts) or word("no_lines", language)
    opening = f"{who}（{rules}）：" if language == "zh" else f"{who} ({rules}): "
    text = f"{opening}{said}{comma}{word('XM', language)}{colon}{listed}"
    return f"{text[0].upper()}{text[1:]}{word('full_stop', language)}"


def short_answer(given: Answer, language: Language) -> str:
    """A result in few words: the DRG with its name, or the status."""
    if not given.drg or not given.severity:
        return word(given.status, language)
    status = "" if given.status == "grouped" else f"{word(given.status, language)} "
    severity = _SEVERITY[given.severity].said_in(language)
    return f"{status}{named(given.drg)}{word('comma', language)}{severity}"


def named(code: NamedCode | CodeFact | Complicating) -> str:
    """A code and its name."""
    return f"{code.code} {code.name}" if code.name else code.code


def stay_lines(stay: SeenStay | SeenVisit, language: Language) -> list[tuple[str, str]]:
    """The fields of a stay or a visit that have a value, each with its label."""
    plain = ("age", "age_days", "weight_g", "length_of_stay", "discharge_type", "visit_type")
    values: list[tuple[str, str | Number | None]] = [("sex", _sex(stay.sex, language))]
    values += [(name, getattr(stay, name)) for name in plain if hasattr(stay, name)]
    values.append(("department", stay.department))
    if stay.principal_diagnosis:
        values.append(("principal_diagnosis", named(stay.principal_diagnosis)))
    values += [("other_diagnoses", named(code)) for code in stay.other_diagnoses]
    if isinstance(stay, SeenStay):
        values += [("procedures", named(code)) for code in stay.procedures]
    lines: list[tuple[str, str]] = []
    last = ""
    for name, value in values:
        if value is not None:
            lines.append(("" if name == last else word(name, language), str(value)))
            last = name
    return lines


def rule_text(rule: str, language: Language) -> str:
    """A rule as it is written, or what the empty rule means."""
    return rule or word("always", language)


def fact(question: Question, language: Language) -> str:
    """What the stay answers to a question."""
    if question.field:
        label = word(question.field, language)
        if question.number is None:
            return word("no_number", language).format(field=label)
        shown = _sex(question.number, language) if question.field == "XB" else question.number
        return word("has_number", language).format(field=label, number=shown)
    if not question.codes and not question.missing:
        return word("always_true" if question.holds else "always_false", language)
    parts = [_inside(code, language) for code in question.codes if code.in_sets]
    if not parts:
        parts = [*_removed(question, language), *_outside(question, language)]
    if question.number is not None:
        parts.insert(0, word("count", language).format(number=question.number))
    return word("semicolon", language).join(parts)


def _inside(code: CodeFact, language: Language) -> str:
    field, sets = word(code.field, language), word("list", language).join(code.in_sets)
    return word("in_set", language).format(field=field, code=named(code), sets=sets)


def _removed(question: Question, language: Language) -> list[str]:
    return [
        word("excluded_fact", language).format(code=named(code), table=code.excluded_by)
        for code in question.codes
        if code.excluded_by
    ]


def _outside(question: Question, language: Language) -> list[str]:
    parts = []
    for field in dict.fromkeys([*(code.field for code in question.codes), *question.missing]):
        label = word(field, language)
        codes = [code for code in question.codes if code.field == field and not code.excluded_by]
        if codes:
            listed = word("list", language).join(named(code) for code in codes[:_CODES_SHOWN])
            if len(codes) > _CODES_SHOWN:
                listed += f" {word('more', language).format(number=len(codes))}"
            parts.append(word("in_no_set", language).format(field=label, codes=listed))
        elif field in question.missing:
            parts.append(word("no_value", language).format(field=label))
    return parts


def retry(code: NamedCode, language: Language) -> str:
    """A retry with one other procedure."""
    return word("retry", language).format(code=named(code))


def attempt_title(attempt: Attempt, language: Language) -> str:
    """Which walk through the scheme this is."""
    return retry(attempt.retried, language) if attempt.retried else word("first_walk", language)


def counted(entry: Complicating, language: Language) -> str:
    """An MCC or CC that counted."""
    return word("counted_by", language).format(
        code=named(entry), level=entry.level, table=entry.exclusion_table
    )


def removed(entry: Complicating, principal: NamedCode | None, language: Language) -> str:
    """An MCC or CC that the principal diagnosis removed."""
    return word("removed_by", language).format(
        code=named(entry),
        level=entry.level,
        table=entry.exclusion_table,
        principal=named(principal) if principal else "",
    )


def severity_level(level: str, language: Language) -> str:
    """A severity in words."""
    return _SEVERITY[level].said_in(language)


def retried_in_vain(trace: Trace, language: Language) -> str | None:
    """The procedures that were retried without reaching a group, if any were."""
    codes = [named(attempt.retried) for attempt in trace.attempts if attempt.retried]
    if not codes or _reached(trace):
        return None
    listed = word("list", language).join(codes)
    return word("retried_in_vain", language).format(codes=listed)


def _reached(trace: Trace) -> bool:
    return bool(trace.attempts[-1].path())


def _sex(value: Number | None, language: Language) -> str | Number | None:
    return _SEX[int(value)].said_in(language) if value in _SEX else value
