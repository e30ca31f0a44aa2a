export default defineEventHandler(({ context: { session } }) => {
  session.set("visits", 1000);
  throw createError({ status: 404 });
});
