"""How a template refers to the version that a secret has now."""

from mlops_aws.account import Account


def reference(account: Account, secret: str, field: str = "") -> str:
    """A dynamic reference to a secret, or to one field of its JSON; raises ClientError where there is no such secret.

    CloudFormation resolves a reference anew when its text changes: with the version in it, that is whenever the secret
    does.
    """
    versions = account.client("secretsmanager").describe_secret(SecretId=secret)["VersionIdsToStages"]
    (current,) = [version for version, stages in versions.items() if "AWSCURRENT" in stages]
    return f"{{{{resolve:secretsmanager:{secret}:SecretString:{field}::{current}}}}}"
