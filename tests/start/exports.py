"""Exports as centres have them, made of the sample's stays: other names, other values, other order."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import polars as pl
from xlsxwriter import Workbook

ACCOUNTS = {"employee": "310", "resident": "390"}
UNITS = {"drg": "DRG", "bed_day": "按床日", "fee": "按项目"}
YES = {True: "是", False: "否"}
LEVELS = {
    "3A": "三级甲等",
    "3B": "三级乙等",
    "2A": "二级甲等",
    "2B": "二级乙等",
    "1": "一级甲等",
    "0": "未定级",
}
KINDS = {
    "general": "综合医院",
    "specialised": "专科医院",
    "tcm": "中医医院",
    "pharmacy": "零售药店",
}


def payable(path: Path, *, bed_days: bool = False) -> pl.DataFrame:
    """The sample's stays without those that its faults make refused; bed_days: keep those too."""
    stays = pl.read_parquet(path)
    costs = pl.col("fund_cost") + pl.col("patient_cost") + pl.col("other_cost")
    return stays.filter(
        (pl.col("total_cost") - costs).abs() < 0.02,
        *(pl.col(name) >= 0 for name in ("total_cost", "fund_cost", "patient_cost")),
        pl.col("admission_date") <= pl.col("discharge_date"),
        pl.col("principal_diagnosis").is_not_null(),
        pl.col("age").is_not_null(),
        pl.col("case_id").is_unique(),
        (pl.col("payment_unit") != "bed_day") | bed_days,
    )


def settlement_export(stays: pl.DataFrame) -> pl.DataFrame:
    """A settlement export with Chinese headings, look-alikes and columns that nobody knows."""
    day = "%Y/%m/%d"
    return pl.DataFrame(
        {
            "序号": range(1, stays.height + 1),
            "就诊ID": stays["person_id"] + "J",
            "结算ID": stays["case_id"],
            "定点医药机构编号": stays["hospital_id"],
            "人员编号": stays["person_id"],
            "人员姓名": ["某某"] * stays.height,
            "性别": stays["sex"].replace_strict({1: "男", 2: "女"}, return_dtype=pl.String),
            "年龄": stays["age"],
            "年龄(天)": stays["age_days"],
            "新生儿出生体重（克）": stays["weight_g"] - 5,
            "新生儿入院体重(克)": stays["weight_g"],
            "险种类型": stays["account"].replace_strict(ACCOUNTS, return_dtype=pl.String),
            "是否异地就医": stays["out_of_area"].replace_strict(YES, return_dtype=pl.String),
            "入院时间": stays["admission_date"].dt.strftime(f"{day} 08:31:07"),
            "上一次出院日期": (stays["admission_date"] - timedelta(90)).dt.strftime(day),
            "出院时间": stays["discharge_date"].dt.strftime(f"{day} 15:02:44"),
            "结算开始日期": stays["admission_date"].dt.strftime(day),
            "结算时间": stays["settlement_date"].dt.strftime(f"{day} 16:20:11"),
            "经办时间": (stays["settlement_date"] + timedelta(3)).dt.strftime(day),
            "出院科室": stays["department"],
            "实际住院天数": stays["length_of_stay"],
            "离院方式": stays["discharge_type"],
            "主要诊断": ["某病"] * stays.height,
            "主要诊断编码": stays["principal_diagnosis"],
            "其他诊断编码": stays["other_diagnoses"].list.join("|"),
            "手术操作编码": stays["procedures"].list.join("|"),
            "医疗费总额(元)": stays["total_cost"],
            "基金支付总额": stays["fund_cost"] + stays["other_cost"],
            "统筹基金支出": stays["fund_cost"],
            "个人负担总金额": stays["patient_cost"],
            "个人账户支出": stays["patient_cost"] - stays["patient_cost"],
            "现金支付金额": stays["patient_cost"],
            "医疗救助基金支出": stays["other_cost"],
            "大病补充医疗保险基金支出": ["0.00"] * stays.height,
            "医保支付方式": stays["payment_unit"].replace_strict(UNITS, return_dtype=pl.String),
            "床日类别": stays["bed_day_class"],
            "治疗过程是否完整": stays["complete"].replace_strict(YES, return_dtype=pl.String),
            "窗口备注": ["无"] * stays.height,
        },
        strict=False,
    )


VISIT_TYPES = {"ordinary": "普通门诊", "chronic": "门诊慢性病", "special": "门诊特殊病"}
ITEM_KINDS = {
    "procedure": "手术费",
    "lab": "化验费",
    "imaging": "影像",
    "other_test": "电诊",
    "treatment": "治疗费",
    "drug": "西药费",
    "material": "卫生材料费",
    "fee": "诊察费",
}


def payable_visits(visits: Path, items: Path) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The sample's visits whose costs add up, and their lines."""
    given, lines = pl.read_parquet(visits), pl.read_parquet(items)
    costs = pl.col("fund_cost") + pl.col("patient_cost") + pl.col("other_cost")
    summed = lines.group_by("visit_id").agg(pl.col("amount").sum().alias("lines"))
    kept = given.join(summed, on="visit_id", how="left", maintain_order="left").filter(
        pl.col("total_cost") == costs,
        pl.col("total_cost") == pl.col("lines"),
        *(pl.col(name) >= 0 for name in ("total_cost", "fund_cost", "patient_cost")),
        pl.col("visit_id").is_unique(),
        pl.col("principal_diagnosis").is_not_null(),
        pl.col("age").is_not_null(),
    )
    kept = kept.drop("lines")
    return kept, lines.join(kept, on="visit_id", how="semi")


