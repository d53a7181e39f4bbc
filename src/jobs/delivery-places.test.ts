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

function taken(count: number, deliveries: readonly Delivery[]): number {
  const places = createDeliveryPlaces(count, endpointPolicy);
  return deliveries.filter((delivery) => places.take(delivery)).length;
}

const many = (delivery: (number: number) => Delivery): Delivery[] =>
  Array.from({ length: 100 }, (_, number) => delivery(number));

// proves NOT-03
test.each([
  ['one endpoint has half of the places at most', 16, 8, many(() => deliveryTo('https://slow.example/'))],
  ['one that fails has an eighth', 16, 2, many(() => deliveryTo('https://dead.example/', 5))],
  [
    'all that fail have half of them together',
    16,
    8,
    many((number) => deliveryTo(`https://dead${number}.example/`, 5)),
  ],
  [
    'the same URL of two merchants is two endpoints',
    16,
    16,
    many((number) => deliveryTo('https://shared.example/', 0, `M000${number % 2}`)),
  ],
  ['one place is given to whoever comes', 1, 1, [deliveryTo('https://dead.example/', 5)]],
] as const)('%s', (_, count, given, deliveries) => {
  expect(taken(count, deliveries)).toBe(given);
});

test('a place that is given back is taken by the next', () => {
  const places = createDeliveryPlaces(16, endpointPolicy);
  const dead = deliveryTo('https://dead.example/', 5);
  expect([places.take(dead), places.take(dead), places.take(dead)]).toEqual([true, true, false]);
  places.giveBack(dead);
  expect([places.take(dead), places.take(dead)]).toEqual([true, false]);
});
