import { describe, expect, test } from 'vitest';
import { endpointPolicy, type FailingEndpoint, mustBeDisabled, standingOf } from './endpoint.ts';

const day = 24 * 60 * 60_000;
const now = new Date('2026-03-10T04:00:00Z');

function failing(sinceMs: number, failures: number, disabledAt: Date | null = null): FailingEndpoint {
  return {
    merchantId: 'M0001',
    url: 'https://merchant.example/notify',
    failingSince: new Date(now.getTime() - sinceMs),
    failures,
    lastFailure: 'the endpoint answered 503',
    disabledAt,
  };
}

// proves NOT-03
describe('an endpoint that fails', () => {
  test.each([
    ['for five days, by twenty tries', 5 * day, 20, true],
    ['for a little less than five days, however often', 5 * day - 1, 10_000, false],
    ['for a month, by nineteen tries', 30 * day, 19, false],
    ['for the first time', 0, 1, false],
  ])('%s', (_, sinceMs, failures, disabled) => {
    expect(mustBeDisabled(failing(sinceMs, failures), endpointPolicy, now)).toBe(disabled);
  });

  test('is disabled once', () => {
    expect(mustBeDisabled(failing(6 * day, 30, now), endpointPolicy, now)).toBe(false);
  });

  test('is treated like any other until it has failed five times in a row', () => {
    expect(standingOf(null, endpointPolicy)).toBe('sound');
    expect(standingOf(failing(0, 4), endpointPolicy)).toBe('sound');
    expect(standingOf(failing(0, 5), endpointPolicy)).toBe('failing');
    expect(standingOf(failing(6 * day, 30, now), endpointPolicy)).toBe('disabled');
  });
});
