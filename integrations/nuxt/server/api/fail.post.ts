export default defineEventHandler(({ context: { session } }) => {
  session.set("visits", 1000);
  throw new Error("It was meant to fail");
});
