SELECT count(*) FROM delivery_queue
