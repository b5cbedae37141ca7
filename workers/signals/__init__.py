"""Signals: how public reactions become numbers and pseudonyms, where they rest, and how they go.

They rest in a log-structured store. What somebody's signals are is: their part of their bucket's file in the vault, and
over it the blocks of the table `inbox` in their order, of which the last statement about a signal wins. A fold merges
the two into a new file, a bucket at a time, and scores everybody in it.

For others:

- `take.take(session, subject_id, day, topics)`: what a score of one person is made of. The session must be one of
  `Process.reading` or `Process.working`: it knows its process, and with it key ring and storage.
- `inbox.known(session, subject_id)`: the same as columns with pseudonyms, of all ages, whatever is consented to.
- `store.put`, `put_audience`: what was read. `store.drop_posts`, `drop_signals`, `drop_read`, `drop_connections`,
  `objections.drop_actor`: gone for every reader in the same transaction; the schedule has the bucket rewritten within
  seconds (rows of the inbox that are `urgent`), so that the bytes go, too.
- `fold.fold(process, number, day)`: one bucket; `fold.settle(work)` makes the buckets at the first start.
- `place.Vault`: the vault as a place of personal data (export, erase, expire).
- Table `bucket`: `failure`, `failed_at`, `failed_day` say what could not be folded; `day_scored` how far it is.
- A day's final scores count from the moment on in which `DayScored` has it (`workers.results`).
"""
