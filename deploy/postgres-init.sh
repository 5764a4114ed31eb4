#!/bin/sh
# Run once by the image of PostgreSQL, on an empty volume: the two logins and the database that they share.
set -eu
psql -v ON_ERROR_STOP=1 -U postgres -v app="$SOUK_APP_PASSWORD" -v admin="$SOUK_ADMIN_PASSWORD" <<'SQL'
create role souk_admin login createrole password :'admin';
create role souk_app login noinherit password :'app';
grant souk_app to souk_admin with admin option;
create database souk owner souk_admin;
SQL
