"""Outpatient visits: payable entries, their calibration and their points (docs/outpatient.md)."""
