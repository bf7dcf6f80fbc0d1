"""A small scheme of kind apg, written to a folder, for tests of what reads schemes."""

from pathlib import Path

TOML = """
id = "small-apg"
name = "small"
kind = "apg"
authority = "test"
version = "1"
code_system = "insurance-2.0"
item_system = "service-items-1"
source = "test"

[apg]
procedure_discount = 0.5
"""
TABLES = {
    "mdc": [
        "sort,mdc,name,rule",
        '1,PROC,procedures,"XM in P_ALL or XMLB in PROCEDURES"',
        "2,MED,visits,1",
        "3,ANC,tests,XMLB in TESTS",
        "4,DRUG,drugs,XM in DRUGS",
        "5,INC,incidental,1",
    ],
    "adrg": [
        "sort,mdc,adrg,name,rule",
        "1,PROC,P1,endoscopy,XM in P_SCOPE",
        "2,PROC,P9,other procedures,",
        "1,MED,M1,hypertension,ZYZD in HYPERTENSION",
        "2,MED,M9,other visits,",
        "1,ANC,A1,tests,",
        "1,DRUG,D1,drugs,",
        "1,INC,I1,incidental,",
    ],
    "drg": [
        "sort,adrg,drg,name,rule",
        "1,P1,P11,endoscopy of children,NL < 18",
        "2,P1,P12,endoscopy,",
        "1,P9,P90,other procedures,",
        "1,M1,M11,chronic,MZLB in CHRONIC",
        "2,M1,M12,ordinary,",
        "1,M9,M90,other visits,",
        "1,A1,A10,tests,",
        "1,D1,D10,drugs,",
        "1,I1,I10,incidental,",
    ],
    "sets": [
        "set,code",
        "P_ALL,3109*",
        "P_SCOPE,310902*",
        "P_SCOPE,45.23*",
        "PROCEDURES,procedure",
        "TESTS,lab",
        "TESTS,imaging",
        "DRUGS,X*",
        "DRUGS,Z*",
        "CHRONIC,chronic",
        "HYPERTENSION,I10*",
        "HYPERTENSION,I11*",
    ],
    "cc": ["code,level,exclusion_table"],
    "exclusions": ["exclusion_table,code"],
    "packaging": ["apg", "A1"],
}


def write_small_apg(
    folder: Path,
    replaced: dict[str, list[str]] | None = None,
    added: dict[str, list[str]] | None = None,
    toml: str = TOML,
) -> Path:
    """Write the scheme with some tables replaced and some rows added; returns its folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "scheme.toml").write_text(toml, encoding="utf-8")
    for table, lines in (TABLES | (replaced or {})).items():
        whole = [*lines, *(added or {}).get(table, [])]
        (folder / f"{table}.csv").write_text("\n".join(whole) + "\n", encoding="utf-8")
    return folder
