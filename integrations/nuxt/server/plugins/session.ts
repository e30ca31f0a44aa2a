export default defineNitroPlugin(({ hooks }) => {
  hooks.hook("beforeResponse", async (event, response) => {
    await commitUnsent(event).catch((error) => response.body = error);
  });
  hooks.hook("afterResponse", async (event) => {
    await commitUnsent(event).catch(() => setResponseStatus(event, 500));
  });
  hooks.hook("error", async (error, { event }) => {
    if (event) await discardFailed(event, error);
  });
});
