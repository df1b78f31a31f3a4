SELECT id, name, path, signed, max_age_s, machine_opens FROM sources ORDER BY id
