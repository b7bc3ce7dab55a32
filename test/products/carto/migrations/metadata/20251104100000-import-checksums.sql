ALTER TABLE imports ADD COLUMN checksum text;
UPDATE imports SET checksum = encode(digest(source, 'sha256'), 'hex');
