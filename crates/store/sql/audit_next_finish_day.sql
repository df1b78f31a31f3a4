SELECT min(finished_on) FROM deliveries_finished WHERE finished_on > $1
