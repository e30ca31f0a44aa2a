export default defineEventHandler(async (event) => {
  // Pages that the build makes have no session.
  if (import.meta.prerender) return;
  event.context.session = await openSession(event);
});
