import type { BrowserPlan, RequestPlan, Scenario } from "./world/scenario.ts";

// Programs for which every order is searched.

/** What one request does, by a short name. */
const REQUESTS: Readonly<Record<string, readonly string[]>> = {
  read: ["read"],
  add: ["add"],
  set: ["set"],
  "add, pause, add": ["add", "pause", "add"],
  "add, save, add": ["add", "save", "add"],
  "login ada": ["login ada", "add"],
  "login bob": ["login bob", "set"],
  regenerate: ["regenerate", "add"],
  logout: ["destroy"],

  reset: ["reset", "set"],
  clear: ["clear", "set"],
  "revokeAll ada": ["revokeAll ada"],
  "revokeOthers ada": ["revokeOthers ada", "add"],
  "login ada, throw": ["login ada", "throw"],
};

const DUE = { age: 601, renewAfter: 600 };
const ADA: Readonly<Record<string, BrowserPlan>> = { tab: { user: "ada" } };
const GUEST: Readonly<Record<string, BrowserPlan>> = { tab: { user: "" } };

function request(
  name: string,
  process: string,
  more: Partial<RequestPlan> = {},
): RequestPlan {
  const ops = REQUESTS[name];
  if (!ops) throw new Error(`There is no request ${name}`);
  return { browser: "tab", process, ops, ...more };
}

/** All pairs, in one process and in two, with and without a renewal. */
function pairs(): Scenario[] {
  const names = Object.keys(REQUESTS);
  return names.flatMap((one, place) =>
    names.slice(place).flatMap((other) =>
      ["P", "Q"].flatMap((process) =>
        [{}, DUE].map((due): Scenario => ({
          title: `${one} | ${other}${process === "P" ? "" : " elsewhere"}${
            "age" in due ? ", renewal due" : ""
          }`,
          browsers: ADA,
          requests: [request(one, "P"), request(other, process)],
          ...due,
        }))
      )
    )
  );
}

/** Pairs of what writes, in two processes, of which one may stop. */
function crashes(): Scenario[] {
  const names = [
    "add",
    "add, save, add",
    "login bob",
    "regenerate",
    "logout",
    "revokeAll ada",
  ];
  return names.flatMap((one) =>
    names.map((other): Scenario => ({
      title: `${one} | ${other} elsewhere, renewal due, a crash`,
      browsers: ADA,
      requests: [request(one, "P"), request(other, "Q")],
      ...DUE,
      faults: ["crash"],
    }))
  );
}

/** Pairs in which an answer of the store is lost, comes twice or too late. */
function answers(): Scenario[] {
  const names = ["add", "login bob", "regenerate", "logout"];
  return names.flatMap((one, place) =>
    names.slice(place).map((other): Scenario => ({
      title: `${one} | ${other} elsewhere, an answer that is lost`,
      browsers: ADA,
      requests: [request(one, "P"), request(other, "Q")],
      faults: ["lost", "failed", "twice", "slow"],
    }))
  );
}

/** Three that meet: in one process, in two, in three. */
function triples(): Scenario[] {
  const all: readonly (readonly [string, string, string])[] = [
    ["add", "add", "add"],
    ["add", "add", "logout"],
    ["add", "login bob", "logout"],
    ["add", "regenerate", "logout"],
    ["login ada", "login ada", "add"],
    ["login ada", "login bob", "add"],
    ["regenerate", "regenerate", "add"],
    ["login bob", "regenerate", "add"],
    ["add", "clear", "add"],
    ["revokeAll ada", "login ada", "add"],
    ["reset", "login bob", "add"],
  ];
  return all.flatMap((names) =>
    ["PQR", "PPQ"].flatMap((processes) =>
      [{}, DUE].map((due): Scenario => ({
        title: `${names.join(" | ")} in ${processes}${
          "age" in due ? ", renewal due" : ""
        }`,
        browsers: ADA,
        requests: names.map((name, place) =>
          request(name, processes[place] as string)
        ),
        ...due,
      }))
    )
  );
}

