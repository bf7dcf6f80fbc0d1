"""Every word of a report, Chinese first, English by switch."""

import re
from collections.abc import Callable, Collection

from drgpay.base.language import Language, Words

_WORDS: dict[str, Words] = {
    "title": Words(
        "住院费用 DRG 点数法月度预结算汇总", "Monthly provisional settlement by DRG points: summary"
    ),
    "run": Words("运行编号", "Run"),
    "period": Words("结算期", "Period"),
    "region": Words("统筹区", "Region"),
    "policy": Words("政策", "Policy"),
    "scheme": Words("分组方案", "Grouping scheme"),
    "catalogue": Words("点数目录", "Catalogue"),
    "records": Words("记录", "Records"),
    "records_text": Words(
        "读取 {read:,} 条 = 有效 {valid:,} 条 + 未通过校验 {quarantined:,} 条（另有提示 {warnings:,} 条）",
        "{read:,} read = {valid:,} valid + {quarantined:,} quarantined ({warnings:,} warnings)",
    ),
    "values": Words("点值", "Point values"),
    "refused": Words("未通过校验（未支付）", "Refused, not paid"),
    "hospitals": Words("医疗机构结算", "Hospitals"),
    "classes": Words("病例类型", "Case classes"),
    "warnings": Words("提示（仍予结算）", "Warnings"),
    "quarantine": Words("未通过校验记录", "Quarantine"),
    "formula_note": Words(
        "点值 =（基金预算 + 个人负担 + 其他基金）÷ 总点数，向下取至 {places} 位小数；"
        "医疗机构基金支付 = 点数 × 点值 − 个人负担 − 其他基金。",
        "Point value = (budget + patients' part + other funds) / points, rounded down at {places} "
        "places; fund amount of a hospital = points x value - patients' part - other funds.",
    ),
    "formula_note_fund_only": Words(
        "点值 = 基金预算 ÷ 总点数，向下取至 {places} 位小数；医疗机构基金支付 = 点数 × 点值。",
        "Point value = budget / points, rounded down at {places} places; "
        "fund amount of a hospital = points x value.",
    ),
    "formula_note_kept": Words(
        "总点数含违规扣点，其所值留存基金。",
        " The points include those that deductions took, whose worth the fund keeps.",
    ),
    "account": Words("险种", "Account"),
    "employee": Words("职工医保", "employee"),
    "resident": Words("居民医保", "resident"),
    "budget": Words("基金预算（元）", "Budget (yuan)"),
    "budget_given": Words("下达预算（元）", "Budget as given (yuan)"),
    "item_by_item": Words("按项目支付（元）", "Paid item by item (yuan)"),
    "item_share": Words("按项目占预算", "Item by item, share of the budget"),
    "kept": Words("扣点留存基金（元）", "Kept by the fund (yuan)"),
    "deducted_points": Words("违规扣点", "Points deducted"),
    "waiting_points": Words("待清算点数", "Points that wait"),
    "rate": Words("费率（元）", "Rate (yuan)"),
    "rates": Words("各险种、等级费率", "Rates by account and level"),
    "from_home_funds": Words("异地基金并入（元）", "From home funds (yuan)"),
    "patient_cost": Words("个人负担（元）", "Patients (yuan)"),
    "other_cost": Words("其他基金（元）", "Other funds (yuan)"),
    "points": Words("点数", "Points"),
    "point_value": Words("点值（元/点）", "Point value (yuan)"),
    "fund_amount": Words("应付基金（元）", "Fund amount (yuan)"),
    "remainder": Words("结余入风险金（元）", "Remainder to reserve (yuan)"),
    "hospital_id": Words("机构编码", "Hospital id"),
    "name": Words("医疗机构", "Hospital"),
    "level": Words("等级", "Level"),
    "line": Words("结算类别", "Line"),
    "local_points": Words("本地·点数", "local, points"),
    "local_item": Words("本地·按项目", "local, by item"),
    "outside_points": Words("异地·点数", "out of area, points"),
    "outside_item": Words("异地·按项目", "out of area, by item"),
    "cases": Words("病例数", "Cases"),
    "total_cost": Words("医疗总费用（元）", "Total cost (yuan)"),
    "standard_amount": Words("按点数应付总额（元）", "Standard (yuan)"),
    "fund_cost": Words("按项目基金支付（元）", "Item by item (yuan)"),
    "difference": Words("与按项目差额（元）", "Difference (yuan)"),
    "difference_share": Words("差额占比", "Difference"),
    "prepayment": Words("本月预拨（元）", "Prepayment (yuan)"),
    "home_fund_bill": Words("参保地基金应付（元）", "Billed to home fund (yuan)"),
    "carried": Words("结转清算（元）", "Carried to clearing (yuan)"),
    "total": Words("合计", "Total"),
    "case_class": Words("病例类型", "Class"),
    "class_normal": Words("正常病例", "normal"),
    "class_high": Words("高倍率病例", "high"),
    "class_low": Words("低倍率病例", "low"),
    "class_incomplete": Words("住院过程不完整", "incomplete"),
    "class_few_cases": Words("非稳定组", "few cases"),
    "class_ambiguous": Words("歧义组", "ambiguous"),
    "class_ungrouped": Words("未入组", "ungrouped"),
    "class_bed_day": Words("床日病例", "bed-day"),
    "class_fee": Words("按项目付费", "item by item"),
    "code": Words("问题代码", "Finding"),
    "column": Words("字段", "Column"),
    "message": Words("说明", "Message"),
    "case_id": Words("结算编号", "Case id"),
    "settlement_date": Words("结算日期", "Settled on"),
    "rows": Words("条数", "Rows"),
    "negative_note": Words(
        "红色为负数：应付基金为负的结算行本月不预拨，结转年终清算；异地行由参保地基金支付，不占本地预算。",
        "Red is negative: a line with a negative fund amount is not prepaid but cleared at "
        "year-end; out-of-area lines are billed to home funds and take nothing from the budget.",
    ),
    "lines_note": Words(
        "只有“本地·点数”由本期预算支付；按项目与异地另行支付，因此合计可以大于预算。",
        "Only the line 'local, points' is paid from the budget; lines by item and out of area "
        "are paid beside it, so the total may exceed the budget.",
    ),
    "signature": Words("制表人：　　　　　复核人：　　　　　日期：", ""),
    "level_3A": Words("三级甲等", "3A"),
    "level_3B": Words("三级乙等", "3B"),
    "level_2A": Words("二级甲等", "2A"),
    "level_2B": Words("二级乙等", "2B"),
    "level_1": Words("一级", "1"),
    "level_0": Words("未定级", "0"),
    "missing_required": Words("必填项缺失", "missing_required"),
    "total_row": Words("合计行", "total_row"),
    "bad_type": Words("类型错误", "bad_type"),
    "joined_codes": Words("编码连在一起", "joined_codes"),
    "implausible_amount": Words("金额不合理", "implausible_amount"),
    "length_differs": Words("住院天数与日期不符", "length_differs"),
    "duplicate_stay": Words("重复住院记录", "duplicate_stay"),
    "overlapping_stay": Words("住院时间重叠", "overlapping_stay"),
    "repeated_principal": Words("主要诊断重复", "repeated_principal"),
    "principal_not_allowed": Words("不能作为主要诊断", "principal_not_allowed"),
    "length_range": Words("住院天数超限", "length_range"),
    "bad_value": Words("取值错误", "bad_value"),
    "duplicate_id": Words("编号重复", "duplicate_id"),
    "unknown_hospital": Words("机构未登记", "unknown_hospital"),
    "outside_period": Words("不在结算期内", "outside_period"),
    "unknown_bed_day_class": Words("床日类别未定价", "unknown_bed_day_class"),
    "unknown_diagnosis": Words("诊断编码未知", "unknown_diagnosis"),
    "unknown_procedure": Words("手术编码未知", "unknown_procedure"),
    "sex_conflict": Words("诊断与性别不符", "sex_conflict"),
    "age_days_missing": Words("缺少天龄", "age_days_missing"),
    "newborn_weight_missing": Words("缺少新生儿体重", "newborn_weight_missing"),
    "dates_reversed": Words("日期颠倒", "dates_reversed"),
    "cost_negative": Words("费用为负", "cost_negative"),
    "cost_identity": Words("费用不平", "cost_identity"),
    "filed_case_quarantined": Words("申报病例未通过校验", "filed_case_quarantined"),
    "repeated": Words("结果与此前一致，未重写", "the same results lay there already"),
    "yuan_note": Words("金额单位：元", "Amounts in yuan"),
    "lines": Words("按结算类别", "By line"),
    "quarantine_rows": Words("明细", "Rows"),
    "warnings_rows": Words("明细", "Rows"),
    # statements of hospitals
    "statement_title": Words(
        "住院费用 DRG 点数法月度预结算单", "Monthly provisional settlement by DRG points: statement"
    ),
    "hospital": Words("医疗机构", "Hospital"),
    "statement": Words("结算单", "Statement"),
    "groups": Words("病组盈亏", "Groups"),
    "gains": Words("结余最多的病组（前 20 位）", "Groups with the largest gains (top 20)"),
    "losses": Words("超支最多的病组（前 20 位）", "Groups with the largest losses (top 20)"),
    "adjustments": Words("点数调整", "Adjustments"),
    "explanation": Words("计算说明", "Explanation"),
    "drg": Words("病组", "Group"),
    "group_name": Words("病组名称", "Group name"),
    "minus_points": Words("其中：扣减点数", "Of them minus points"),
    "prepay_ratio": Words("预拨比例", "Prepaid share"),
    "deducted": Words("本月扣款（元）", "Deducted (yuan)"),
    "kind": Words("调整类别", "Kind"),
    "applies_to": Words("作用于", "Applies to"),
    "applies_to_case": Words("病例", "case"),
    "applies_to_hospital": Words("医疗机构", "hospital"),
    "reason": Words("计算依据", "Reason"),
    "evidence": Words("佐证", "Evidence"),
    "paid_in": Words("原支付期", "Paid in"),
    "amount": Words("金额（元）", "Amount (yuan)"),
    "adjustment_rows": Words("笔数", "Rows"),
    "class_minus": Words("机构扣减点数", "minus points of hospitals"),
    "difference_note": Words(
        "差额 = 应付基金 − 按项目基金支付；正数为结余，红色负数为超支。",
        "Difference = fund amount - item by item; red is a loss.",
    ),
    "adjustments_note": Words(
        "病例行的点数已计入该病例，金额按点值折算，仅供参考；医疗机构行的点数从本机构总点数中扣减，"
        "金额为其在结算总额中的部分。",
        "Points of a case are in the case; their amount, at the point value, is for information. "
        "Points of a hospital are taken from its total; their amount is their part of the standard.",
    ),
    "statement_note": Words(
        "点数为净值（已含扣减点数）；应付基金为负的行本月不预拨，结转年终清算；异地行由参保地基金支付。",
        "Points are net of minus points; a line with a negative fund amount is not prepaid but "
        "cleared at year-end; out-of-area lines are billed to home funds.",
    ),
    "explanation_note": Words(
        "以下每一行都可用计算器复核；粗体数值为公式，修改上方数值即重新计算。括号内数字为行号。",
        "Every line can be checked with a calculator; amounts in bold are live formulas. "
        "Numbers in brackets are those of the lines.",
    ),
    "none_note": Words("本期无记录。", "Nothing in this period."),
    "listed_note": Words(
        "仅列出前 {shown:,} 行，共 {rows:,} 行；全部见 Parquet 文件。",
        "The first {shown:,} of {rows:,} rows; the Parquet file has all.",
    ),
    "formula_note_rate": Words(
        "点值 = 险种与医院等级的费率 ÷ 100，不取整；"
        "医疗机构基金支付 = 点数 × 点值 − 个人负担 − 其他基金。",
        "Point value = rate of account and level / 100, not rounded; "
        "fund amount of a hospital = points x value - patients' part - other funds.",
    ),
    "formula_note_cost": Words(
        "点值 = 医疗总费用 ÷ 总点数，向下取至 {places} 位小数；"
        "医疗机构基金支付 = 点数 × 点值 − 个人负担 − 其他基金。",
        "Point value = total cost / points, rounded down at {places} places; "
        "fund amount of a hospital = points x value - patients' part - other funds.",
    ),
    "step": Words("行号", "Line"),
    "item": Words("项目", "Item"),
    "number": Words("数值", "Number"),
    "payment": Words("预拨", "Prepayment"),
    "earned": Words("按点数应付", "By points"),
    "no share": Words("无加点", "no share"),
    "how": Words("计算方法", "How"),
    "explained_value": Words("点值：{pool}", "Point value: {pool}"),
    "explained_case": Words(
        "病例示例：{case_id}，{group}，{case_class}", "A case: {case_id}, {group}, {case_class}"
    ),
    "total_prepayment": Words("本月预拨合计", "Prepayment, all lines"),
    "how_points": Words("本机构病例点数之和", "sum of the points of the hospital's cases"),
    "how_minus_points": Words("见“点数调整”", "see the sheet of adjustments"),
    "how_patient_cost": Words("病例个人负担之和", "sum over the cases"),
    "how_other_cost": Words("病例其他基金之和", "sum over the cases"),
    "how_fund_cost": Words("按项目付费时基金应支付", "what the fund would have paid item by item"),
    "how_deducted": Words("违规扣款，从预拨中扣除", "held back from the prepayment"),
    "how_carried": Words("结转年终清算", "waits for the clearing"),
    "how_distributed": Words("统筹区结余按比例分配", "share of the pool's remainder"),
    "how_item_by_item": Words("按项目付费，不计点数", "paid item by item, without points"),
    "how_no_prepayment": Words("应付基金不为正，本月不预拨", "not positive: nothing is prepaid"),
    "how_prepay_ratio": Words("政策规定", "set by the policy"),
    "how_cost_ratio": Words("（费用倍率，决定病例类型）", " (decides the class)"),
    "how_all_mean": Words("全部病组均次费用（点数目录）", "mean over all groups (catalogue)"),
    "how_rounding_rest": Words(
        "尾差按最大余额法分配到病例（含结余分配）",
        "largest remainder, so that the cases add up (with a distributed remainder)",
    ),
    "case_base_points": Words("点数目录", "catalogue"),
    "case_coefficient": Words("点数目录（本机构、本等级）", "catalogue (hospital and level)"),
    "case_mean_cost": Words("点数目录", "catalogue"),
    "case_total_cost": Words("本病例", "of the case"),
    "case_patient_cost": Words("本病例", "of the case"),
    "case_other_cost": Words("本病例", "of the case"),
    "case_fund_cost": Words("按项目付费时基金应支付", "what the fund would have paid item by item"),
    "case_length_of_stay": Words("本病例", "of the case"),
    "case_high_ratio": Words("政策规定", "set by the policy"),
    "pool_budget": Words("统筹区本期基金预算", "budget of the region for the period"),
    "pool_from_home_funds": Words("异地病例按项目基金费用", "item by item, outside cases"),
    "pool_patient_cost": Words("统筹区全部点数病例", "all cases of the pool"),
    "pool_other_cost": Words("统筹区全部点数病例", "all cases of the pool"),
    "pool_total_cost": Words("统筹区全部点数病例", "all cases of the pool"),
    "pool_points": Words("统筹区总点数", "all points of the pool"),
    "pool_deducted_points": Words(
        "违规扣减的点数：计入点值分母，所值留存基金",
        "points that deductions took: they count for the value, and the fund keeps their worth",
    ),
    "pool_budget_given": Words("政策下达", "as the policy gives it"),
    "pool_item_by_item": Words(
        "本地按项目支付的基金费用", "fund cost of local cases paid item by item"
    ),
    "how_deducted_points": Words(
        "病例与医疗机构被扣的点数", "what deductions took of cases and of the hospital"
    ),
    "how_waiting_points": Words(
        "本期总点数不为正（或本池无病例），结转年终清算，未计入点数",
        "the points of the pool are not above zero (or it has no case): they wait for the clearing",
    ),
    "how_rate": Words("险种与医院等级的费率", "of the account and the hospital's level"),
    "to_fen_each": Words("，各自四舍五入到分", ", each rounded to 0.01"),
    "rounded_down": Words("，向下取至 {places} 位小数", ", rounded down at {places} places"),
    "to_fen": Words("，四舍五入到分", ", rounded to 0.01"),
    "to_points": Words("，四舍五入至 4 位小数", ", rounded to 4 places"),
    "case_points": Words("病例点数", "Points of cases"),
    "earned_amount": Words("点数 × 点值", "Points x value"),
    "distributed": Words("结余分配", "Distributed remainder"),
    "rounding_rest": Words("尾差", "Rounding"),
    "before_deduction": Words("扣款前预拨", "Before deduction"),
    "points_before": Words("调整前点数", "Points before adjustments"),
    "base_points": Words("基准点数", "Base points"),
    "coefficient": Words("系数", "Coefficient"),
    "mean_cost": Words("病组均次费用（元）", "Mean cost of the group (yuan)"),
    "reference_mean": Words("参照均次费用（元）", "Reference mean (yuan)"),
    "ratio_mean": Words("参照均次费用（未取整）", "exact reference mean"),
    "bounds_mean": Words("界限所用均次费用（元）", "Mean behind the bounds (yuan)"),
    "how_ratio_mean": Words("（未取整，见点数目录）", " (exact, of the catalogue)"),
    "cost_ratio": Words("费用倍率", "Cost ratio"),
    "high_ratio": Words("高倍率界限", "High ratio"),
    "length_of_stay": Words("住院天数", "Days"),
    "all_mean": Words("总均次费用（元）", "Mean over all (yuan)"),
    "unreasonable_cost": Words("不合理费用（元）", "Unreasonable cost (yuan)"),
    # corrections of a paid month
    "differences": Words("更正差额", "Corrections"),
    "difference_cases": Words(
        "补报、变更与撤销的病例", "Cases that came late, changed or were withdrawn"
    ),
    "differences_note": Words(
        "原支付与更正后之差；其余病例仅因点值变化而调整，已计入上表。",
        "What was paid against what is due now; all other cases differ by the point value alone, "
        "which the lines include.",
    ),
    "change": Words("变动", "Change"),
    "change_late": Words("补报", "late"),
    "change_changed": Words("变更", "changed"),
    "change_withdrawn": Words("撤销", "withdrawn"),
    "change_repriced": Words("点值变化", "repriced"),
    "points_paid": Words("点数·原支付", "Points, paid"),
    "points_now": Words("点数·更正后", "Points, now"),
    "points_difference": Words("点数·差额", "Points, difference"),
    "standard_paid": Words("应付总额·原支付（元）", "Standard, paid (yuan)"),
    "standard_now": Words("应付总额·更正后（元）", "Standard, now (yuan)"),
    "standard_difference": Words("应付总额·差额（元）", "Standard, difference (yuan)"),
    "fund_amount_paid": Words("应付基金·原支付（元）", "Fund amount, paid (yuan)"),
    "fund_amount_now": Words("应付基金·更正后（元）", "Fund amount, now (yuan)"),
    "fund_amount_difference": Words("应付基金·差额（元）", "Fund amount, difference (yuan)"),
    "prepayment_paid": Words("预拨·原支付（元）", "Prepayment, paid (yuan)"),
    "prepayment_now": Words("预拨·更正后（元）", "Prepayment, now (yuan)"),
    "prepayment_difference": Words("预拨·差额（元）", "Prepayment, difference (yuan)"),
    "home_fund_bill_paid": Words("参保地·原申报（元）", "Home fund, billed (yuan)"),
    "home_fund_bill_now": Words("参保地·更正后（元）", "Home fund, now (yuan)"),
    "home_fund_bill_difference": Words("参保地·差额（元）", "Home fund, difference (yuan)"),
    # the clearing of a year
    "clearing_title": Words(
        "住院费用 DRG 点数法年度清算单", "Annual clearing by DRG points: statement"
    ),
    "clearing_summary_title": Words(
        "住院费用 DRG 点数法年度清算汇总", "Annual clearing by DRG points: summary"
    ),
    "year": Words("清算年度", "Year"),
    "pools": Words("年度基金", "Pools"),
    "pool_results": Words("清算结果", "Results"),
    "cleared": Words("清算", "Clearing"),
    "home_fund_lines": Words("异地结算", "Home funds"),
    "prepaid_by_month": Words("各月预拨", "Prepaid by month"),
    "reserve": Words("风险金（元）", "Reserve (yuan)"),
    "surplus": Words("结余（元）", "Surplus (yuan)"),
    "overrun": Words("超支（元）", "Overrun (yuan)"),
    "retained": Words("结余留用（元）", "Retained surplus (yuan)"),
    "shared": Words("基金分担超支（元）", "Overrun borne by the fund (yuan)"),
    "budget_final": Words("清算基金总额（元）", "Final budget (yuan)"),
    "score": Words("考核得分", "Score"),
    "factor": Words("考核系数", "Factor"),
    "assessment_factor": Words("考核系数", "Factor"),
    "assessment": Words("考核扣款（元）", "Withheld by assessment (yuan)"),
    "redistributed": Words("考核扣款再分配（元）", "Redistributed (yuan)"),
    "deduction": Words("违规扣款（元）", "Deductions (yuan)"),
    "withheld": Words("扣留合计（元）", "Withheld (yuan)"),
    "payable": Words("年度应付（元）", "Payable (yuan)"),
    "prepaid": Words("已预拨（元）", "Prepaid (yuan)"),
    "clearing": Words("清算应补（元）", "Still due (yuan)"),
    "home_fund_billed": Words("已向参保地申报（元）", "Billed by the months (yuan)"),
    "home_fund_clearing": Words("参保地清算差额（元）", "Difference to home funds (yuan)"),
    "clearing_note": Words(
        "年度应付 = 应付基金 − 考核扣款 + 再分配 − 违规扣款；清算应补 = 年度应付 − 已预拨，红色为应退回。",
        "Payable = fund amount - assessment + redistributed - deductions; still due = payable - "
        "prepaid; red is to be paid back.",
    ),
    "uncleared_visits": Words(
        "各月运行含门诊就诊，但年度文件没有 [outpatient]：门诊未清算。",
        "the runs of the months settled visits too, but the year file has no [outpatient]: visits "
        "are not cleared.",
    ),
    "explained_budget": Words("清算基金总额：{pool}", "Final budget: {pool}"),
    "total_clearing": Words("清算应补合计", "Still due, all lines"),
    "year_budget": Words("各月预算之和", "sum of the months' budgets"),
    "year_fund_cost": Words(
        "全部点数病例按项目付费的基金支付", "item-by-item cost of all cases of the pool"
    ),
    "year_reserve": Words("基金分担以风险金为限（除非政策另有规定）", "limits what the fund bears"),
    "pool_budget_final": Words("见上", "see above"),
    "band": Words("预算 {up_to} 以内 {share}", "{share} up to {up_to} of the budget"),
    "last_band": Words("其余 {share}", "{share} of the rest"),
    "band_comma": Words("，", ", "),
    "bands_marginal": Words("分段：", "by bands: "),
    "bands_whole": Words("按所在档全额：", "whole by its band: "),
    "how_factor": Words("年度考核", "the year's assessment"),
    "how_redistributed": Words("考核扣款再分配", "of what the assessment took"),
    "how_deduction": Words("全年违规扣款", "of the whole year"),
    "how_prepaid": Words("各月预拨之和", "sum over the months"),
    "how_home_fund_bill": Words("全年应由参保地基金支付", "of the whole year"),
    "how_home_fund_billed": Words("各月已申报之和", "sum over the months"),
    # kinds of adjustments
    "kind_review": Words("特病单议", "special review"),
    "kind_review_over_quota": Words("特病单议（超额度）", "special review over quota"),
    "kind_volume_cap": Words("超出病例数上限", "volume cap"),
    "kind_readmission": Words("短期再入院", "readmission"),
    "kind_readmission_earlier": Words("以前病例短期再入院", "readmission of an earlier stay"),
    "kind_deduction_earlier": Words("以前病例违规扣点", "deduction of an earlier stay"),
    "kind_new_technology": Words("新技术加点", "new technology"),
    "kind_tcm": Words("中医药加点", "Chinese medicine"),
    "kind_split_stay": Words("分解住院", "split stay"),
    "kind_check_up_stay": Words("体检住院", "check-up stay"),
    "kind_hanging_bed": Words("挂床住院", "hanging bed"),
    "kind_admission_criteria": Words("不符合入院指征", "admission criteria"),
    "kind_cost_shifting": Words("转嫁住院费用", "cost shifting"),
    "kind_outside_payment": Words("要求院外自费", "outside payment"),
    "kind_up_coding": Words("高套病组", "up-coding"),
    "kind_fraud": Words("欺诈骗保", "fraud"),
    "kind_other": Words("其他违规", "other violation"),
    "kind_payment": Words("扣款", "payment deduction"),
    # ledger
    "ledger": Words("分类账", "Ledger"),
    "balances": Words("科目余额", "Balances"),
    "bookings": Words("按业务汇总", "Entries by kind"),
    "pool": Words("基金池", "Pool"),
    "ledger_account": Words("科目", "Account"),
    "debit": Words("借方（元）", "Debit (yuan)"),
    "credit": Words("贷方（元）", "Credit (yuan)"),
    "balance": Words("余额（借−贷，元）", "Balance, debit - credit (yuan)"),
    "entry_kind": Words("业务", "Kind"),
    "debit_account": Words("借方科目", "Debit"),
    "credit_account": Words("贷方科目", "Credit"),
    "ledger_note": Words(
        "每笔业务借贷金额相等，各科目余额之和为零。",
        "Every entry has the same amount on both sides, so the balances add up to zero.",
    ),
    "ledger_fund": Words("统筹基金", "fund"),
    "ledger_reserve": Words("风险金", "reserve"),
    "ledger_hospital": Words("应付医疗机构", "hospital"),
    "ledger_withheld": Words("待清算款", "withheld"),
    "ledger_deducted": Words("扣点留存", "deducted"),
    "ledger_rounding": Words("尾差", "rounding"),
    "entry_prepayment": Words("预拨", "prepayment"),
    "entry_withheld": Words("预留待清算", "withheld until clearing"),
    "entry_deducted": Words("扣点留存基金", "kept for deducted points"),
    "entry_release_deducted": Words("扣点留存冲回", "release of what was kept"),
    "entry_remainder": Words("结余入风险金", "remainder to reserve"),
    "entry_item_prepayment": Words("按项目预拨", "prepayment, by item"),
    "entry_item_withheld": Words("按项目预留待清算", "withheld until clearing, by item"),
    "entry_clearing": Words("清算", "clearing"),
    "entry_item_clearing": Words("按项目清算", "clearing, by item"),
    "entry_assessment": Words("考核扣款", "withheld by assessment"),
    "entry_redistribution": Words("考核扣款再分配", "redistribution"),
    "entry_deduction": Words("违规扣款", "deductions"),
    "entry_item_deduction": Words("按项目违规扣款", "deductions, by item"),
    "entry_release_withheld": Words("预留冲回", "release of the withheld"),
    "entry_item_release_withheld": Words("按项目预留冲回", "release of the withheld, by item"),
    "entry_release_remainder": Words("月度结余冲回", "release of the months' remainders"),
}


