import type { Engine, EngineName, Programs } from "./engines/engine.ts";
import * as chromium from "./engines/chromium.ts";
import * as firefox from "./engines/firefox.ts";
import * as webkit from "./engines/webkit.ts";
import type { Visit } from "./visit.ts";
import { attributes, lives } from "./visits/attributes.ts";
import { backFromCache, backFromMemory } from "./visits/back.ts";
import { background, worker } from "./visits/background.ts";
import { duplicates, scopes } from "./visits/duplicates.ts";
import { embedded } from "./visits/embedded.ts";
import { localhost } from "./visits/localhost.ts";
import { csrf, logins, otherSites } from "./visits/other_sites.ts";
import { parts } from "./visits/parts.ts";
import { overwritten, prefixes } from "./visits/prefixes.ts";
import { size } from "./visits/size.ts";
import { tabs } from "./visits/tabs.ts";

export const visits: readonly Visit[] = [
  attributes,
  lives,
  prefixes,
  overwritten,
  duplicates,
  scopes,
  size,
  parts,
  embedded,
  otherSites,
  logins,
  csrf,
  tabs,
  background,
  worker,
  backFromMemory,
  backFromCache,
  localhost,
];

export const engines: Readonly<
  Record<EngineName, { programs: Programs; launch(): Promise<Engine> }>
> = { chromium, firefox, webkit };
