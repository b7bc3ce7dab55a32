// 'Name, Town' becomes two columns. The old column goes: the release before cannot work on this schema.

exports.up = (db) =>
  db.runSql(`
    ALTER TABLE deliveries ADD COLUMN recipient_name text, ADD COLUMN recipient_town text;
    UPDATE deliveries SET
      recipient_name = split_part(recipient, ', ', 1),
      recipient_town = coalesce(nullif(substr(recipient, length(split_part(recipient, ', ', 1)) + 3), ''), 'unknown');
    ALTER TABLE deliveries
      ALTER COLUMN recipient_name SET NOT NULL,
      ALTER COLUMN recipient_town SET NOT NULL,
      DROP COLUMN recipient;
  `)
