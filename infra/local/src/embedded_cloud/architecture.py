"""This machine's architecture, in the names that others have for it."""

import platform

NAMES = {"x86_64": ("x86_64", "amd64"), "aarch64": ("arm64", "arm64")}  # Lambda's and Docker's


def lambda_architecture() -> str:
    """Lambda's name, such as ``arm64``; the kernel's where Lambda has none."""
    return NAMES.get(platform.machine(), (platform.machine(),))[0]


def docker_architecture() -> str:
    """Docker's name, such as ``amd64``; the kernel's where Docker has another one."""
    return NAMES.get(platform.machine(), (platform.machine(),))[-1]
