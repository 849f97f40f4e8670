-- As before, but what has come together is added up 100,000 rows at a time, so that it is never too much for one
-- statement: a transaction that stays open for hours, anywhere on the server, holds up the adding for as long.
CREATE OR REPLACE FUNCTION fold() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    beginning xid8;
    -- Transactions before this one are over: nothing of theirs can appear any more.
    ending xid8;
    last xid8;
    folded bigint;
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtextextended('understudy fold ' || current_schema(), 0)) THEN
        RETURN 0;
    END IF;
    SELECT upto INTO beginning FROM folding;
    ending := pg_snapshot_xmin(pg_current_snapshot());
    IF NOT EXISTS (SELECT 1 FROM changes WHERE xid >= beginning AND xid < ending) THEN
        RETURN 0;
    END IF;
    SELECT xid INTO last FROM changes WHERE xid >= beginning AND xid < ending ORDER BY xid OFFSET 99999 LIMIT 1;
    IF last IS NOT NULL THEN
        -- All rows of a transaction are added together.
        ending := coalesce(
            (SELECT xid FROM changes WHERE xid > last AND xid < ending ORDER BY xid LIMIT 1), ending
        );
    END IF;
    INSERT INTO counts AS kept
    SELECT
        project, model, sum(queued), sum(running), sum(delivered), sum(cancelled), sum(failed), sum(successes),
        max(last_run), sum(elapsed)
    FROM changes WHERE xid >= beginning AND xid < ending AND model <> '' GROUP BY project, model
    ON CONFLICT (project, model) DO UPDATE SET
        queued = kept.queued + excluded.queued,
        running = kept.running + excluded.running,
        delivered = kept.delivered + excluded.delivered,
        cancelled = kept.cancelled + excluded.cancelled,
        failed = kept.failed + excluded.failed,
        successes = kept.successes + excluded.successes,
        last_run = greatest(kept.last_run, excluded.last_run),
        elapsed = kept.elapsed + excluded.elapsed;
    INSERT INTO spending AS kept
    SELECT project, hour, sum(spent) FROM changes WHERE xid >= beginning AND xid < ending AND spent <> 0
    GROUP BY project, hour
    ON CONFLICT (project, hour) DO UPDATE SET amount = kept.amount + excluded.amount;
    UPDATE projects SET balance = balance + moves.moved
    FROM (
        SELECT project, sum(moved) AS moved FROM changes
        WHERE xid >= beginning AND xid < ending AND moved <> 0 GROUP BY project
    ) AS moves
    WHERE projects.id = moves.project;
    DELETE FROM changes WHERE xid >= beginning AND xid < ending;
    GET DIAGNOSTICS folded = ROW_COUNT;
    UPDATE folding SET upto = ending;
    RETURN folded;
END $$;
