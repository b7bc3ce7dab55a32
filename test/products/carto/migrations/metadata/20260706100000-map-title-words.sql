ALTER TABLE maps ADD COLUMN title_words text[];
UPDATE maps SET title_words = string_to_array(lower(title), ' ');
