import { redirect } from "next/navigation";
import { readSession } from "../../session";

export default async function Account() {
  const { userId } = await readSession();
  if (!userId) redirect("/");
  return <p>{`Account of ${userId}`}</p>;
}
