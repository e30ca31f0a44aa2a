export default defineEventHandler(({ context: { session } }) => {
  if (!session.userId) throw createError({ status: 401 });
  return { name: session.userId };
});
