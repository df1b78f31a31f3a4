SELECT count(*) FROM delivery_queue WHERE endpoint_id = $1
