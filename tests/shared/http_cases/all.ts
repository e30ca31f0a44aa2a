import type { HttpCase } from "../harness.ts";
import { answerCases } from "./answers.ts";
import { badCases } from "./bad.ts";
import { failureCases } from "./failure.ts";
import { handshakeCases } from "./handshake.ts";
import { keepCases } from "./keep.ts";
import { ownerCases } from "./owner.ts";
import { renewalCases } from "./renewal.ts";
import { resetCases } from "./reset.ts";
import { expiryCases } from "./expiry.ts";
import { placeCases } from "./places.ts";
import { scopeCases } from "./scopes.ts";
import { severalCases } from "./several.ts";
import { streamCases } from "./stream.ts";
import { transportCases } from "./transport.ts";
import { useCases } from "./use.ts";
import { valueCases } from "./values.ts";

export { type HttpCase, type HttpHarness } from "../harness.ts";

/** What holds over HTTP wherever the data is kept, unless marked. */
export const httpCases: readonly HttpCase[] = [
  ...useCases,
  ...badCases,
  ...severalCases,
  ...scopeCases,
  ...expiryCases,
  ...renewalCases,
  ...keepCases,
  ...ownerCases,
  ...transportCases,
  ...placeCases,
  ...failureCases,
  ...answerCases,
  ...handshakeCases,
  ...valueCases,
  ...resetCases,
  ...streamCases,
];
