export default defineEventHandler(async (event) => {
  const { name } = await readBody<{ name: string }>(event);
  // … check the password …
  const { session } = event.context;
  session.login(name);
  session.flash("notice", `Welcome, ${name}`);
  return sendRedirect(event, "/", 303);
});
