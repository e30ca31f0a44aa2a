import { index, route, type RouteConfig } from "@react-router/dev/routes";

export default [
  index("routes/home.tsx"),
  route("sign-in", "routes/sign-in.ts"),
  route("sign-out", "routes/sign-out.ts"),
  route("everywhere", "routes/everywhere.ts"),
  route("account", "routes/account.tsx"),
  route("members", "routes/members.tsx"),
  route("old", "routes/old.ts"),
  route("preferences", "routes/preferences.tsx"),
  route("stream", "routes/stream.tsx"),
  route("try", "routes/try.tsx"),
  route("fail", "routes/fail.tsx"),
  route("api/cookies", "routes/api/cookies.ts"),
  route("api/fail", "routes/api/fail.ts"),
  route("api/me", "routes/api/me.ts"),
  route("api/slow", "routes/api/slow.ts"),
] satisfies RouteConfig;
