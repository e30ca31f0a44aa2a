import { createFileRoute } from "@tanstack/react-router";
import { readAccount } from "../account";

export const Route = createFileRoute("/account")({
  loader: () => readAccount(),
  component: () => <p>{`Account of ${Route.useLoaderData().name}`}</p>,
});
