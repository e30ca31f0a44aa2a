import { createCsrfMiddleware, createStart } from "@tanstack/react-start";
import { failureMiddleware, sessionMiddleware } from "./session";

// Start protects server functions by itself only where there is no start.ts.
const csrfMiddleware = createCsrfMiddleware({
  filter: ({ handlerType }) => handlerType === "serverFn",
});

export const startInstance = createStart(() => ({
  requestMiddleware: [csrfMiddleware, sessionMiddleware],
  functionMiddleware: [failureMiddleware],
}));
