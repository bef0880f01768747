#!/bin/sh
# Run once, when PostgreSQL makes its data folder: Airflow's metadata in a database and under a role of its own.
set -eu
psql --set ON_ERROR_STOP=1 --set password="$AIRFLOW_DATABASE_PASSWORD" --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<'SQL'
CREATE ROLE airflow LOGIN PASSWORD :'password';
CREATE DATABASE airflow OWNER airflow;
SQL
