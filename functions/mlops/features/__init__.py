"""Features: rows of the offline and the online store."""
