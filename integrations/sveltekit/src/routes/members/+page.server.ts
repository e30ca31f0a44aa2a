import type { PageServerLoad } from "./$types";

export const load: PageServerLoad = () => ({ text: "Members only" });
