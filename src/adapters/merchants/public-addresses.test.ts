import type { LookupAddress } from 'node:dns';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import {
  AddressNotPublicError,
  complaintAboutMerchantUrl,
  isPublicAddress,
  lookupPublic,
} from './public-addresses.ts';

/** What the resolver answers, one answer a look-up. */
const { answers, asked } = vi.hoisted(() => ({
  answers: [] as (readonly string[] | Error)[],
  asked: [] as string[],
}));
vi.mock('node:dns', () => ({
  lookup(
    hostname: string,
    options: { readonly all: true },
    callback: (error: Error | null, addresses: LookupAddress[]) => void,
  ) {
    expect(options.all).toBe(true);
    asked.push(hostname);
    const answer = answers.shift() ?? [];
    if (answer instanceof Error) callback(answer, []);
    else {
      const family = (address: string) => (address.includes(':') ? 6 : 4);
      callback(
        null,
        answer.map((address) => ({ address, family: family(address) })),
      );
    }
  },
}));
beforeEach(() => {
  answers.length = 0;
  asked.length = 0;
});

// proves NOT-04
describe('addresses that a merchant’s URL must not lead to', () => {
  it.each([
    ['0.0.0.0', 'this network'],
    ['0.255.255.255', 'this network'],
    ['10.0.0.0', 'private'],
    ['10.255.255.255', 'private'],
    ['100.64.0.0', 'carrier-grade NAT'],
    ['100.100.100.200', 'a cloud’s metadata'],
    ['100.127.255.255', 'carrier-grade NAT'],
    ['127.0.0.1', 'loopback'],
    ['127.255.255.254', 'loopback'],
    ['169.254.0.1', 'link-local'],
    ['169.254.169.254', 'a cloud’s metadata'],
    ['172.16.0.0', 'private'],
    ['172.31.255.255', 'private'],
    ['192.0.0.1', 'protocol assignments'],
    ['192.0.2.1', 'documentation'],
    ['192.88.99.1', '6to4 relay'],
    ['192.168.0.1', 'private'],
    ['192.168.255.255', 'private'],
    ['198.18.0.0', 'benchmarking'],
    ['198.19.255.255', 'benchmarking'],
    ['198.51.100.1', 'documentation'],
    ['203.0.113.1', 'documentation'],
    ['224.0.0.1', 'multicast'],
    ['239.255.255.255', 'multicast'],
    ['240.0.0.1', 'reserved'],
    ['255.255.255.255', 'broadcast'],
  ])('%s (%s)', (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });

  it.each([
    ['::', 'unspecified'],
    ['::1', 'loopback'],
    ['0:0:0:0:0:0:0:1', 'loopback'],
    ['::127.0.0.1', 'IPv4-compatible'],
    ['::7f00:1', 'IPv4-compatible'],
    ['::ffff:127.0.0.1', 'IPv4-mapped'],
    ['::FFFF:127.0.0.1', 'IPv4-mapped'],
    ['::ffff:7f00:1', 'IPv4-mapped'],
    ['::ffff:7F00:0001', 'IPv4-mapped'],
    ['0:0:0:0:0:ffff:127.0.0.1', 'IPv4-mapped'],
    ['0:0:0:0:0:ffff:7f00:1', 'IPv4-mapped'],
    ['0000:0000:0000:0000:0000:ffff:0a00:0001', 'IPv4-mapped'],
    ['::0:ffff:192.168.1.1', 'IPv4-mapped'],
    ['::ffff:8.8.8.8', 'IPv4-mapped, public or not'],
    ['::ffff:0:7f00:1', 'IPv4-translated'],
    ['64:ff9b::7f00:1', 'NAT64'],
    ['64:ff9b::127.0.0.1', 'NAT64'],
    ['64:ff9b:1::a00:1', 'local NAT64'],
    ['100::1', 'discard'],
    ['2001::1', 'Teredo'],
    ['2001:0:7f00:1::', 'Teredo'],
    ['2001:1ff:ffff::1', 'protocol assignments'],
    ['2001:db8::1', 'documentation'],
    ['2002:7f00:1::', '6to4'],
    ['2002:a00:1::1', '6to4'],
    ['3fff::1', 'documentation'],
    ['4000::1', 'not assigned'],
    ['5f00::1', 'segment routing'],
    ['fc00::1', 'unique local'],
    ['fd00:ec2::254', 'a cloud’s metadata'],
    ['fdff:ffff::1', 'unique local'],
    ['fe80::1', 'link-local'],
    ['fe80::1%eth0', 'link-local with its zone'],
    ['2606:4700::1111%eth0', 'any address with a zone'],
    ['febf::1', 'link-local'],
    ['fec0::1', 'site-local'],
    ['ff02::1', 'multicast'],
    ['ffff::1', 'multicast'],
  ])('%s (%s)', (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });

  it.each(['', 'localhost', '127.1', '0x7f000001', '127.0.0.1:80', '[::1]', '1.2.3.4.5', '::g'])(
    'what is no address is not public: %j',
    (text) => {
      expect(isPublicAddress(text)).toBe(false);
    },
  );

  it.each([
    '1.1.1.1',
    '8.8.8.8',
    '9.255.255.255',
    '11.0.0.0',
    '100.63.255.255',
    '100.128.0.0',
    '126.255.255.255',
    '128.0.0.1',
    '172.15.255.255',
    '172.32.0.0',
    '192.167.255.255',
    '192.169.0.0',
    '198.17.255.255',
    '198.20.0.0',
    '223.255.255.255',
    '2001:200::1',
    '2001:4860:4860::8888',
    '2003::1',
    '2400:3200::1',
    '2606:4700:4700:0:0:0:0:1111',
    '3ffe:ffff::1',
  ])('%s is public', (address) => {
    expect(isPublicAddress(address)).toBe(true);
  });
});

