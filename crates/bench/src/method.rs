//! How things are measured, in the words of the report.

/// A heading and a text each.
pub(crate) fn told() -> Vec<(String, String)> {
    let sections = [
        (
            "The machine",
            "Everything runs on one machine: the load, the consumers, the product, PostgreSQL with fsync and full page writes \
             on, and RabbitMQ with quorum queues. Cores are shared, so a rate here is what all of them together reach. The \
             servers are private and empty; each run has a database and queues of its own.",
        ),
        (
            "Ratios",
            "Rounds of a figure and of its floor take turns, and the ratio is the median of the pairs' ratios: what disturbs \
             one disturbs the other. Only ratios are judged. A miss is excused only by a measured limit, which is named.",
        ),
        (
            "Load",
            "Every POST is signed with ECDSA, made before its run begins, and has to be answered 204. Mails are made up from \
             a seed in the shape of real traffic: processed, delivered, opened. Where 60 % are repeats, whole POSTs come \
             again, as they do after answers that SendGrid did not hear.",
        ),
        (
            "Floors",
            "floor.verify is p256's own verify. floor.publish is verifying and publishing the same bodies with confirms, \
             without HTTP and without the product, in CPU seconds of this program and the broker. floor.insert is the rows \
             that a run left behind, inserted into an empty database of the same schema by one connection.",
        ),
        (
            "End to end",
            "From the first POST to the commit of the last event, with ingest, broker, workers and database running side by \
             side. Every run checks in the database that each event is stored exactly once.",
        ),
        (
            "Latency",
            "From the time that a POST was due, not from when it could be sent (no coordinated omission), to the moment its \
             notification had arrived at the consumer, which verifies the signature with an independent library.",
        ),
        (
            "Isolation",
            "A hundred endpoints are told the same mails. What the others wait for their notifications is compared with and \
             without one of them misbehaving.",
        ),
        (
            "Growth",
            "A round is 100,000 events after a checkpoint. One in an empty database and one in the grown one take turns. The \
             stock is cloned from rows that a real run has left, with raw elements and bodies emptied; the hour that is going \
             on holds 140,000 messages at first. Autovacuum is off and its cost is not in these figures.",
        ),
        ("Memory", "The kernel's own high-water mark of each process (VmHWM), the greatest of all runs."),
    ];
    sections.map(|(heading, text)| (heading.to_owned(), text.to_owned())).into()
}
