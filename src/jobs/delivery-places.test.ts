import { expect, test } from 'vitest';
import type { Delivery } from '../domain/delivery.ts';
import { endpointPolicy, type FailingEndpoint } from '../domain/endpoint.ts';
import { createDeliveryPlaces } from './delivery-places.ts';

const at = new Date('2026-03-10T04:00:00Z');

function deliveryTo(url: string, failures = 0, merchantId = 'M0001'): Delivery {
  const endpoint: FailingEndpoint = {
    merchantId,
    url,
    failingSince: at,
    failures,
    lastFailure: 'no answer',
    disabledAt: null,
  };
  return {
    merchantId,
    id: 'evt_1',
    type: 'payment.succeeded',
    subject: 'payment',
    subjectId: 'pay_1',
    paymentId: 'pay_1',
    url,
    tries: 0,
    createdAt: at,
    endpoint: failures === 0 ? null : endpoint,
  };
}

/** How many of these may be tried at once, when the last try of each endpoint took `tookMs`; `null`: there was none. */
function taken(count: number, tookMs: number | null, deliveries: readonly Delivery[]): number {
  const places = createDeliveryPlaces(count, endpointPolicy);
  if (tookMs !== null) for (const delivery of deliveries) places.take(delivery)?.giveBack(tookMs);
  return deliveries.filter((delivery) => places.take(delivery) !== null).length;
}

const many = (delivery: (number: number) => Delivery): Delivery[] =>
  Array.from({ length: 100 }, (_, number) => delivery(number));

const one = many(() => deliveryTo('https://one.example/'));
const oneDead = many(() => deliveryTo('https://dead.example/', 5));
const allDead = many((number) => deliveryTo(`https://dead${number}.example/`, 5));
const all = many((number) => deliveryTo(`https://shop${number}.example/`));
const shared = many((number) => deliveryTo('https://shared.example/', 0, `M000${number % 2}`));
const byOrder = many((number) => deliveryTo(`https://one.example/hook?order=${number}`));
const byOrderDead = many((number) => deliveryTo(`https://dead.example/orders/${number}`, 5));

// proves NOT-03
test.each([
  ['a host that is told each order at another URL has half of them, not tried yet', 16, null, 8, byOrder],
  ['and half of them when it is slow', 16, 5_000, 8, byOrder],
  ['and an eighth when it fails', 16, 50, 2, byOrderDead],
  ['an endpoint that answers quickly has every place', 16, 50, 16, one],
  ['one that is slow has half of them', 16, 1_001, 8, one],
  ['one that was not tried yet has half of them', 16, null, 8, one],
  ['one that fails has an eighth, however quickly', 16, 50, 2, oneDead],
  ['all that fail have half of them together', 16, 50, 8, allDead],
  ['all that are slow have half of them together', 16, 5_000, 8, all],
  ['the same URL of two merchants is two endpoints', 16, null, 16, shared],
  ['one place is given to whoever comes', 1, 5_000, 1, oneDead],
] as const)('%s', (_, count, tookMs, given, deliveries) => {
  expect(taken(count, tookMs, deliveries)).toBe(given);
});

test('a place that is given back is taken by the next', () => {
  const places = createDeliveryPlaces(16, endpointPolicy);
  const dead = deliveryTo('https://dead.example/', 5);
  const place = places.take(dead);
  expect([places.take(dead) === null, places.take(dead) === null]).toEqual([false, true]);
  place?.giveBack(5_000);
  expect([places.take(dead) === null, places.take(dead) === null]).toEqual([false, true]);
});

test('an endpoint that is quick again gets its places back', () => {
  const places = createDeliveryPlaces(4, endpointPolicy);
  const shop = deliveryTo('https://shop.example/');
  places.take(shop)?.giveBack(3_000);
  expect(places.isHampered(shop)).toBe(true);
  places.take(shop)?.giveBack(20);
  expect(places.isHampered(shop)).toBe(false);
  expect(Array.from({ length: 5 }, () => places.take(shop) !== null)).toEqual([
    true,
    true,
    true,
    true,
    false,
  ]);
});

test('ten thousand hosts are remembered, those that were told something last', () => {
  const places = createDeliveryPlaces(4, endpointPolicy);
  const told = (host: number): void => places.take(deliveryTo(`https://shop${host}.example/`))?.giveBack(20);
  const placesOf = (host: number): number => {
    const held = many(() => deliveryTo(`https://shop${host}.example/`)).flatMap(
      (one) => places.take(one) ?? [],
    );
    for (const place of held) place.giveBack(20);
    return held.length;
  };
  for (let host = 0; host < 10_000; host += 1) told(host);
  told(0);
  told(10_000);
  // One that is not remembered has half of the places: who was told nothing for the longest time was forgotten.
  expect([placesOf(0), placesOf(1)]).toEqual([4, 2]);
});
