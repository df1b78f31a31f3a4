SELECT min(created_on) FROM notifications WHERE created_on > $1
