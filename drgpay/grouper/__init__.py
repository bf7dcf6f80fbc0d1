"""Grouping: from stays to MDC, ADRG, DRG and severity, by the rules of a scheme."""
