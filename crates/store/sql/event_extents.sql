-- A length is known without reading an element that is stored out of line.
SELECT message_key, count(*), count(*) FILTER (WHERE reason IS DISTINCT FROM 'unknown_event'),
       sum(octet_length(raw))::bigint
FROM events
WHERE message_key = ANY ($1)
GROUP BY message_key
