import type { APIRoute } from "astro";

export const GET: APIRoute = ({ locals: { session } }) => {
  session.set("visits", 1000);
  throw new Error("It was meant to fail");
};
