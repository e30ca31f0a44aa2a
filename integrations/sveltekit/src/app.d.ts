import type { Session } from "with-session";
import type { Data } from "./session.server";

declare global {
  namespace App {
    interface Locals {
      session: Session<Data>;
      hasFailed?: boolean;
    }
  }
}
