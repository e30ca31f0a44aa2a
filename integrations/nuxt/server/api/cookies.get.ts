export default defineEventHandler((event) => {
  event.context.session.update("visits", (n = 0) => n + 1);
  setCookie(event, "theme", "dark");
  appendResponseHeader(event, "set-cookie", "size=large; Path=/");
  return "Two cookies";
});
