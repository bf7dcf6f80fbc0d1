"""What proposals say, Chinese first."""

from collections.abc import Mapping

from drgpay.adjust.features import Feature
from drgpay.adjust.trees import Condition
from drgpay.base.language import Language, Words

WORDS: dict[str, Words] = {
    "age_from": Words("年龄≥{low}岁", "age {low} or over"),
    "age_below": Words("年龄<{high}岁", "age under {high}"),
    "age_between": Words("年龄{low}至不足{high}岁", "age from {low} to under {high}"),
    "age_outside": Words("年龄不在{low}至不足{high}岁", "age not from {low} to under {high}"),
    "days_from": Words("住院≥{low}天", "{low} days or more"),
    "days_below": Words("住院<{high}天", "under {high} days"),
    "days_between": Words("住院{low}至不足{high}天", "from {low} to under {high} days"),
    "count_from": Words("手术操作≥{low}项", "{low} procedures or more"),
    "count_below": Words("手术操作<{high}项", "fewer than {high} procedures"),
    "count_between": Words("手术操作{low}至不足{high}项", "from {low} to fewer than {high} procedures"),
    "sex_1": Words("男性", "male"),
    "sex_2": Words("女性", "female"),
    "sex_other": Words("性别{key}", "sex {key}"),
    "not_sex_1": Words("非男性", "not male"),
    "not_sex_2": Words("非女性", "not female"),
    "not_sex_other": Words("性别非{key}", "sex not {key}"),
    "discharge": Words("离院方式{key}", "discharge type {key}"),
    "not_discharge": Words("离院方式非{key}", "discharge type not {key}"),
    "severity": Words("伴{key}", "with {key}"),
    "not_severity": Words("不伴{key}", "without {key}"),
    "or": Words("或", " or "),
    "diagnosis": Words("其他诊断含{key}", "with other diagnosis {key}"),
    "not_diagnosis": Words("其他诊断不含{key}", "without other diagnosis {key}"),
    "procedure": Words("手术操作含{key}", "with procedure {key}"),
    "not_procedure": Words("手术操作不含{key}", "without procedure {key}"),
    "category": Words("{key}类", "of category {key}"),
    "named": Words("{key}（{name}）", "{key} ({name})"),
    "and": Words("，", ", "),
    "semicolon": Words("；", "; "),
    "listed": Words("、", ", "),
    "full_stop": Words("。", "."),
    "rest": Words("其余", "the rest"),
    "split_reason": Words(
        "{drg} 共 {cases} 例，次均费用 {mean} 元，变异系数 {cv}。按“{by}”分为 {parts} 部分，"
        "次均费用 {least} 至 {most} 元；{questions} 个问题中最强者 F={f}，q={q}；交叉验证后可解释组内对数费用变异的 {gain_cv}，"
        "全方案 R² 提高 {scheme_points} 个百分点。{stability}",
        "{drg} has {cases} cases at a mean of {mean} yuan, CV {cv}. Cut by \"{by}\" into {parts} parts "
        "with means from {least} to {most} yuan; the strongest of {questions} questions has F {f}, q {q}; cross-validated this explains {gain_cv} of the "
        "variance of log cost in the group, and raises the R² of the scheme by {scheme_points} "
        "percentage points. {stability}",
    ),
    "stable_hospitals": Words(
        "费用高低次序在 {held}/{judged} 家医疗机构一致",
        "The order of the means holds in {held} of {judged} hospitals",
    ),
    "stable_years": Words("；{held}/{judged} 个年度一致。", "; in {held} of {judged} years."),
    "unjudged": Words("病例太少，无法按机构判断稳定性", "No hospital has the cases to judge stability"),
    "merge_reason": Words(
        "{drgs} 次均费用相差 {difference}（低于 {threshold}），合并后全方案 R² 变化 {scheme_points} 个百分点。",
        "The means of {drgs} differ by {difference} (less than {threshold}); merged, the R² of the scheme "
        "changes by {scheme_points} percentage points.",
    ),
    "merged_name": Words("{name}（合并{drgs}）", "{name} (with {drgs})"),
    "high_cv_reason": Words(
        "变异系数 {cv} 大于 1，组内费用差异大。", "CV {cv} above 1: costs in the group differ much."
    ),
    "few_cases_reason": Words(
        "仅 {cases} 例，少于 {least} 例，均值不稳定。",
        "Only {cases} cases, fewer than {least}: the mean is not stable.",
    ),
    "proposed_name": Words("{name}（拟调整）", "{name} (proposed)"),
    # table
    "splits": Words("拆分建议（{count} 组）", "Proposed splits ({count} groups)"),
    "merges": Words("合并建议（{count} 项）", "Proposed merges ({count})"),
    "looked_at": Words(
        "分析 {stays} 例、{groups} 组；R² {before} → {after}（拆分并合并后）。变异系数 >1 的组 {high_cv} 个，"
        "少于 {least} 例的组 {few_cases} 个。",
        "{stays} stays in {groups} groups; R² {before} → {after} (split and merged). {high_cv} groups with "
        "CV > 1, {few_cases} with fewer than {least} cases.",
    ),
    "tested": Words(
        "检验 {groups} 组的 {tests} 个问题（组内按问题数校正，各组间控制错误发现率 q ≤ {q}）：{taken} 组超出偶然，"
        "其中 {splits} 组值得拆分。",
        "{tests} questions of {groups} groups tested (corrected for their number in the group; false "
        "discovery rate over the groups q ≤ {q}): {taken} groups beyond chance, {splits} of them worth a "
        "split.",
    ),
    "left_out": Words(
        "未纳入：未入组 {not_grouped} 例，非按病组付费 {not_paid} 例，无费用 {no_cost} 例。",
        "Left out: {not_grouped} not grouped, {not_paid} not paid by DRG, {no_cost} without a cost.",
    ),
    "no_split": Words("没有值得提出的拆分", "no split is worth proposing"),
    "more": Words("另有 {rest} 组，见 {out}", "{rest} more in {out}"),
    "drg": Words("DRG", "DRG"),
    "code": Words("编码", "code"),
    "part": Words("条件", "part"),
    "cases": Words("病例数", "cases"),
    "mean_cost": Words("次均费用（元）", "mean cost (yuan)"),
    "cv": Words("变异系数", "CV"),
    "gain_group_cv": Words("组内解释度（交叉验证）", "gain in group (CV)"),
    "gain_scheme": Words("方案 R² 增量", "gain in R²"),
    "stability": Words("机构一致", "hospitals"),
    "reason": Words("理由", "reason"),
    "touched": Words("涉及的 MDC：{mdcs}", "MDCs touched: {mdcs}"),
    "touched_none": Words("不影响任何病例的分组", "no stay can change its group"),
    "sound": Words("{id}：检查没有新的问题", "{id}: the check finds nothing new"),
    "faults": Words("{id}：{errors} 个错误，{warnings} 个警告", "{id}: {errors} errors, {warnings} warnings"),
    "nowhere_mdc": Words("不再有 MDC 收治 {kind} {code}", "no MDC takes the {kind} {code} any more"),
    "nowhere_adrg": Words("不再有 ADRG 收治 {kind} {code}", "no ADRG takes the {kind} {code} any more"),
    "kind_diagnosis": Words("诊断", "diagnosis"),
    "kind_procedure": Words("手术操作", "procedure"),
    "kind_department": Words("科室", "department"),
    "severity_head": Words("程度", "severity"),
    "table": Words("表", "table"),
    "subject": Words("对象", "subject"),
    "message": Words("问题", "what is wrong"),
    "remedy": Words("处理办法", "remedy"),
    "error": Words("错误", "error"),
    "warning": Words("警告", "warning"),
    "accepted": Words("已声明接受", "accepted"),
}  # fmt: skip

