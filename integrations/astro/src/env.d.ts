declare namespace App {
  interface Locals {
    session: import("with-session").Session<import("./session").Data>;
    request?: Request;
  }
}
