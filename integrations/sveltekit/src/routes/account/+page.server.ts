import { redirect } from "@sveltejs/kit";
import type { PageServerLoad } from "./$types";

export const load: PageServerLoad = ({ locals: { session } }) => {
  if (!session.userId) redirect(303, "/");
  return { name: session.userId };
};
