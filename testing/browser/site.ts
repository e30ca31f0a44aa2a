// What two addresses have in common, as far as cookies care.

const ADDRESS = /^(\d+\.){3}\d+$|^\[/;
const LOOPBACK = /^(.+\.)?localhost$|^127\.[\d.]+$|^\[::1\]$/;

/** Browsers trust the machine itself as they trust https. */
export function isTrustworthy({ protocol, hostname }: URL): boolean {
  return protocol === "https:" || LOOPBACK.test(hostname);
}

/** Whether a host, as `URL` writes it, is an IP address. */
export function isAddress(host: string): boolean {
  return ADDRESS.test(host);
}

/** Whether a host is a domain, or below it (RFC 6265bis §5.1.3). */
export function isWithin(host: string, domain: string): boolean {
  return host === domain ||
    host.endsWith(`.${domain}`) && !ADDRESS.test(host);
}

/** Tells which hosts belong together. */
export interface Sites {
  /** Whether nobody owns all that is below a domain: `com`, `co.uk`. */
  isSuffix(domain: string): boolean;
  /** The host's domain that somebody owns: a suffix and one label before it. */
  ownerOf(host: string): string;
  /** The site of an address: its scheme and that domain. */
  of(url: URL): string;
}

/**
 * @param suffixes Suffixes of more than one label; each label that stands alone
 * is one, too.
 */
export function sitesBy(suffixes: readonly string[]): Sites {
  const isSuffix = (domain: string) =>
    !ADDRESS.test(domain) &&
    (!domain.includes(".") || suffixes.includes(domain));
  const ownerOf = (host: string): string => {
    if (ADDRESS.test(host) || isSuffix(host)) return host;
    const parent = host.slice(host.indexOf(".") + 1);
    return isSuffix(parent) ? host : ownerOf(parent);
  };
  return {
    isSuffix,
    ownerOf,
    of: ({ protocol, hostname }) => `${protocol}//${ownerOf(hostname)}`,
  };
}
