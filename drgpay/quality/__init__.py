"""What analysts ask of records and groups: quality of a month, statistics, agreement with others."""
