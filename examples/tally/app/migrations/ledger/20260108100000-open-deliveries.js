// What is still on its way, for the board.

exports.up = (db) =>
  db.runSql(`
    CREATE VIEW open_deliveries AS
      SELECT id, reference, carrier_id, status, recorded_at FROM deliveries WHERE status NOT IN ('delivered', 'returned');
  `)
