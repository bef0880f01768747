"""Serving: the champion's cache, predictions, feedback."""
