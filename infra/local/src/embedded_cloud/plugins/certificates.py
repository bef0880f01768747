"""LocalStack's own certificate, for HTTPS at its gateway, where it is needed.

LocalStack 4.9.2 makes it with functions that pyOpenSSL 24.3 deprecated and 26 has not got: on a machine that has no
certificate of an earlier LocalStack, it would not start (`localstack/utils/crypto.py`, `generate_ssl_cert`).
"""

import ipaddress
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from localstack.runtime import hooks
from localstack.utils import ssl

NAMES = ("localhost", "localhost.localstack.cloud", "*.localhost.localstack.cloud", "localstack")
VALID = timedelta(days=730)


@hooks.on_infra_start()
def make_certificates() -> None:
    """Replace the one function that the gateway asks for a certificate."""
    ssl.create_ssl_cert = create


def create(serial_number: int | None = None) -> tuple[str, str, str]:
    """The files of a new self-signed certificate: both parts, the certificate, its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name, now = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, NAMES[0])]), datetime.now(UTC)
    hosts = [*map(x509.DNSName, NAMES), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), serial_number or x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + VALID)
        .add_extension(x509.SubjectAlternativeName(hosts), critical=False)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public, folder = certificate.public_bytes(serialization.Encoding.PEM), Path(tempfile.mkdtemp())  # 0700
    files = {"server.pem": secret + public, "server.crt": public, "server.key": secret}
    for file, content in files.items():
        (folder / file).write_bytes(content)
    both, crt, own = (str(folder / file) for file in files)
    return both, crt, own
