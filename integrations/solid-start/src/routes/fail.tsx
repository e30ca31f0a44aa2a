import { createAsync, query } from "@solidjs/router";
import { countAndFail } from "../account";

const getNothing = query(countAndFail, "fail");

export default function Fail() {
  const data = createAsync(() => getNothing(), { deferStream: true });
  return <p>{data()}</p>;
}
