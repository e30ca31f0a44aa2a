import { defineEnvVars } from "@sveltejs/kit/env";

export const variables = defineEnvVars({
  // It may be missing: the build has no secret.
  SESSION_SECRET: { schema: (value) => value },
});
