import type { HttpCase } from "./_harness.ts";
import { answerCases } from "./_http_answers.ts";
import { badCases } from "./_http_bad.ts";
import { failureCases } from "./_http_failure.ts";
import { handshakeCases } from "./_http_handshake.ts";
import { keepCases } from "./_http_keep.ts";
import { ownerCases } from "./_http_owner.ts";
import { renewalCases } from "./_http_renewal.ts";
import { resetCases } from "./_http_reset.ts";
import { expiryCases } from "./_http_expiry.ts";
import { placeCases } from "./_http_places.ts";
import { scopeCases } from "./_http_scopes.ts";
import { severalCases } from "./_http_several.ts";
import { streamCases } from "./_http_stream.ts";
import { transportCases } from "./_http_transport.ts";
import { useCases } from "./_http_use.ts";
import { valueCases } from "./_http_values.ts";

export { type HttpCase, type HttpHarness } from "./_harness.ts";

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
