import type { Actions } from "./$types";

export const actions: Actions = {
  default: ({ locals: { session } }) => {
    session.set("visits", 1000);
    throw new Error("It was meant to fail");
  },
};
