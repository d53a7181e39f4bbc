import { lookup as resolve } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';

/*
 * Addresses that a merchant's URL must not lead to: a gateway that fetches what others name would otherwise open
 * its own network to them (SSRF). NOT-04.
 */
const forbidden = new BlockList();
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const) {
  forbidden.addSubnet(network, prefix, 'ipv4');
}

// The one block that public IPv6 addresses come from. Outside it lie loopback, unique and link-local addresses,
// NAT64, and IPv4 mapped into IPv6, which would lead to an IPv4 address past its own check.
const globalUnicast = new BlockList();
globalUnicast.addSubnet('2000::', 3, 'ipv6');
for (const [network, prefix] of [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const) {
  forbidden.addSubnet(network, prefix, 'ipv6');
}

/** Whether an IP address is one that the public internet routes. IPv4 inside IPv6, however written, is not. */
export function isPublicAddress(address: string): boolean {
  switch (isIP(address)) {
    case 4:
      return !forbidden.check(address, 'ipv4');
    case 6:
      // An address with a zone belongs to one link of this machine.
      return (
        !address.includes('%') && globalUnicast.check(address, 'ipv6') && !forbidden.check(address, 'ipv6')
      );
    default:
      return false;
  }
}

/** A name that leads into a private network. The message is one line that names it. */
export class AddressNotPublicError extends Error {}

/** A resolver that refuses a name unless every address it has is public: the check and the use are one answer. */
export const lookupPublic: LookupFunction = (hostname, options, callback) => {
  resolve(hostname, { ...options, all: true }, (error, addresses) => {
    if (error !== null) {
      callback(error, '', 0);
      return;
    }
    const [first] = addresses;
    if (first === undefined || addresses.some(({ address }) => !isPublicAddress(address))) {
      callback(new AddressNotPublicError(`${hostname} resolves to an address that is not public`), '', 0);
      return;
    }
    if (options.all === true) callback(null, addresses);
    else callback(null, first.address, first.family);
  });
};

/** What is wrong with a merchant's URL in production, as a sentence; `null` when nothing is. NOT-04. */
export function complaintAboutMerchantUrl(text: string): string | null {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return 'is not a URL';
  }
  if (url.protocol !== 'https:') return 'must begin with https://';
  if (url.username !== '' || url.password !== '') return 'must not carry a user name or password';
  // A trailing dot says that a name is whole; it names the same host.
  const host = url.hostname.replace(/^\[|\]$|\.$/g, '');
  if (isIP(host) !== 0 && !isPublicAddress(host)) return 'must not lead to a private address';
  if (host === 'localhost' || host.endsWith('.localhost')) return 'must not lead to this machine';
  return null;
}
