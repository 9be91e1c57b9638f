#!/bin/sh
# A table of 100,000 rows: indices, queries, updates, vacuum; the file's bytes count too.
set -eu
sqlite3 rows.db <<'END'
CREATE TABLE row (id INTEGER PRIMARY KEY, number INTEGER, word TEXT, data BLOB);
WITH RECURSIVE count(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM count WHERE n < 100000)
INSERT INTO row SELECT n, n * 7919 % 100003, printf('%05d-%s', n * 31 % 65536, hex(n * n)),
    zeroblob(n % 97) FROM count;
CREATE INDEX row_number ON row (number);
CREATE UNIQUE INDEX row_word ON row (word, id);
ANALYZE;
SELECT count(*), sum(number), min(word), max(word), sum(length(data)) FROM row;
SELECT number % 10, count(*), group_concat(word, '+') FROM row WHERE id % 997 = 0 GROUP BY 1;
SELECT a.id, b.word FROM row a JOIN row b ON b.number = a.id WHERE a.word LIKE '0001%' ORDER BY 2;
UPDATE row SET data = zeroblob(length(data) * 3), word = word || '!' WHERE id % 3 = 0;
DELETE FROM row WHERE number % 5 = 1;
SELECT word FROM row ORDER BY substr(word, 3), id DESC LIMIT 20 OFFSET 5000;
VACUUM;
PRAGMA integrity_check;
END
cksum rows.db
sqlite3 rows.db .dump | cksum
