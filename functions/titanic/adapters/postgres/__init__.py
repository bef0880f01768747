"""PostgreSQL: dataset versions and the offline store."""
