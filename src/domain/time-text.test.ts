import fc from 'fast-check';
import { expect, test } from 'vitest';
import { timeOfText, timeText } from './time-text.ts';

test.each([
  [0, '0s'],
  [1, '1ms'],
  [1_500, '1500ms'],
  [15_000, '15s'],
  [60_000, '1m'],
  [90_000, '90s'],
  [7_200_000, '2h'],
  [86_400_000, '24h'],
  [15 * 86_400_000, '15d'],
])('%d ms is written %s', (ms, text) => {
  expect(timeText(ms)).toBe(text);
});

test('what was written is read back', () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: 900_000_000 }), (ms) => timeOfText(timeText(ms)) === ms));
});

test.each(['', '15', '15 s', '1.5s', '-1s', '15S', 's', '15s ', '1e3s', '0x5s', '1234567890s', '5min'])(
  '"%s" is no time',
  (text) => {
    expect(timeOfText(text)).toBeNull();
  },
);
