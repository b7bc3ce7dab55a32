// Priority in words becomes a rank: low 1, normal 2, express 3.

exports.up = (db) =>
  db.runSql(`
    ALTER TABLE deliveries ALTER COLUMN priority DROP DEFAULT;
    ALTER TABLE deliveries
      ALTER COLUMN priority TYPE smallint USING CASE priority WHEN 'low' THEN 1 WHEN 'express' THEN 3 ELSE 2 END;
    ALTER TABLE deliveries ALTER COLUMN priority SET DEFAULT 2;
  `)
