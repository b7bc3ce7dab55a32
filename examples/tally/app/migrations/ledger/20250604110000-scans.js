// Every scan of a parcel, in one partition for each half-year.

exports.up = (db) =>
  db.runSql(`
    CREATE TABLE scans (
      delivery_id bigint NOT NULL,
      scanned_at timestamptz NOT NULL,
      place text NOT NULL,
      note text
    ) PARTITION BY RANGE (scanned_at);
    CREATE TABLE scans_2025_1 PARTITION OF scans FOR VALUES FROM ('2025-01-01Z') TO ('2025-07-01Z');
    CREATE TABLE scans_2025_2 PARTITION OF scans FOR VALUES FROM ('2025-07-01Z') TO ('2026-01-01Z');
    CREATE TABLE scans_2026_1 PARTITION OF scans FOR VALUES FROM ('2026-01-01Z') TO ('2026-07-01Z');
    CREATE TABLE scans_2026_2 PARTITION OF scans FOR VALUES FROM ('2026-07-01Z') TO ('2027-01-01Z');
    CREATE TABLE scans_other PARTITION OF scans DEFAULT;
    CREATE INDEX scans_by_delivery ON scans (delivery_id);
  `)
