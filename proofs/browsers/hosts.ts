/** The hosts of a visit. All are on this machine, whatever their port. */
export const hosts = {
  /** The site that has sessions. */
  app: "app.site.test",
  /** A sibling: another host of the same site. */
  evil: "evil.site.test",
  /** Other sites. */
  other: "www.other.test",
  third: "www.third.test",
} as const;

export const HOSTS: readonly string[] = Object.values(hosts);
