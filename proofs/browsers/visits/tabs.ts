import { MemoryStore } from "../../../stores/memory.ts";
import type { Visit } from "../visit.ts";
import { shop, textAt } from "../world.ts";

const KINDS = {
  "in a cookie": () => ({}),
  "in a store": () => ({ store: new MemoryStore() }),
};
const AT_ONCE = 8;

export const tabs: Visit = {
  name: "Two tabs",
  isQuick: true,
  expected: Object.fromEntries(
    Object.keys(KINDS).flatMap((kind) => [
      [`counter, ${kind}`, "nobody 1, nobody 2, nobody 3"],
      [`login in one, ${kind}`, "ada 3, in the other ada 4"],
      [`logout in the other, ${kind}`, "nobody 0, in the first nobody 0"],
      [`two logins at once, ${kind}`, "ada, ada"],
      ...kind === "in a store" ? [["16 changes at once", "16"]] : [],
    ]),
  ),
  async run(world) {
    const seen: Record<string, string> = {};
    for (const [kind, options] of Object.entries(KINDS)) {
      const jar = await world.openJar();
      const one = await jar.openTab();
      const other = await jar.openTab();
      const { app } = await world.serve({ app: shop(options()) });
      seen[`counter, ${kind}`] = [
        await textAt(one, `${app}/count`),
        await textAt(other, `${app}/count`),
        await textAt(one, `${app}/count`),
      ].join(", ");
      seen[`login in one, ${kind}`] = `${await textAt(one, `${app}/in`)}, ` +
        `in the other ${await textAt(other, `${app}/count`)}`;
      const out = await textAt(other, `${app}/out`);
      // The page is still that of somebody who is signed in.
      const still = await one.run(
        `const text = await (await fetch("/look")).text();
        return new DOMParser().parseFromString(text, "text/html")
          .body.innerText.trim().split("\\n")[0]`,
      );
      seen[`logout in the other, ${kind}`] = `${out}, in the first ${still}`;

      await textAt(one, `${app}/count`);
      await textAt(other, `${app}/look`);
      await Promise.all(
        [one, other].map((tab) => tab.run("await fetch('/in')")),
      );
      seen[`two logins at once, ${kind}`] = [
        await textAt(one, `${app}/look`),
        await textAt(other, `${app}/look`),
      ].map((text) => text.split(" ")[0]).join(", ");

      if (kind !== "in a store") continue;
      await textAt(one, `${app}/out`);
      await textAt(one, `${app}/in`);
      const script = `await Promise.all(
        Array.from({ length: ${AT_ONCE} }, () => fetch("/count")))`;
      await Promise.all([one, other].map((tab) => tab.run(script)));
      seen["16 changes at once"] =
        (await textAt(one, `${app}/look`)).split(" ")[1] ?? "";
    }
    return seen;
  },
};
