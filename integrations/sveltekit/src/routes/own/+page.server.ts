import type { PageServerLoad } from "./$types";

// A page that asks its own server.
export const load: PageServerLoad = async ({ fetch }) => {
  await fetch("/api/cookies");
  const response = await fetch("/api/me");
  const { user }: { user: string | null } = await response.json();
  return { user };
};
