// Declared values were text. Fails where somebody typed a decimal comma; fixed/ has what 2026.5 shipped instead.

exports.up = (db) =>
  db.runSql(`
    ALTER TABLE deliveries ALTER COLUMN declared_value DROP DEFAULT;
    ALTER TABLE deliveries ALTER COLUMN declared_value TYPE numeric(14, 2) USING declared_value::numeric;
    ALTER TABLE deliveries ALTER COLUMN declared_value SET DEFAULT 0;
  `)
