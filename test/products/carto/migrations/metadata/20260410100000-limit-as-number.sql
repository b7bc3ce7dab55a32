-- Fails where somebody typed a word for a limit; the migration before it is committed by then.
ALTER TABLE connections ALTER COLUMN row_limit DROP DEFAULT;
ALTER TABLE connections ALTER COLUMN row_limit TYPE bigint USING row_limit::bigint;
ALTER TABLE connections ALTER COLUMN row_limit SET DEFAULT 1000;
