import { createAsync, query } from "@solidjs/router";
import { readAccount } from "../account";

const getAccount = query(readAccount, "account");

export default function Account() {
  const account = createAsync(() => getAccount(), { deferStream: true });
  return <p>{account() && `Account of ${account()?.name}`}</p>;
}
