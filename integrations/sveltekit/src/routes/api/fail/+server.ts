import type { RequestHandler } from "./$types";

export const GET: RequestHandler = ({ locals: { session } }) => {
  session.set("visits", 1000);
  throw new Error("It was meant to fail");
};
