export default defineEventHandler(async (event) => {
  const { session } = event.context;
  if (session.userId) await sessions.revokeAll(session.userId);
  session.destroy();
  return sendRedirect(event, "/", 303);
});
