-- Five years of every provider (SQLite): twenty components, changes of status, an incident a fortnight with three updates
-- (the first provider has 25,000 more; each provider's at other hours), work once a month. What is older than two years is pruned, as it would be. The last
-- thirty days are not closed yet.
INSERT INTO components (provider_id, external_id, position, name, status, told_status, first_seen_at)
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 19)
SELECT p.id, 'c' || i, i, 'Component ' || i, 'operational', 'operational',
       strftime('%Y-%m-%d %H:%M:%S', :now, '-1826 days') || '.000000'
FROM n, providers p;

INSERT INTO spans (provider_id, component_id, status, from_at, until_at)
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 103)
SELECT p.id, NULL, CASE i % 6 WHEN 3 THEN 'degraded' ELSE 'operational' END,
       strftime('%Y-%m-%d %H:%M:%S', :now, '-' || (i * 7 + 7) || ' days') || '.000000',
       CASE i WHEN 0 THEN NULL ELSE strftime('%Y-%m-%d %H:%M:%S', :now, '-' || (i * 7) || ' days') || '.000000' END
FROM n, providers p;

INSERT INTO spans (provider_id, component_id, status, from_at, until_at)
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 23)
SELECT c.provider_id, c.id, CASE i % 2 WHEN 1 THEN 'partial_outage' ELSE 'operational' END,
       strftime('%Y-%m-%d %H:%M:%S', :now, '-' || (i * 30 + 30) || ' days') || '.000000',
       CASE i WHEN 0 THEN NULL ELSE strftime('%Y-%m-%d %H:%M:%S', :now, '-' || (i * 30) || ' days') || '.000000' END
FROM n, components c;

INSERT INTO incidents (provider_id, external_id, title, impact, phase, started_at, resolved_at, until_at, posted_at,
                       component_ids, updates, ever_component_ids, revision, missing, removed, first_seen_at)
WITH RECURSIVE
    n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 25129),
    dated(id, i, began, ended) AS (
        SELECT p.id, i,
               datetime(:now, '-' || CASE WHEN i < 130 THEN i * 14 ELSE i % 1820 END || ' days',
                        '-' || (180 + p.id * 197 % 20160) || ' minutes'),
               datetime(:now, '-' || CASE WHEN i < 130 THEN i * 14 ELSE i % 1820 END || ' days',
                        '-' || (120 + p.id * 197 % 20160) || ' minutes')
        FROM n JOIN providers p ON i < 130 OR p.id = 1
    )
SELECT id, 'i' || i, 'Slow answers', 'major', 'resolved', began || '.000000', ended || '.000000',
       ended || '.000000', began || '.000000', json_array('c' || (i % 20)),
       json_array(
           json_object('id', 'u0', 'phase', 'investigating', 'posted_at', replace(began, ' ', 'T') || 'Z',
                       'body', replace(printf('%012d', 0), '0', 'We are looking into it. ')),
           json_object('id', 'u1', 'phase', 'identified', 'posted_at', replace(began, ' ', 'T') || 'Z',
                       'body', replace(printf('%012d', 0), '0', 'We know the cause now. ')),
           json_object('id', 'u2', 'phase', 'resolved', 'posted_at', replace(ended, ' ', 'T') || 'Z',
                       'body', replace(printf('%012d', 0), '0', 'All is well again. '))),
       '[]', 0, 0, 0, began || '.000000'
FROM dated;

INSERT INTO maintenances (provider_id, external_id, title, phase, starts_at, ends_at, component_ids, updates,
                          ever_component_ids, revision, missing, removed, first_seen_at)
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 59)
SELECT p.id, 'm' || i, 'Work', 'completed',
       strftime('%Y-%m-%d %H:%M:%S', :now, '-' || (i * 30 + 1) || ' days') || '.000000',
       strftime('%Y-%m-%d %H:%M:%S', :now, '-' || (i * 30 + 1) || ' days', '+2 hours') || '.000000',
       '[]', '[]', '[]', 0, 0, 0, strftime('%Y-%m-%d %H:%M:%S', :now, '-' || (i * 30 + 8) || ' days') || '.000000'
FROM n, providers p;

INSERT INTO days (provider_id, component_id, day, state, source, operational, degraded, partial_outage, major_outage,
                  maintenance)
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 1795)
SELECT p.id, NULL, date(:now, '-' || (i + 31) || ' days'),
       CASE i % 14 WHEN 0 THEN 'outage' ELSE 'operational' END, 'observed', 82800, 0, 3600, 0, 0
FROM n, providers p;

INSERT INTO days (provider_id, component_id, day, state, source, operational, degraded, partial_outage, major_outage,
                  maintenance)
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 29)
SELECT c.provider_id, c.id, date(:now, '-' || (i * 60 + 31) || ' days'), 'outage', 'observed', 82800, 0, 3600, 0, 0
FROM n, components c;

UPDATE providers
SET first_read_at = strftime('%Y-%m-%d %H:%M:%S', :now, '-1826 days') || '.000000',
    observed_since = strftime('%Y-%m-%d %H:%M:%S', :now, '-1826 days') || '.000000',
    last_read_at = datetime(:now) || '.000000', status = 'operational', category = 'Payments',
    closed_until = date(:now, '-31 days'), pruned_until = date(:now, '-731 days');

ANALYZE
