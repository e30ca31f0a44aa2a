export default defineEventHandler(async (event) => {
  const { theme } = await readBody<{ theme: string }>(event);
  const session = await openPreferences(event);
  session.set("theme", theme);
  await preferences.commit(session);
  return sendRedirect(event, "/preferences", 303);
});