def visit_export(visits: pl.DataFrame) -> pl.DataFrame:
    """An export of outpatient settlements with Chinese headings and what nobody knows."""
    day = "%Y-%m-%d"
    return pl.DataFrame(
        {
            "序号": range(1, visits.height + 1),
            "结算ID": visits["visit_id"],
            "定点医药机构编号": visits["hospital_id"],
            "人员编号": visits["person_id"],
            "姓名": ["某某"] * visits.height,
            "险种类型": visits["account"].replace_strict(ACCOUNTS, return_dtype=pl.String),
            "异地标志": visits["out_of_area"].replace_strict(YES, return_dtype=pl.String),
            "就诊日期": visits["visit_date"].dt.strftime(f"{day} 09:12:30"),
            "性别": visits["sex"].replace_strict({1: "男", 2: "女"}, return_dtype=pl.String),
            "年龄": visits["age"],
            "科室名称": visits["department"],
            "医疗类别": visits["visit_type"].replace_strict(VISIT_TYPES, return_dtype=pl.String),
            "诊断编码": visits["principal_diagnosis"],
            "其他诊断编码": visits["other_diagnoses"].list.join("|"),
            "签约机构编码": visits["contractor_id"],
            "医疗费总额": visits["total_cost"],
            "统筹基金支出": visits["fund_cost"],
            "个人负担总金额": visits["patient_cost"],
            "医疗救助支付": visits["other_cost"],
            "收款员": ["甲"] * visits.height,
        },
        strict=False,
    )


def line_export(items: pl.DataFrame) -> pl.DataFrame:
    """The lines of such an export."""
    kinds = items["item_kind"].replace_strict(ITEM_KINDS, return_dtype=pl.String)
    return pl.DataFrame(
        {
            "结算ID": items["visit_id"],
            "医疗目录编码": items["item_code"],
            "医保目录名称": ["某项"] * items.height,
            "医疗收费项目类别": kinds,
            "数量": items["quantity"],
            "明细项目费用总额": items["amount"],
        },
        strict=False,
    )


def hospital_list(hospitals: Path) -> pl.DataFrame:
    """The table of hospitals as an office keeps it."""
    given = pl.read_csv(hospitals, infer_schema=False)
    return given.select(
        pl.col("name").alias("医疗机构名称"),
        pl.col("hospital_id").alias("医疗机构编码"),
        pl.col("level").replace_strict(LEVELS).alias("医院等级"),
        pl.col("county").alias("所属地区"),
        pl.col("alliance").alias("医共体名称"),
        pl.col("kind").replace_strict(KINDS).alias("医疗机构类别"),
        pl.col("assessment").alias("百分制得分"),
    )


def write_csv(frame: pl.DataFrame, path: Path, encoding: str = "gb18030") -> Path:
    """A frame as CSV in an encoding."""
    path.write_bytes(frame.write_csv().encode(encoding))
    return path


def write_excel(sheets: dict[str, pl.DataFrame], path: Path, title: str = "") -> Path:
    """Frames as sheets of a workbook, below a title if there is one."""
    with Workbook(str(path)) as book:
        for name, frame in sheets.items():
            sheet = book.add_worksheet(name)
            first = 1 if title else 0
            if title:
                sheet.write_string(0, 0, title)
            for place, heading in enumerate(frame.columns):
                sheet.write_string(first, place, heading)
            for number, row in enumerate(frame.iter_rows(), start=first + 1):
                for place, cell in enumerate(row):
                    if cell is not None:
                        write = sheet.write_string if isinstance(cell, str) else sheet.write_number
                        write(number, place, cell)
    return path


def in_sheets(export: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """An export with its codes in sheets of their own, a row a code."""
    diagnoses: list[tuple[str, str, str]] = []
    procedures: list[tuple[str, str]] = []
    wanted = ("结算ID", "主要诊断编码", "其他诊断编码", "手术操作编码")
    for case, principal, others, done in export.select(wanted).iter_rows():
        diagnoses.append((case, principal, "是"))
        diagnoses += [(case, code, "否") for code in (others or "").split("|") if code]
        procedures += [(case, code) for code in (done or "").split("|") if code]
    return {
        "结算清单": export.drop("主要诊断编码", "其他诊断编码", "手术操作编码"),
        "诊断": pl.DataFrame(diagnoses, ["结算ID", "诊断代码", "主诊断标志"], orient="row"),
        "手术": pl.DataFrame(procedures, ["结算ID", "手术操作代码"], orient="row"),
    }


FEES = {"drug_cost": "西药费", "material_cost": "卫生材料费", "exam_cost": "检查费"}
REST = "床位费"


def fee_rows(stays: pl.DataFrame) -> pl.DataFrame:
    """A row for each class of fees of a stay: kinds of cost of which the rest is for the bed.

    Drugs come in two rows, so that there is something to add up.
    """
    rows: list[tuple[str, str, Decimal]] = []
    wanted = ("case_id", "total_cost", *FEES)
    for case, total, *kinds in stays.select(wanted).iter_rows():
        amounts = dict(zip(FEES.values(), kinds, strict=True))
        drugs = amounts.pop("西药费")
        rows += [(case, "西药费", drugs - Decimal("0.01")), (case, "中成药费", Decimal("0.01"))]
        rows += [(case, name, amount) for name, amount in amounts.items()]
        rows.append((case, REST, total - drugs - sum(amounts.values())))
    return pl.DataFrame(rows, ["结算ID", "收费项目", "金额"], orient="row")


def fee_columns(rows: pl.DataFrame) -> pl.DataFrame:
    """The same, a row a stay."""
    return rows.pivot("收费项目", index="结算ID", values="金额", aggregate_function="first")
