"""The registry: versions, decisions, the champion pointer."""
