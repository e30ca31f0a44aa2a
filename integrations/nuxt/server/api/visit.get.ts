export default defineEventHandler(({ context: { session } }) => ({
  visits: session.update("visits", (n = 0) => n + 1),
  user: session.userId ?? null,
  notices: [...session.flashes<string>("notice")],
}));
