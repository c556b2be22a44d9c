-- Rotate the log: $1 seconds of changes are kept, unless they take more than $2 bytes.
SELECT emptied, turned, bytes FROM dashboard.rotate(make_interval(secs => $1), $2);
