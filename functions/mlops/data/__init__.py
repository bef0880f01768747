"""Data: CSV content, cells and their rules, validation, quality, dataset versions, labels."""
