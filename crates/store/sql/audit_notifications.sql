SELECT type, count(*) FROM notifications WHERE created_on = $1 GROUP BY type
