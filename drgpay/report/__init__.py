"""What people read: console tables, workbooks, the HTML report, one case, a policy explained."""
