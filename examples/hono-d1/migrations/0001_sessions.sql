CREATE TABLE IF NOT EXISTS "sessions" (
  key TEXT NOT NULL PRIMARY KEY COLLATE BINARY,
  revision INTEGER NOT NULL,
  value TEXT NOT NULL,
  id TEXT NOT NULL,
  user_key TEXT NOT NULL COLLATE BINARY,
  label TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  last_seen_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS "sessions_user_key"
  ON "sessions" (user_key, key) WHERE user_key <> '';
CREATE INDEX IF NOT EXISTS "sessions_expires_at"
  ON "sessions" (expires_at);
