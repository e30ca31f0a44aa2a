import { createAsync, query } from "@solidjs/router";
import { Suspense } from "solid-js";
import { visit } from "../account";
import { slowNews } from "../news";

const getVisit = query(visit, "visit");
const getNews = query(slowNews, "news");

export default function Stream() {
  const data = createAsync(() => getVisit(), { deferStream: true });
  const news = createAsync(() => getNews());
  return (
    <main>
      <p>{data() && `Visit ${data()?.visits}`}</p>
      <Suspense fallback={<p>Loading</p>}>
        <p>{news()}</p>
      </Suspense>
    </main>
  );
}
