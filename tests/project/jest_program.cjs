/* global expect, test */
// A consumer's test, as Jest runs it without any settings: CommonJS, in a realm
// of its own, without `import()`.
const {
  createSessions,
  generateSecret,
  SessionError,
  withSession,
} = require("with-session");
const { sessions } = require("with-session/hono");
const { MemoryStore } = require("with-session/stores/memory");

const secret = generateSecret();
const url = "https://example.com/";
const schema = {
  "~standard": {
    version: 1,
    vendor: "project",
    validate: (value) => ({ value }),
  },
};

test.each([
  ["nothing", {}],
  ["bytes", { secret: new TextEncoder().encode(secret) }],
  ["store", { store: new MemoryStore() }],
  ["revocations", { revocations: new MemoryStore() }],
  ["schema", { schema }],
  ["csrf", { csrf: true }],
])("a session comes back with %s", async (_name, options) => {
  const handle = withSession((_request, session) => {
    session.login("ada");
    session.set("cart", JSON.parse('{ "apples": [1, 2] }'));
    return new Response(`${session.update("visits", (n = 0) => n + 1)}`);
  }, { secret, ...options });
  const first = await handle(new Request(url));
  expect(await first.text()).toBe("1");
  const [cookie] = first.headers.getSetCookie()[0].split(";");
  const second = await handle(new Request(url, { headers: { cookie } }));
  expect(await second.text()).toBe("2");
});

test("an error is of its class", async () => {
  const sealing = createSessions({ secret });
  const session = sealing.create();
  session.set("essay", "x".repeat(5000));
  await expect(sealing.seal(session)).rejects.toThrow(SessionError);
  await expect(sealing.seal(session)).rejects.toMatchObject({
    code: "oversize",
  });
});

test("Hono's middleware is a function", () => {
  expect(sessions({ secret })).toBeInstanceOf(Function);
});
