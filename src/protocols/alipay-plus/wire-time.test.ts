import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { printEpochMs, printWireTime, readWireTime } from './wire-time.ts';

describe('a time is read in every form that is seen', () => {
  it.each([
    ['1685599933871', '2023-06-01T06:12:13.871Z'],
    ['2019-05-28T12:12:12+08:00', '2019-05-28T04:12:12.000Z'],
    ['2019-07-12T12:08:56.253+05:30', '2019-07-12T06:38:56.253Z'],
    ['2020-06-11T13:35:02+08:00', '2020-06-11T05:35:02.000Z'],
    ['2020-06-11T13:35:02Z', '2020-06-11T13:35:02.000Z'],
    ['2026-01-02T03:04:05+00:00', '2026-01-02T03:04:05.000Z'],
    ['2026-01-02T03:04:05+0000', '2026-01-02T03:04:05.000Z'],
    ['2026-01-02T03:04:05.1234567Z', '2026-01-02T03:04:05.123Z'],
    ['2019-04-04T14:08:56+05:30', '2019-04-04T08:38:56.000Z'],
    ['2020-01-01 12:01:01 +08:30', '2020-01-01T03:31:01.000Z'],
    ['2020-01-01T12:01:00+08:30', '2020-01-01T03:31:00.000Z'],
    ['2023-06-01T00:00:00.5-03:00', '2023-06-01T03:00:00.500Z'],
  ])('%s', (text, instant) => {
    expect(readWireTime(text)?.toISOString()).toBe(instant);
  });

  it.each([
    '',
    'soon',
    '1685599933',
    '16855999338711',
    '2023-06-01',
    '2023-06-01T14:12:14',
    '2023-02-29T14:12:14Z',
    '2023-06-01T24:00:00Z',
    '2023-06-01T14:12:60Z',
    '2023-06-01T14:12:14+19:00',
    '2023-06-01T14:12:14+08:60',
    '2023-06-01T14:12:14  +08:00',
    '2023-06-01T14:12:14.+08:00',
    '٢023-06-01T14:12:14Z',
  ])('but not %s', (text) => {
    expect(readWireTime(text)).toBeNull();
  });
});

it('what is printed is read back', () => {
  fc.assert(
    fc.property(
      fc.date({ min: new Date('2001-09-10'), max: new Date('2100-01-01'), noInvalidDate: true }),
      (instant) => {
        expect(readWireTime(printEpochMs(instant))).toEqual(instant);
        const second = Math.floor(instant.getTime() / 1000) * 1000;
        expect(readWireTime(printWireTime(instant))?.getTime()).toBe(second);
        expect(printWireTime(instant)).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+08:00$/);
      },
    ),
  );
  expect(printWireTime(new Date('2023-06-01T06:12:14.999Z'))).toBe('2023-06-01T14:12:14+08:00');
});
