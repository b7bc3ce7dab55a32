// Questions that people asked.

exports.up = (db) =>
  db.runSql(`
    CREATE TABLE questions (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      asked_at timestamptz NOT NULL DEFAULT now(),
      language text NOT NULL,
      question text NOT NULL
    );
  `)
