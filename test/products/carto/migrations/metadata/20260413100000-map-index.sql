CREATE INDEX maps_by_owner ON maps (owner_id, created_at);
