//! The end of a test that went well: what must be empty, and what must add up, whatever the test was about.

use super::logs;
use super::wait::{DEADLINE, wait_for};
use super::world::World;
use queue::{QueueError, QueueName};

impl World {
    /// Ends everything politely and looks for what must not be left.
    ///
    /// # Panics
    /// When a process does not drain or exits with anything but 0, a queue holds a message, a delivery is still leased,
    /// the ledger does not add up, or a log has an ERROR line that was not allowed.
    pub(crate) async fn finish(mut self) {
        self.end("ingest").await;
        if self
            .programs
            .iter_mut()
            .any(|program| program.name().starts_with("worker") && program.is_running())
        {
            for queue in QueueName::ALL {
                self.empty(queue).await;
            }
        }
        self.end("worker").await;
        // What a worker had taken and not acked is back by now.
        for queue in QueueName::ALL {
            let left = queue::depth(&self.queues(), queue).await;
            assert!(matches!(left, Ok(0) | Err(QueueError::Missing(_))), "{queue:?} holds {left:?}");
        }
        self.end("dispatcher").await;
        let db = self.db().await;
        let leased: i64 = db
            .query_one("SELECT count(*) FROM delivery_queue WHERE lease IS NOT NULL", &[])
            .await
            .unwrap()
            .get(0);
        assert_eq!(leased, 0, "deliveries are still leased");
        let audit = self.cli(&["audit", "--json"]).await;
        assert!(audit.code == 0 && audit.json()["ok"] == true, "the ledger does not add up: {audit:?}");
        for program in &self.programs {
            let lines = logs::unexpected(program.log(), &self.allowed);
            assert!(lines.is_empty(), "{} logged:\n{}", program.name(), lines.join("\n"));
        }
        drop(db);
        self.database.drop_for_good().await;
        queue::delete(&self.queues()).await.unwrap();
        std::fs::remove_dir_all(&self.directory).unwrap();
        self.finished = true;
    }

    /// Waits until a queue has nothing to hand out.
    pub(crate) async fn empty(&self, queue: QueueName) {
        wait_for(&format!("{queue:?} to be empty"), DEADLINE, async || {
            match queue::depth(&self.queues(), queue).await {
                Ok(0) | Err(QueueError::Missing(_)) => Ok(()),
                Ok(depth) => Err(format!("{depth} messages")),
                Err(error) => Err(error.to_string()),
            }
        })
        .await;
    }

    async fn end(&mut self, kind: &str) {
        for program in self.programs.iter_mut().filter(|program| program.name().starts_with(kind)) {
            if program.is_running() {
                let status = program.terminate().await;
                assert!(status.success(), "{} ended with {status}", program.name());
            }
        }
    }
}
