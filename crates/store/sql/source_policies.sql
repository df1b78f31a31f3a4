SELECT id, name, machine_opens FROM sources WHERE id = ANY($1)