_NUMBERS = {"age": "age", "length_of_stay": "days", "procedure_count": "count"}


def say(key: str, language: Language, /, **facts: object) -> str:
    """The words of a key with the facts in their places."""
    return WORDS[key].said_in(language).format_map(facts)


def condition_words(
    condition: Condition, names: Mapping[str, str], language: Language, short: bool = False
) -> str:
    """A condition in words; `names` are those of codes, left out if `short`."""
    feature, low, high = condition.feature, condition.low, condition.high
    if feature.numeric:
        how = "between" if None not in (low, high) else "from" if low is not None else "below"
        return say(f"{_NUMBERS[feature.kind]}_{how}", language, low=low, high=high)
    yes = low is not None
    if feature.kind == "age_band":
        first, last = feature.key.split("-")
        return say("age_between" if yes else "age_outside", language, low=first, high=last)
    if feature.kind == "sex":
        key = feature.key if f"sex_{feature.key}" in WORDS else "other"
        return say(f"sex_{key}" if yes else f"not_sex_{key}", language, key=feature.key)
    key = feature.kind if yes else f"not_{feature.kind}"
    return say(key, language, key=_key_words(feature, names, language, short))


def _key_words(feature: Feature, names: Mapping[str, str], language: Language, short: bool) -> str:
    if feature.kind == "severity":
        return feature.key.replace(",", say("or", language))
    text = say("category", language, key=feature.key) if feature.category else feature.key
    name = names.get(feature.key)
    return text if short or name is None else say("named", language, key=text, name=name)


def conditions_words(
    conditions: tuple[Condition, ...],
    names: Mapping[str, str],
    language: Language,
    short: bool = False,
) -> str:
    """Conditions in words, one after the other."""
    texts = [condition_words(one, names, language, short) for one in conditions]
    return say("and", language).join(texts)
