"""What every process runs on: settings, database, queue, logs. It knows no network, no score and no page."""
