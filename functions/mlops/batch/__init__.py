"""Batch scoring: files of any length in S3, divided into shards that are scored side by side."""
