#!/usr/bin/env bash
# Run once, when the database is made. Row security holds no superuser, so the server signs in as a role that is none.
set -euo pipefail

psql --set ON_ERROR_STOP=1 --set password="$DATABASE_PASSWORD" --username "$POSTGRES_USER" --dbname postgres <<'SQL'
CREATE ROLE vaani LOGIN NOSUPERUSER NOBYPASSRLS PASSWORD :'password';
CREATE DATABASE vaani OWNER vaani ENCODING 'UTF8' TEMPLATE template0;
SQL
psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname vaani --command 'CREATE EXTENSION pg_trgm'
