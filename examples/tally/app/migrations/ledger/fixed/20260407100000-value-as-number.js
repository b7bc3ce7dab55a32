// Declared values were text, some of them with a decimal comma.

exports.up = (db) =>
  db.runSql(`
    ALTER TABLE deliveries ALTER COLUMN declared_value DROP DEFAULT;
    ALTER TABLE deliveries
      ALTER COLUMN declared_value TYPE numeric(14, 2) USING replace(declared_value, ',', '.')::numeric;
    ALTER TABLE deliveries ALTER COLUMN declared_value SET DEFAULT 0;
  `)
