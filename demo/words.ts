import type { SessionEvent } from "../mod.ts";

const WORDS: Record<SessionEvent["type"], string> = {
  accepted: "A session of another library goes on here.",
  conflict: "Other processes wrote first in each of five tries.",
  created: "A new session was saved for the first time.",
  destroyed: "The session was ended.",
  duplicate: "The request brought several cookies of our name.",
  expired: "The session came after its end.",
  forbidden: "A request of another site was refused.",
  gone: "The session had ended. What came too late was refused.",
  grace: "A cookie that was just replaced was served once more.",
  insecure: "Not saved: the request came over http from another machine.",
  "late-write": "Changed after the response had left, and refused.",
  local: "Development: http on this machine, a cookie without Secure.",
  merged: "Somebody else wrote meanwhile, and both changes were kept.",
  opened: "The cookie was good.",
  oversize: "The session is too long for its cookie.",
  rejected: "The cookie was refused, and a new session begins.",
  renewed: "The idle timeout was moved on.",
  resealed: "Sealed again, with the newest secret.",
  reuse: "A replaced cookie came back too late: a stolen copy, perhaps.",
  revoked: "A session of this user was ended from a list.",
  "store-error": "The store failed, or was too slow.",
  uncommitted: "Changed, and never committed.",
  withheld: "Not saved: another site has sent the request.",
};

/** An event, said plainly. */
export function wordsOf(event: SessionEvent): string {
  const reason = "reason" in event ? ` Reason: ${event.reason}.` : "";
  return WORDS[event.type] + reason;
}
