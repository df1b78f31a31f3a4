SELECT max(received_on) FROM batches WHERE received_on < $1
