import { getIronSession } from "iron-session";
import { cookies } from "next/headers";

interface Data {
  user?: string;
  visits?: number;
}

export async function open() {
  return await getIronSession<Data>(await cookies(), {
    password: process.env.IRON_PASSWORD ?? "",
    cookieName: "my-app",
  });
}
