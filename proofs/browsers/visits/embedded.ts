import type { SessionOptions } from "../../../mod.ts";
import type { Tab } from "../engines/engine.ts";
import type { Visit } from "../visit.ts";
import { page, shop, textAt, until } from "../world.ts";

/** What a page of the app counts inside a page of another site. */
async function counted(tab: Tab, around: string): Promise<string> {
  await tab.goTo(around);
  return String(await until(() => tab.run("return window.seen"), "a frame"));
}

const COOKIES: Readonly<Record<string, SessionOptions["cookie"]>> = {
  "SameSite=Lax": {},
  "SameSite=None": { sameSite: "None" },
  "None, partitioned": { sameSite: "None", partitioned: true },
};

export const embedded: Visit = {
  name: "In a frame of another site",
  isQuick: true,
  expected: {
    "SameSite=Lax: counts in the frame": "1 1",
    "SameSite=Lax: in a second site": "1",
    "SameSite=Lax: by itself, before and after": "1 2",
    "SameSite=None: counts in the frame": {
      chromium: "1 1",
      firefox: "1 2",
      webkit: "2 2",
    },
    "SameSite=None: in a second site": {
      chromium: "1",
      firefox: "1",
      webkit: "2",
    },
    "SameSite=None: by itself, before and after": "1 2",
    "None, partitioned: counts in the frame": {
      chromium: "1 2",
      firefox: "1 2",
      webkit: "2 2",
    },
    "None, partitioned: in a second site": {
      chromium: "1",
      firefox: "1",
      webkit: "2",
    },
    "None, partitioned: by itself, before and after": "1 2",
  },
  async run(world) {
    const seen: Record<string, string> = {};
    for (const [name, cookie] of Object.entries(COOKIES)) {
      const tab = await world.openTab();
      const around = (request: Request) => {
        const { port } = new URL(request.url);
        const address = `https://app.site.test:${port}/count`;
        return page(
          "Around",
          `<script>onmessage = ({ data }) => { window.seen = data; }</script>
          <iframe src="${address}"></iframe>`,
        );
      };
      const { app, other, third } = await world.serve({
        app: shop({ cookie }),
        other: around,
        third: around,
      });
      const n = (text: string) => text.replace("nobody ", "");
      const alone = n(await textAt(tab, `${app}/count`));
      const framed = [await counted(tab, other), await counted(tab, other)];
      const elsewhere = n(await counted(tab, third));
      const after = n(await textAt(tab, `${app}/count`));
      seen[`${name}: counts in the frame`] = framed.map(n).join(" ");
      seen[`${name}: in a second site`] = elsewhere;
      seen[`${name}: by itself, before and after`] = `${alone} ${after}`;
    }
    return seen;
  },
};
