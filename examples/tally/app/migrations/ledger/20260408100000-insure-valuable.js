// What is worth more than 10000 is insured.

exports.up = (db) =>
  db.runSql(`
    UPDATE deliveries SET insured = true WHERE declared_value > 10000;
  `)
