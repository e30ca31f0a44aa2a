export default defineEventHandler(async (event) => {
  const session = await openPreferences(event);
  const theme = session.get("theme") ?? "light";
  const { headers } = await preferences.commit(session);
  // The page depends on the cookie: caches have to know.
  for (const [name, value] of headers) appendResponseHeader(event, name, value);
  return `<form id="preferences" method="post" action="/preferences">
    <p>Theme ${theme === "dark" ? "dark" : "light"}</p>
    <input name="theme" aria-label="Theme">
    <button>Choose</button>
  </form>`;
});
