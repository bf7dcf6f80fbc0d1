"""The sheets of the configuration workbook, and the headers by which their columns are found.

The first header of a column is the one that an export writes. Editions of the published file name
columns differently and move them, so an import looks for the text and never for the position.
"""

from dataclasses import dataclass
from typing import Literal

TextKind = Literal["code", "name", "rule", "sort"]

LAST_HEADER_ROW = 10
"""A title or notes may stand above the header; further down nobody puts one."""

SCHEME_SHEET = "方案"
"""Our own sheet beside the published ones: what scheme.toml says, as key and value."""

KEEP_ORDER_KEY = "keep_order"
"""Key of SCHEME_SHEET: the sort numbers are final and must not be repaired."""


@dataclass(frozen=True)
class Column:
    """One column of a sheet: the column of the table that it fills and its headers."""

    key: str
    kind: TextKind
    headers: tuple[str, ...]
    required: bool = True
    width: int = 14


@dataclass(frozen=True)
class Sheet:
    """One sheet and the table of the scheme that it holds."""

    name: str
    table: str
    columns: tuple[Column, ...]
    titled: bool = False  # a title stands in row 1, the header in row 2


SHEETS = (
    Sheet(
        "MDC",
        "mdc",
        (
            Column("mdc", "code", ("MDC编码", "MDC")),
            Column("name", "name", ("MDC名称", "名称"), width=40),
            Column("rule", "rule", ("MDC规则", "规则"), width=70),
            Column("sort", "sort", ("排序", "MDC排序"), width=8),
        ),
        titled=True,
    ),
    Sheet(
        "ADRG",
        "adrg",
        (
            Column("adrg", "code", ("ADRG编码", "ADRG")),
            Column("name", "name", ("ADRG名称", "名称"), width=40),
            Column("rule", "rule", ("ADRG规则", "规则"), width=70),
            Column("mdc", "code", ("所属MDC编码", "所属MDC", "MDC编码", "MDC")),
            Column("sort", "sort", ("MDC内排序", "排序"), width=10),
        ),
    ),
    Sheet(
        "DRG",
        "drg",
        (
            Column("drg", "code", ("DRG编码", "DRG")),
            Column("name", "name", ("DRG名称", "名称"), width=40),
            Column("rule", "rule", ("DRG规则", "规则"), width=40),
            Column("adrg", "code", ("所属ADRG编码", "所属ADRG", "ADRG编码", "ADRG")),
            Column("mdc", "code", ("所属MDC编码", "所属MDC", "MDC编码", "MDC"), required=False),
            Column("sort", "sort", ("排序", "ADRG内排序"), width=8),
        ),
    ),
    Sheet(
        "集合",
        "sets",
        (
            Column("set", "code", ("集合编号", "集合编码", "集合"), width=18),
            Column("code", "code", ("ICD编码", "疾病编码", "手术编码", "编码"), width=18),
            Column("name", "name", ("ICD名称", "名称"), required=False, width=50),
            Column("type", "code", ("类型编号", "类型"), required=False, width=10),
        ),
    ),
    Sheet(
        "CC",
        "cc",
        (
            Column("code", "code", ("疾病编码", "ICD编码"), width=18),
            Column("name", "name", ("疾病名称", "ICD名称"), required=False, width=50),
            Column("exclusion_table", "code", ("排除表", "排除表编号"), width=10),
            Column("level", "code", ("类型", "类型编号", "级别"), width=8),
        ),
    ),
    Sheet(
        "排除表",
        "exclusions",
        (
            Column("exclusion_table", "code", ("集合编号", "排除表编号", "排除表"), width=10),
            Column("code", "code", ("ICD编码", "疾病编码"), width=18),
            Column("name", "name", ("ICD名称", "疾病名称"), required=False, width=50),
        ),
    ),
)

SHEET_OF_TABLE = {sheet.table: sheet for sheet in SHEETS}
