"""Compiled schemes kept on disk, so that a command starts without compiling again.

The key is the content of the scheme and the whole program. A file that is damaged, foreign or from
another version is compiled anew, without a word; a folder that others could have written to is not
used, which is said.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np

from drgpay.base.cache_folder import COMPILED_SCHEMES, implicit_folder, keep_file, mark_used
from drgpay.grouper.compiled import CompiledScheme, compile_scheme
from drgpay.grouper.compiled_file import (
    Form,
    compiled_in,
    file_of,
    tables_as_json,
    tables_from_json,
)
from drgpay.grouper.exempt_groups import exempt_groups
from drgpay.grouper.scheme_files import content_hash, scheme_folder

_FOLDER_VARIABLE = "DRGPAY_CACHE"
_T = TypeVar("_T")
DRG_FORM: Form[CompiledScheme] = Form(
    "drg", lambda compiled: compiled.packed, tables_as_json, tables_from_json
)


def load_compiled(name: str) -> CompiledScheme:
    """A compiled scheme of kind drg by id or folder, from the cache if it is there.

    The cache is `compiled_folder`. Raises DrgpayError for the mistakes of `load_scheme` and for a
    scheme of kind apg.
    """
    return cached(name, DRG_FORM, _compile)


def cached(name: str, form: Form[_T], compile_: Callable[[str], _T]) -> _T:
    """The compiled form of a scheme, from the cache or else made by `compile_` and kept."""
    path = _path(scheme_folder(name))
    if path is None:
        return compile_(name)
    found = _read(path, form)
    if found is not None:
        mark_used(path)
        return found
    made = compile_(name)
    keep_file(path, file_of(made, form))
    return made


def compiled_folder() -> Path | None:
    """$DRGPAY_CACHE, else $XDG_CACHE_HOME/drgpay or ~/.cache/drgpay; None: nothing is kept.

    That is so for an empty DRGPAY_CACHE, and for a user without a home.
    """
    chosen = os.environ.get(_FOLDER_VARIABLE)
    if chosen is not None:
        return Path(chosen) if chosen else None
    base = os.environ.get("XDG_CACHE_HOME")
    try:
        return (Path(base) if base else Path.home() / ".cache") / "drgpay"
    except RuntimeError:  # nobody's home
        return None


def _path(scheme: Path) -> Path | None:
    """The file of a scheme, in a folder that can be trusted."""
    folder = compiled_folder()
    if folder is None or implicit_folder(folder, COMPILED_SCHEMES) is None:
        return None
    return folder / f"{_key(scheme)}.compiled"


def _read(path: Path, form: Form[_T]) -> _T | None:
    try:
        content = path.read_bytes()
    except OSError:
        return None
    return compiled_in(content, form)


def _compile(name: str) -> CompiledScheme:
    from drgpay.grouper.scheme import load_scheme_of  # its libraries: not needed beside a cache

    return compile_scheme(load_scheme_of(name, "drg"))


def _key(folder: Path) -> str:
    # The exempt groups take no part in grouping, and the compiled scheme holds them all the same.
    return COMPILED_SCHEMES.key(content_hash(folder), str(exempt_groups(folder)), np.__version__)
