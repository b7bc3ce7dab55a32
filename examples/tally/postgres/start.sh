#!/bin/sh
# Starts PostgreSQL 15. In an empty volume it first makes the server, the user of the product (no superuser, may not
# make databases) and its two databases. The work is done beside and moved into place at the end, so that a pod killed
# in the middle starts over.
set -eu
PATH=/usr/lib/postgresql/15/bin:$PATH
: "${PGDATA:=/var/lib/postgresql/data/pgdata}"
umask 077

if [ ! -s "$PGDATA/PG_VERSION" ]; then
  fresh=$PGDATA.new
  rm -rf "$fresh"
  mkdir -p "$fresh"
  sockets=$(mktemp -d)
  printf '%s\n' "$POSTGRES_POSTGRES_PASSWORD" >"$sockets/password"
  initdb -D "$fresh" -U postgres --pwfile="$sockets/password" --auth-host=scram-sha-256 --auth-local=scram-sha-256 \
    --encoding=UTF8 --locale=C.UTF-8 --no-instructions
  rm "$sockets/password"
  printf 'host all all all scram-sha-256\n' >>"$fresh/pg_hba.conf"
  pg_ctl -D "$fresh" -w -o "-c listen_addresses='' -k $sockets" start
  export PGPASSWORD="$POSTGRES_POSTGRES_PASSWORD"
  psql -X -q -v ON_ERROR_STOP=1 -h "$sockets" -U postgres -d postgres \
    -v user="$POSTGRES_USER" -v db="$POSTGRES_DATABASE" -v assist="$ASSIST_DATABASE" <<'SQL'
\getenv password POSTGRES_PASSWORD
CREATE ROLE :"user" LOGIN PASSWORD :'password';
CREATE DATABASE :"db" OWNER :"user";
CREATE DATABASE :"assist" OWNER :"user";
SQL
  pg_ctl -D "$fresh" -w -m fast stop
  unset PGPASSWORD
  rmdir "$sockets"
  [ ! -d "$PGDATA" ] || rmdir "$PGDATA"
  mv "$fresh" "$PGDATA"
fi

exec postgres -D "$PGDATA" -c listen_addresses='*' -c unix_socket_directories=/tmp -c max_connections=100 \
  -c shared_buffers=64MB -c max_wal_size=512MB
