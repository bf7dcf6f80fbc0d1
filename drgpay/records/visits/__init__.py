"""Outpatient visits and their service lines: read, put in order of visit_id, checked."""
