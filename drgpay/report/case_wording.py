"""The words of one case's calculation, Chinese first; what reports have words for is said by them."""

from drgpay.base.language import Language, Words
from drgpay.explain import wording as of_traces
from drgpay.report.tables import heading
from drgpay.report.wording import named
from drgpay.report.wording import word as report_word

_WORDS: dict[str, Words] = {
    "part_facts": Words("病例信息", "The case"),
    "part_group": Words("分组", "Group"),
    "part_catalogue": Words("点数目录：均次费用、基准点数、系数", "Catalogue: means, base points"),
    "part_class": Words("病例类型", "Class"),
    "part_points": Words("点数", "Points"),
    "part_amounts": Words("本病例金额", "Money of the case"),
    "part_line": Words("归入结算单：{hospital}", "In the statement of {hospital}"),
    "title": Words("病例 {case_id} · {run} · {kind}", "Case {case_id} · {run} · {kind}"),
    "kind_month": Words("月度结算", "month"),
    "kind_clearing": Words("年终清算", "clearing"),
    "column_item": Words("项目", "Item"),
    "column_value": Words("数值", "Number"),
    "column_how": Words("计算与来源", "Formula, numbers, source"),
    "column_right": Words("复算", "Right"),
    "all_right": Words(
        "逐项复算：{numbers} 个数值全部与运行结果一致。",
        "Recomputed: all {numbers} numbers are those of the run.",
    ),
    "some_wrong": Words(
        "逐项复算：{wrong} 处与运行结果不符——运行文件夹可能被改动，用 drgpay verify 核对：",
        "Recomputed: {wrong} of the numbers differ. The run may have been changed; "
        "drgpay verify finds the file:",
    ),
    "differs": Words("应为 {due}", "should be {due}"),
    "part_note": Words(
        "{part}：{label} = {stored}，应为 {due}", "{part}: {label} = {stored}, should be {due}"
    ),
    "true": Words("是", "yes"),
    "false": Words("否", "no"),
    "equals": Words(" = ", " = "),
    "numbers_follow": Words("：", ": "),
    "rounding_follows": Words("，", ", "),
    "source_follows": Words("；", "; "),
    "rounded_inside": Words("四舍五入({value}，{places} 位)", "round({value}, {places})"),
    "rounded_at": Words("四舍五入至 {places} 位小数", "rounded to {places} places"),
    "rounded_to_fen": Words("四舍五入到分", "rounded to 0.01"),
    "down_at": Words("向下取至 {places} 位小数", "rounded down at {places} places"),
    # facts
    "place": Words("参保地", "Insured"),
    "local": Words("本地", "here"),
    "outside": Words("异地", "out of area"),
    "payment_unit": Words("付费方式", "Paid by"),
    "unit_drg": Words("DRG", "DRG"),
    "unit_bed_day": Words("床日", "bed days"),
    "unit_fee": Words("按项目", "item by item"),
    "bed_day_class": Words("床日类别", "Bed-day class"),
    "complete": Words("住院过程完整", "Complete"),
    "admission_date": Words("入院日期", "Admitted"),
    "discharge_date": Words("出院日期", "Discharged"),
    "how_record": Words("病例记录", "of the record"),
    "how_policy": Words("政策规定", "set by the policy"),
    "how_catalogue": Words("点数目录", "catalogue"),
    "how_given_rate": Words("政策规定的费率", "rate of the policy"),
    "part_rate": Words("点值（费率法）", "Value by rate"),
    "how_line": Words("本结算行", "of the statement line"),
    # group
    "mdc": Words("主要诊断大类（MDC）", "MDC"),
    "adrg": Words("核心组（ADRG）", "ADRG"),
    "drg": Words("病组（DRG）", "DRG"),
    "severity": Words("严重程度", "Severity"),
    "status": Words("入组情况", "Status"),
    # catalogue
    "all_total": Words("总费用（全部入选病例）", "Cost of all kept cases"),
    "how_all_total": Words("点数目录 catalogue.json", "catalogue.json"),
    "all_cases": Words("入选病例数", "All kept cases"),
    "how_all_cases": Words("点数目录 catalogue.json", "catalogue.json"),
    "all_mean": Words("总均次费用（元）", "Mean over all (yuan)"),
    "how_exact": Words("计算中不取整", "not rounded in what follows"),
    "in_catalogue": Words("病组在点数目录中", "In the catalogue"),
    "how_not_in_catalogue": Words("点数目录没有本病组", "the catalogue lacks the group"),
    "group_cases": Words("病组病例数", "Cases of the group"),
    "how_group_cases": Words("点数目录 groups.csv", "groups.csv of the catalogue"),
    "kept": Words("裁剪后病例数", "Kept cases"),
    "how_kept": Words("裁剪异常费用之后", "after trimming"),
    "cv": Words("变异系数", "Coefficient of variation"),
    "how_cv": Words("标准差 ÷ 均次费用", "standard deviation ÷ mean"),
    "stability": Words("病组是否稳定", "Stability of the group"),
    "how_stability": Words(
        "点数目录 groups.csv，按测算时的病例数与变异系数",
        "groups.csv of the catalogue: by cases and variation when calibrated",
    ),
    "stability_stable": Words("稳定组", "stable"),
    "stability_unstable_cv": Words("非稳定组：变异系数过大", "unstable: varies too much"),
    "stability_unstable_cases": Words("非稳定组：病例太少", "unstable: too few cases"),
    "stability_stand_in": Words("替代数值：非稳定或未覆盖", "stand-in: unstable or not covered"),
    "group_account": Words("病组所属基金", "Account of the group's row"),
    "how_group_account": Words("点数目录对本基金单列", "the catalogue has a row for the account"),
    "age": Words("年龄（岁）", "Age (years)"),
    "age_days": Words("年龄（天）", "Age (days)"),
    "age_times": Words("年龄系数（乘）", "Factor by age (times)"),
    "age_divide": Words("年龄系数（除）", "Factor by age (divided by)"),
    "how_age_factor": Words(
        "政策 points.age_factors 中首个相符的行", "the first row of points.age_factors that fits"
    ),
    "how_no_coefficient_group": Words(
        "政策列明不设系数的病组，为 1", "the policy lists the group without a coefficient: 1"
    ),
    "how_mean": Words("点数目录 groups.csv", "groups.csv of the catalogue"),
    "median_cost": Words("病组费用中位数（元）", "Median of the group (yuan)"),
    "how_median": Words("非稳定组按中位数计点", "an unstable group has points by its median"),
    "how_no_base": Words("非稳定组无基准点数", "an unstable group without base points"),
    "how_given_base": Words("点数目录 groups.csv 直接给出", "given in groups.csv of the catalogue"),
    "catalogue_base_points": Words("基准点数（点数目录）", "Base points in the catalogue"),
    "catalogue_coefficient": Words("系数（点数目录）", "Coefficient in the catalogue"),
    "how_no_coefficient": Words("点数目录没有系数行，为 1", "no row in the catalogue: 1"),
    "how_own_row": Words("本机构、本病组的系数", "of the hospital in the group"),
    "how_level_row": Words("本等级、本病组的系数", "of the level in the group"),
    "how_any_group_row": Words("本等级的系数", "of the level"),
    "how_base_level": Words("基层病组，统一按等级 {level}", "of the level {level} for everybody"),
    "how_clamped": Words("，超出上下限，取界限", ", it was out of bounds"),
    "how_clamp": Words("政策规定的上下限", "bound set by the policy"),
    "hospital_part": Words("机构部分", "Part of the hospital"),
    "level_part": Words("等级部分", "Part of the level"),
    "hospital_weight": Words("机构权重", "Weight of the hospital"),
    "level_weight": Words("等级权重", "Weight of the level"),
    "minimum": Words("系数下限", "Least coefficient"),
    "maximum": Words("系数上限", "Greatest coefficient"),
    "how_missing_part": Words("病例太少，取 1", "too few cases: 1"),
    "how_part_of_level": Words("机构病例太少，取等级部分", "too few cases: that of the level"),
    "level_total": Words("等级总费用", "Cost of the level"),
    "level_expected": Words("等级按病组均费的费用", "Cost of the level at the means"),
    "level_factor": Words("相邻等级折算", "Factor of the neighbour"),
    "how_level_sums": Words(
        "等级 {level}，点数目录 coefficients.csv", "level {level}, coefficients.csv"
    ),
    "how_level_expected": Words("{cases} 例 × 病组均次费用", "{cases} cases at the mean"),
    "how_neighbour": Words("本等级病例太少", "the level has too few cases"),
    "hospital_total": Words("本机构总费用", "Cost of the hospital"),
    "hospital_cases": Words("本机构病例数", "Cases of the hospital"),
    "how_hospital_sums": Words(
        "本病组，点数目录 coefficients.csv", "in the group, coefficients.csv"
    ),
    # class
    "level_group_total": Words("等级在本病组的总费用", "Cost of the level in the group"),
    "level_group_cases": Words("等级在本病组的病例数", "Cases of the level in the group"),
    "level_mean": Words("等级均次费用", "Mean of the level"),
    "hospital_group_total": Words("本机构在本病组的总费用", "Cost of the hospital in the group"),
    "hospital_group_cases": Words("本机构在本病组的病例数", "Cases of the hospital in the group"),
    "hospital_mean": Words("本机构均次费用", "Mean of the hospital"),
    "own_mean_weight": Words("本机构均费权重", "Weight of the own mean"),
    "how_reference_region": Words(
        "政策：按统筹区病组均次费用", "the policy measures by the region"
    ),
    "how_reference_level": Words("政策：按本等级均次费用", "the policy measures by the level"),
    "how_reference_own_and_level": Words(
        "政策：本机构与等级加权", "the policy mixes own and level"
    ),
    "ratio_mean": Words("参照均次费用（未取整）", "Exact reference mean"),
    "exact_bounds_mean": Words("界限所用均次费用（未取整）", "Exact mean behind the bounds"),
    "bounds_mean": Words("界限所用均次费用", "Mean behind the bounds"),
    "how_bounds_reference": Words("同参照均次费用，不取整", "the reference mean, not rounded"),
    "how_bounds_level": Words("政策：界限按本等级均次费用", "the policy says the level's mean"),
    "low_ratio": Words("低倍率界限", "Low ratio"),
    "low_bound": Words("低倍率费用界限", "Low below"),
    "high_bound": Words("高倍率费用界限", "High above"),
    "how_band": Words("政策规定：{limits}", "band of the policy: {limits}"),
    "how_no_band": Words("没有适用的高倍率档", "no band of the policy fits"),
    "band_from": Words("基准点数 ≥ {base}", "base points ≥ {base}"),
    "band_all": Words("其余病例", "all others"),
    "condition": Words("是否{case_class}", "{case_class}?"),
    "condition_fee": Words("付费方式为按项目", "paid item by item"),
    "condition_bed_day": Words("付费方式为床日", "paid by bed days"),
    "condition_ambiguous": Words("分到歧义组（QY）", "in an ambiguous group (QY)"),
    "condition_ungrouped": Words("未入组，或点数目录无此组", "no group, or not in the catalogue"),
    "condition_few_cases": Words("点数目录中为非稳定组", "an unstable group of the catalogue"),
    "condition_incomplete": Words("住院过程不完整", "the stay is not complete"),
    "how_not_measured": Words(
        "点数目录没有可比的均次费用", "the catalogue has no mean to compare with"
    ),
    "how_always_low": Words("政策列明的低倍率病组", "the policy lists the group as low"),
    "how_class": Words("首个成立的条件", "the first condition that holds"),
    "how_class_normal": Words("以上条件均不成立", "none of the conditions holds"),
    # points
    "formula": Words("计点公式", "Formula"),
    "formula_alone": Words("仅按公式", "Formula alone"),
    "how_floor": Words(
        "高倍率病例不低于正常病例的点数（high_floor）",
        "a high stay earns at least what a normal one does (high_floor)",
    ),
    "how_formula": Words("政策对本类病例的规定", "of the policy for this class"),
    "how_item_by_item": Words("按项目付费，不计点数", "paid item by item, without points"),
    "exact_before": Words("未取整点数", "Exact points"),
    "exact_after": Words("第 {step} 步后点数（{kind}）", "Points after step {step} ({kind})"),
    "adjustment": Words("第 {step} 步调整（{kind}）", "Step {step} ({kind})"),
    "hospital_minus": Words(
        "第 {step} 步扣减医疗机构（{kind}）", "Taken from the hospital in step {step} ({kind})"
    ),
    "how_final_points": Words("调整前点数加各步调整", "before adjustments plus each of them"),
    # money
    "exact_amount": Words("未取整金额（元）", "Exact part (yuan)"),
    "line_standard": Words("结算行应付总额", "Standard of the line"),
    "line_points": Words("结算行点数", "Points of the line"),
    "how_spread": Words("含结余分配，按点数占比", "with the distributed remainder, by points"),
    "cut_amount": Words("舍去分以下（元）", "Cut at the fen (yuan)"),
    "fen_left": Words("待分配尾差（分）", "Fen that are left"),
    "how_fen_left": Words(
        "结算行应付总额 {standard} 减去 {rows} 行各自舍去分以下之和",
        "standard {standard} of the line less {rows} parts, each cut at the fen",
    ),
    "rank": Words("尾数排名", "Rank of the remainder"),
    "how_rank": Words("尾数从大到小，相同按结算编号", "largest first, ties by case id"),
    "how_one_more": Words(
        "最大余额法：排名 {rank} ≤ {left}，加 0.01 元",
        "largest remainder: rank {rank} is among the {left}, so 0.01 more",
    ),
    "how_no_more": Words(
        "最大余额法：排名 {rank} > {left}，不加分",
        "largest remainder: rank {rank} is not among the {left}, so none more",
    ),
    "points_taken": Words("扣减点数", "Points taken"),
    "minus_amount": Words("扣减医疗机构金额（元）", "Taken from the hospital (yuan)"),
    "part_minus": Words(
        "第 {step} 步扣减医疗机构的金额（{kind}）", "Money of what step {step} takes ({kind})"
    ),
    "how_paid_by_item": Words("按项目付费，不按点值", "paid item by item, not by points"),
    "how_negative": Words("可为负数，照此结算", "may be negative: paid as it is"),
    "how_fund_cost": Words("按项目付费时基金应支付", "what the fund would have paid item by item"),
}


def word(key: str, language: Language) -> str:
    """The wording of a key here or in reports; a key without one stands for itself."""
    return _WORDS[key].said_in(language) if key in _WORDS else report_word(key, language)


def label_of(name: str, language: Language) -> str:
    """What an amount is called, without its unit in a table's heading."""
    if name in _WORDS:
        return word(name, language)
    return heading(name, lambda key: word(key, language))[0]


def class_name(case_class: str, language: Language) -> str:
    """A class of cases in words."""
    return named("class", case_class, language)


def severity_said(severity: str | None, language: Language) -> str | None:
    """MCC, CC or none in words; an invalid stay has none."""
    return None if severity is None else of_traces.severity_level(severity, language)


def status_said(status: str, language: Language) -> str:
    """Grouped, ambiguous or ungrouped in words."""
    return of_traces.word(status, language)
