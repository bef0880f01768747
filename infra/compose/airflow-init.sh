#!/bin/bash
# Before Airflow's servers: the metadata database's schema, and the one user's password where the auth manager looks.
set -euo pipefail
umask 077
printf '{"admin": "%s"}\n' "$ADMIN_PASSWORD" > "$AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE"
exec airflow db migrate
