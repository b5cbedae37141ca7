"""Networks: the only place that speaks HTTP to social networks; it must not know a database, a job or the web."""
