"""Monitoring: drift, the prediction log's history, retraining."""
