export default defineEventHandler((event) => {
  const { session } = event.context;
  session.reset();
  session.flash("notice", "You have signed out");
  return sendRedirect(event, "/", 303);
});
