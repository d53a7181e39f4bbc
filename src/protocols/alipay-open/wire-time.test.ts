import fc from 'fast-check';
import { expect, it } from 'vitest';
import { printWireTime, readWireTime } from './wire-time.ts';

it('wire time is UTC+8, whatever the time zone of the process is', () => {
  const zone = process.env['TZ'];
  try {
    for (const tz of ['UTC', 'America/New_York', 'Asia/Shanghai', 'Pacific/Kiritimati']) {
      process.env['TZ'] = tz;
      expect(printWireTime(new Date('2026-01-15T02:20:30.999Z'))).toBe('2026-01-15 10:20:30');
      expect(printWireTime(new Date('2025-12-31T16:00:00Z'))).toBe('2026-01-01 00:00:00');
      expect(readWireTime('2026-01-01 00:00:00')?.toISOString()).toBe('2025-12-31T16:00:00.000Z');
    }
  } finally {
    if (zone === undefined) delete process.env['TZ'];
    else process.env['TZ'] = zone;
  }
});

it('milliseconds may follow the seconds', () => {
  expect(readWireTime('2026-01-15 10:20:40.123')?.toISOString()).toBe('2026-01-15T02:20:40.123Z');
});

it('what is no time of the calendar is no time', () => {
  for (const text of [
    '',
    '2026-02-30 00:00:00',
    '2026-01-15',
    '2026-01-15T10:20:30',
    '2026-01-15 24:00:00',
    'x',
  ]) {
    expect(readWireTime(text)).toBeNull();
  }
});

it('every second that is printed is read back', () => {
  fc.assert(
    fc.property(
      fc.date({ min: new Date('1990-01-01'), max: new Date('2100-01-01'), noInvalidDate: true }),
      (instant) => {
        const second = Math.floor(instant.getTime() / 1000) * 1000;
        expect(readWireTime(printWireTime(instant))?.getTime()).toBe(second);
      },
    ),
  );
});
