"""The model: forest, portable file, search, cross-validation, evaluation, hold-out, card."""
