"""What is counted and measured: the names of totals, Lambda's own reports, activity over time."""