// proves NOT-04
describe('what is wrong with a merchant’s URL in production', () => {
  it.each([
    ['not a url', 'is not a URL'],
    ['/hook', 'is not a URL'],
    ['https://', 'is not a URL'],
    ['https://[fe80::1%25eth0]/hook', 'is not a URL'],
    ['http://merchant.example/hook', 'must begin with https://'],
    ['ftp://merchant.example/hook', 'must begin with https://'],
    ['file:///etc/passwd', 'must begin with https://'],
    ['javascript:alert(1)', 'must begin with https://'],
    ['https://user@merchant.example/', 'must not carry a user name or password'],
    ['https://user:secret@merchant.example/', 'must not carry a user name or password'],
    ['https://127.0.0.1/', 'must not lead to a private address'],
    ['https://127.0.0.1./', 'must not lead to a private address'],
    ['https://127.1/', 'must not lead to a private address'],
    ['https://0/', 'must not lead to a private address'],
    ['https://2130706433/', 'must not lead to a private address'],
    ['https://0x7f000001/', 'must not lead to a private address'],
    ['https://0x7f.1/', 'must not lead to a private address'],
    ['https://0177.0.0.1/', 'must not lead to a private address'],
    ['https://00000177.0000.0.01/', 'must not lead to a private address'],
    ['https://１２７.０.０.１/', 'must not lead to a private address'],
    ['https://%31%32%37.0.0.1/', 'must not lead to a private address'],
    ['https://10.1.2.3:8443/', 'must not lead to a private address'],
    ['https://169.254.169.254/latest/meta-data', 'must not lead to a private address'],
    ['https://[::]/', 'must not lead to a private address'],
    ['https://[::1]:8443/', 'must not lead to a private address'],
    ['https://[0:0:0:0:0:0:0:1]/', 'must not lead to a private address'],
    ['https://[::127.0.0.1]/', 'must not lead to a private address'],
    ['https://[::ffff:127.0.0.1]/', 'must not lead to a private address'],
    ['https://[::FFFF:7F00:1]/', 'must not lead to a private address'],
    ['https://[64:ff9b::10.0.0.1]/', 'must not lead to a private address'],
    ['https://[2002:7f00:1::]/', 'must not lead to a private address'],
    ['https://[fd00::1]/', 'must not lead to a private address'],
    ['https://localhost/', 'must not lead to this machine'],
    ['https://LOCALHOST:8443/', 'must not lead to this machine'],
    ['https://localhost./', 'must not lead to this machine'],
    ['https://%6cocalhost/', 'must not lead to this machine'],
    ['https://till.localhost/', 'must not lead to this machine'],
    ['https://till.localhost./', 'must not lead to this machine'],
  ])('%s %s', (url, complaint) => {
    expect(complaintAboutMerchantUrl(url)).toBe(complaint);
  });

  it.each([
    'https://merchant.example/hook',
    'https://merchant.example:8443/hook?till=7',
    'https://商户.example/通知',
    'https://localhost.merchant.example/',
    'https://8.8.8.8/',
    'https://[2606:4700:4700::1111]/',
  ])('nothing: %s', (url) => {
    expect(complaintAboutMerchantUrl(url)).toBeNull();
  });
});

/** One look-up, as a connection makes it. */
function lookedUp(hostname: string, all: boolean): Promise<string | LookupAddress[]> {
  return new Promise((resolve, reject) => {
    lookupPublic(hostname, { all }, (error, address) => {
      if (error === null) resolve(address);
      else reject(error);
    });
  });
}

// proves NOT-04
describe('the resolver of merchants’ names', () => {
  it('hands out what it has checked, of one answer', async () => {
    answers.push(['93.184.216.34', '2606:4700::1111'], ['127.0.0.1']);
    expect(await lookedUp('merchant.example', true)).toEqual([
      { address: '93.184.216.34', family: 4 },
      { address: '2606:4700::1111', family: 6 },
    ]);
    expect(asked).toEqual(['merchant.example']);
  });

  it('hands out the first address to whoever wants only one', async () => {
    answers.push(['93.184.216.34', '2606:4700::1111']);
    expect(await lookedUp('merchant.example', false)).toBe('93.184.216.34');
  });

  it('a name that is bound to another address later is checked again', async () => {
    answers.push(['93.184.216.34'], ['127.0.0.1']);
    await lookedUp('rebinding.example', true);
    await expect(lookedUp('rebinding.example', true)).rejects.toThrow(AddressNotPublicError);
  });

  it.each([
    [['127.0.0.1']],
    [['::1']],
    [['93.184.216.34', '10.0.0.1']],
    [['::ffff:10.0.0.1', '93.184.216.34']],
    [['fe80::1%eth0']],
    [[]],
  ])('one private address among %j refuses the name', async (addresses) => {
    answers.push(addresses, addresses);
    const refusal = 'inside.example resolves to an address that is not public';
    await expect(lookedUp('inside.example', true)).rejects.toThrow(refusal);
    await expect(lookedUp('inside.example', false)).rejects.toThrow(refusal);
  });

  it('a name that does not resolve stays that', async () => {
    answers.push(Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' }));
    await expect(lookedUp('nowhere.example', true)).rejects.toMatchObject({ code: 'ENOTFOUND' });
  });
});
