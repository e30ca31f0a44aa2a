import { redirect } from "next/navigation";
import { read } from "../../session";

export default async function Account() {
  const { userId } = await read();
  if (!userId) redirect("/");
  return <p>{`Account of ${userId}`}</p>;
}
