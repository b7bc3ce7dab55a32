CREATE EXTENSION IF NOT EXISTS pgcrypto;
CREATE TABLE users (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, email text NOT NULL UNIQUE);
CREATE TABLE connections (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL UNIQUE,
  provider text NOT NULL,
  credentials bytea NOT NULL,
  row_limit text NOT NULL DEFAULT '1000'
);
CREATE TABLE maps (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  title text NOT NULL,
  owner_id bigint REFERENCES users,
  layers jsonb NOT NULL DEFAULT '[]',
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE imports (id bigint PRIMARY KEY, source text NOT NULL, bytes bigint NOT NULL, imported_at timestamptz NOT NULL DEFAULT now());
