"""A small scheme in which every finding would be new, and overlays over it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from drgpay.adjust.overlay import Overlay, read_overlay

INFO = """
id = "small"
name = "小方案"
kind = "drg"
authority = "test"
version = "1"
code_system = "none"
source = "made for a test"
"""
TABLES = {
    "mdc": "sort,mdc,name,rule\n1,MDCB,神经,ZYZD in DI_B\n2,MDCC,眼,ZYZD in DI_C\n",
    "adrg": "sort,mdc,adrg,name,rule\n1,MDCB,BB1,手术,ZYSS in OP_B\n2,MDCB,BR1,内科,\n"
    '1,MDCC,CB1,眼手术,"{ZYSS,QTSS} in OP_C"\n2,MDCC,CR1,眼内科,\n',
    "drg": "sort,adrg,drg,name,rule\n1,BB1,BB19,手术组,\n1,BR1,BR11,内科严重,QTZD in MCC\n"
    '2,BR1,BR13,内科一般,"QTZD in {MCC,CC}"\n3,BR1,BR15,内科其他,\n'
    "1,CB1,CB19,眼手术组,\n1,CR1,CR19,眼内科组,\n",
    "sets": "set,code\nDI_B,I60.0\nDI_B,I60.1\nDI_C,H25.0\nDI_C,H25.1\nOP_B,00.01\nOP_B,00.02\n"
    "OP_C,11.01\nOP_C,11.02\n",
    "cc": "code,level,exclusion_table\nA00.1,MCC,1\nA00.2,CC,1\n",
    "exclusions": "exclusion_table,code\n1,I60.1\n",
}
HEAD = '[scheme]\nid = "changed"\nname = "改后"\n'


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """The folder of the small scheme."""
    folder = tmp_path / "small"
    folder.mkdir()
    (folder / "scheme.toml").write_text(INFO, encoding="utf-8")
    for table, text in TABLES.items():
        (folder / f"{table}.csv").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def overlay(tmp_path: Path) -> Callable[..., Overlay]:
    """Read an overlay of some text; `head` says the scheme."""

    def read(text: str, head: str = HEAD) -> Overlay:
        path = tmp_path / "overlay.toml"
        path.write_text(head + text, encoding="utf-8")
        return read_overlay(path)

    return read
