"""Lambda without Docker: one child process per execution environment.

Only `executor` and `plugin` import LocalStack; the rest also serves `embedded_cloud.engine`.
"""
