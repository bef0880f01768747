"""Lambda without Docker: one child process per execution environment. Nothing here knows LocalStack."""