/** Three requests of four operations each, with a renewal and a crash. */
function large(): Scenario[] {
  const a = ["read", "add", "pause", "add"];
  const b = ["login bob", "set", "save", "add"];
  const c = ["read", "add", "pause", "destroy"];
  const at = (process: string, ops: string[]) => ({
    browser: "tab",
    process,
    ops,
  });
  return [{
    title: "three of four operations, renewal due, a crash",
    browsers: ADA,
    requests: [at("P", a), at("Q", b), at("R", c)],
    ...DUE,
    faults: ["crash"],
  }];
}

/** What happens one after the other, with somebody who is slow or a thief. */
function stories(): Scenario[] {
  const thief = { ...ADA, thief: { copyOf: "tab" } };
  return [
    {
      title: "a thief's copy, and a login",
      browsers: { ...GUEST, thief: { copyOf: "tab" } },
      requests: [
        request("login ada", "P"),
        request("add", "Q", { browser: "thief" }),
        request("read", "Q", { browser: "thief", after: [0] }),
      ],
    },
    {
      title: "a thief's copy, and a renewal that was confirmed",
      browsers: thief,
      requests: [
        request("add", "P"),
        request("add", "P", { after: [0] }),
        request("add", "Q", { browser: "thief" }),
      ],
      jumps: [31_000, 61_000],
      ...DUE,
    },
    {
      title: "a slow request across a renewal",
      browsers: ADA,
      requests: [
        request("add, pause, add", "P"),
        request("read", "Q"),
        request("read", "Q", { after: [1] }),
      ],
      jumps: [31_000],
      ...DUE,
    },
    {
      title: "a visitor's first two requests",
      browsers: { tab: {} },
      requests: [request("add", "P"), request("login ada", "Q")],
    },
    {
      title: "a socket, and a logout",
      browsers: ADA,
      requests: [
        {
          browser: "tab",
          process: "P",
          ops: ["add", "save", "pause", "add", "save"],
          isSocket: true,
        },
        request("logout", "Q"),
      ],
    },
    {
      title: "a socket, a renewal and a login",
      browsers: ADA,
      requests: [
        {
          browser: "tab",
          process: "P",
          ops: ["add", "save", "pause", "reload", "add", "save"],
          isSocket: true,
        },
        request("add", "Q"),
        request("login bob", "Q"),
      ],
      ...DUE,
    },
    {
      title: "save() while set() runs",
      browsers: ADA,
      requests: [
        {
          browser: "tab",
          process: "P",
          ops: ["add", "later", "add", "pause", "add", "save"],
        },
        request("add, save, add", "P"),
      ],
    },
    {
      title: "logout while a new session is saved",
      browsers: { tab: {} },
      requests: [{
        browser: "tab",
        process: "P",
        ops: ["login ada", "later", "pause", "destroy"],
      }],
    },
    {
      title: "a login that was saved, and another one",
      browsers: ADA,
      requests: [
        {
          browser: "tab",
          process: "P",
          ops: ["login ada", "save", "pause", "read"],
        },
        request("login bob", "P"),
      ],
    },
    {
      title: "notices",
      browsers: ADA,
      requests: [
        { browser: "tab", process: "P", ops: ["flash"] },
        { browser: "tab", process: "Q", ops: ["flashes"] },
        { browser: "tab", process: "P", ops: ["flashes"], after: [1] },
      ],
    },
    {
      title: "double click on login",
      browsers: GUEST,
      requests: [
        request("login ada", "P"),
        request("login ada", "P"),
        request("read", "P", { after: [0] }),
      ],
    },
    {
      title: "two devices, and one ends all others",
      browsers: { tab: { user: "ada" }, phone: { user: "ada" } },
      requests: [
        request("revokeOthers ada", "P"),
        request("add", "Q", { browser: "phone" }),
        request("login ada", "Q", { browser: "phone" }),
      ],
    },
  ];
}

/** All programs, by kind. */
export const catalogue: Readonly<Record<string, readonly Scenario[]>> = {
  pairs: pairs(),
  triples: triples(),
  crashes: crashes(),
  answers: answers(),
  stories: stories(),
  large: large(),
};

/** A program by its title. */
export function programOf(title: string): Scenario {
  const found = Object.values(catalogue).flat().find((each) =>
    each.title === title
  );
  if (!found) throw new Error(`There is no program "${title}"`);
  return found;
}