def level_name(level: str, language: Language) -> str:
    """A hospital level in words; a region's own levels stand for themselves."""
    return named("level", level, language)


def pool_name(pool: str, language: Language) -> str:
    """A pool by its accounts in words."""
    return " + ".join(word(account, language) for account in pool.split("+"))


def named(prefix: str, value: str, language: Language, otherwise: str | None = None) -> str:
    """The wording of a value of one kind (key `prefix_value`); without one, itself or `otherwise`."""
    key = f"{prefix}_{value}"
    if key in _WORDS:
        return _WORDS[key].said_in(language)
    return value if otherwise is None else otherwise


def formula_said(words: str, language: Language, numbered: Collection[str] = ()) -> str:
    """The formula of a case or the reason of an adjustment with its columns in words.

    A column in `numbered` is followed by its name in braces, which stands for a line of a
    calculation.
    """

    def said(found: re.Match[str]) -> str:
        name = found[0]
        title = word(name, language).split("（")[0].split(" (")[0] if name in _FORMULA else name
        return f"{title}{{{name}}}" if name in numbered else title

    text = re.sub(r"[a-z]+(?:_[a-z]+)*", said, words.replace("{", "(").replace("}", ")"))
    for sign, printed in ((" * ", " × "), (" / ", " ÷ "), (" - ", " − ")):
        text = text.replace(sign, printed)
    return text


_FORMULA = frozenset(
    {
        *("base_points", "coefficient", "mean_cost", "total_cost", "all_mean", "length_of_stay"),
        *(
            "high_ratio",
            "cost_ratio",
            "reference_mean",
            "ratio_mean",
            "unreasonable_cost",
            "points_before",
        ),
    }
)


def word(key: str, language: Language) -> str:
    """The wording of a key; a key without one (an account of a city) stands for itself."""
    return _WORDS[key].said_in(language) if key in _WORDS else key


def labelled(
    key: str, text: str, language: Language, words: Callable[[str, Language], str] = word
) -> str:
    """`label: text` with the colon of the language."""
    return f"{words(key, language)}{'：' if language == 'zh' else ': '}{text}"
