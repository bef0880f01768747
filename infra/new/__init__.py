"""`make new`: reads a CSV and writes a use case that works as it is and is meant to be edited."""
