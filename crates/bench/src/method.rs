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
            "Of verify, ingest.cpu, e2e and growth, rounds of a figure and of its floor take turns, and the ratio is the median of the \
             pairs' ratios: what disturbs one disturbs the other. End to end, the one and the other comes first by turns. \
             What cannot take turns says so. Only ratios are judged. A miss is excused only by a \
             limit that every round of it shows, which is named: the product and its two servers alone use nine tenths of \
             all CPUs. What the load takes, or anything else on the machine, excuses nothing.",
        ),
        (
            "Load",
            "Every POST is signed with ECDSA, made before its run begins, and has to be answered 204. Mails are made up from \
             a seed in the shape of real traffic: processed, delivered, opened. Where 60 % are repeats, whole POSTs come \
             again, as they do after answers that SendGrid did not hear.\n\n\
             ingest.rate, ingest.p50 and ingest.p99 are of a closed loop at saturation: 32 connections, each with its next \
             POST as soon as the one before is answered. Such a wait is mostly the other connections' turns, leaves out \
             what a stall would have kept from being sent, and says nothing of a lesser rate.",
        ),
        (
            "Floors",
            "floor.verify is p256's own verify. floor.publish is verifying and publishing the same bodies with confirms, \
             without HTTP and without the product, in CPU seconds of this program and the broker. floor.insert is one \
             connection that does nothing else than insert the rows that a run left, in transactions of 2,000 events, into \
             an empty database of the same schema. It is a yardstick, and neither the least that the rows can cost nor the \
             highest rate the database takes: the product may use several connections, so that the ratio can pass 1. \
             Repeats leave no rows, so that runs with repeats have no floor.",
        ),
        (
            "End to end",
            "From the first POST to the commit of the last event, with ingest, broker, workers and database running side by \
             side. Every run checks in the database that each event is stored exactly once.",
        ),
        (
            "Latency",
            "latency.R, at R events a second in POSTs of ten: from the time that a POST was due, not from when it could be \
             sent (no coordinated omission), to the moment its notification had arrived at the consumer, which verifies the \
             signature with an independent library. Here as in what follows, only first arrivals count, by webhook-id, and a \
             notification that comes again to an endpoint that has answered it fails the run.",
        ),
        (
            "Dispatch",
            "Deliveries are owed before the one dispatcher is started. The rate is that of all after the first one, from the \
             first arrival to the last.",
        ),
        (
            "Isolation",
            "A hundred endpoints are told the same twenty mails a second. First come all stretches in which all is well, then \
             all in which one endpoint stalls, or is slow and fails with a million notifications due: neither goes away when \
             a stretch ends, so that they take no turns. The latencies of the ninety-nine others are pooled, those before \
             and those during the trouble, and the ratio is that of the two pools' p99. Each stretch's own p99 is told \
             beside it; if those before drift, so may the ratio.\n\n\
             That the trouble was there is checked: the bad endpoint's breaker is closed before each troubled stretch, a \
             request to it has to be under way or to begin in each, and nine tenths of the million are due before and after.",
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
