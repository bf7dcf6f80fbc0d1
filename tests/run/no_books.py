"""Runs without workbooks, which take most of their time, for tests that read none."""

from unittest.mock import AsyncMock, MagicMock, _patch, patch


def without_books() -> "_patch[MagicMock | AsyncMock]":
    """While this is entered, runs write no workbook."""
    return patch("drgpay.run.results.write_books")
