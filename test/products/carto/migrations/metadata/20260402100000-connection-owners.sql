ALTER TABLE connections ADD COLUMN owner_id bigint REFERENCES users;
UPDATE connections SET owner_id = (SELECT min(id) FROM users);
