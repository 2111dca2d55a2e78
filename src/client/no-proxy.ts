// Reads lists of hosts that are reached without the proxy, in the form of the NO_PROXY variable.
import { BlockList, isIP } from 'node:net';

/**
 * Whether a URL is on the list.
 *
 * @param noProxy - Entries apart by commas or spaces: `*`, a host, a domain with or without a dot before it (its
 *   subdomains count too), an address, a range such as `10.0.0.0/8`; each may end in `:port`.
 */
export function isProxyExempt(url: URL, noProxy: string): boolean {
  const host = url.hostname.replace(/^\[|\]$/g, '').toLowerCase();
  const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port;
  return noProxy
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .some((entry) => matches(entry, host, port));
}

function matches(entry: string, host: string, port: string): boolean {
  if (entry === '*') return true;
  if (entry.includes('/')) return isInRange(entry, host);
  const [, bare = entry, wantedPort] = /^(\[.*\]|[^:]*)(?::(\d+))?$/.exec(entry) ?? [];
  if (wantedPort !== undefined && wantedPort !== port) return false;
  const name = bare.replace(/^\[|\]$/g, '').replace(/^\*?\./, '');
  return host === name || (isIP(host) === 0 && host.endsWith(`.${name}`));
}

function isInRange(entry: string, host: string): boolean {
  const [network = '', prefix = ''] = entry.split('/');
  const family = isIP(network);
  if (family === 0 || isIP(host) !== family || !/^\d{1,3}$/.test(prefix)) return false;
  if (Number(prefix) > (family === 4 ? 32 : 128)) return false;
  const list = new BlockList();
  const type = family === 4 ? 'ipv4' : 'ipv6';
  list.addSubnet(network, Number(prefix), type);
  return list.check(host, type);
}
