// Days on which nobody delivers.

exports.up = (db) =>
  db.runSql(`
    CREATE TABLE holidays (
      day date NOT NULL,
      country country_code NOT NULL,
      name text NOT NULL,
      PRIMARY KEY (day, country)
    );
    INSERT INTO holidays VALUES ('2026-05-17', 'NO', 'Grunnlovsdagen'), ('2026-05-03', 'JP', '憲法記念日');
  `)
