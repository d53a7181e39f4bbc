import { expect, test } from 'vitest';
import { createTestGateway } from './gateway.fixture.ts';

/** Whom the gateway takes a caller for, who connects from `from` and claims to speak for others. */
async function takenFor(trustedProxies: readonly string[] | undefined, from: string, forwardedFor: string) {
  const { app } = await createTestGateway(trustedProxies === undefined ? {} : { trustedProxies });
  app.get('/caller', async (request) => request.ip);
  const answer = await app.inject({
    url: '/caller',
    remoteAddress: from,
    headers: { 'x-forwarded-for': forwardedFor },
  });
  await app.close();
  return answer.body;
}

test.each([
  ['nobody is believed who was not named', undefined, '127.0.0.1', '192.0.2.1', '127.0.0.1'],
  ['nor where the list is empty', [], '127.0.0.1', '192.0.2.1', '127.0.0.1'],
  ['a proxy is', ['loopback'], '127.0.0.1', '192.0.2.1', '192.0.2.1'],
  ['a client that is no proxy is not', ['loopback'], '198.51.100.7', '192.0.2.1', '198.51.100.7'],
  [
    'a client’s own claim behind a proxy is not',
    ['loopback'],
    '127.0.0.1',
    '192.0.2.1, 198.51.100.7',
    '198.51.100.7',
  ],
  ['two proxies in a row are', ['loopback', '10.0.0.0/8'], '127.0.0.1', '192.0.2.1, 10.1.2.3', '192.0.2.1'],
  ['a proxy that connects by IPv6 is', ['fd00:1::/64'], 'fd00:1::9', '2001:db8::1', '2001:db8::1'],
] as const)('%s', async (_who, proxies, from, forwardedFor, address) => {
  expect(await takenFor(proxies, from, forwardedFor)).toBe(address);
});
