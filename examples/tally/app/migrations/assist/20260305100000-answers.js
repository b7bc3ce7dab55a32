// What was answered.

exports.up = (db) =>
  db.runSql(`
    CREATE TABLE answers (
      question_id bigint PRIMARY KEY REFERENCES questions,
      answer text NOT NULL,
      sources jsonb NOT NULL DEFAULT '[]'
    );
  `)
