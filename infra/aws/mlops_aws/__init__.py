"""The product onto an AWS account: its data plane, the application on it, and traffic moved to what has been proved."""
