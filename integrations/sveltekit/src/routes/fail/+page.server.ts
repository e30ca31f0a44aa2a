import type { PageServerLoad } from "./$types";

export const load: PageServerLoad = ({ locals: { session } }) => {
  session.update("visits", (n = 0) => n + 1);
  throw new Error("It was meant to fail");
};
