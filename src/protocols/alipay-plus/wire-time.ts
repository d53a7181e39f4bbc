const pattern = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))? ?(?:Z|([+-])(\d{2}):?(\d{2}))$/;

/**
 * A time in any of the forms that AMS, its libraries and its samples write: milliseconds since 1970; ISO 8601 with or
 * without a fraction, its offset with or without a colon or as `Z`, and a space where others have a `T` or nothing.
 * Finer than a millisecond is cut off. `null` for anything else, a time without offset included.
 *
 * For times inside bodies. The time in a header is text, and is verified as text.
 */
export function readWireTime(text: string): Date | null {
  if (/^\d{13}$/.test(text)) return new Date(Number(text));
  const match = pattern.exec(text);
  if (match === null) return null;
  const [, day = '', clock = '', fraction = '', sign, hours = '00', minutes = '00'] = match;
  const local = new Date(`${day}T${clock}Z`);
  if (Number.isNaN(local.getTime()) || local.toISOString().slice(0, 19) !== `${day}T${clock}`) return null;
  if (Number(hours) > 18 || Number(minutes) > 59) return null;
  const offsetMs = (Number(hours) * 60 + Number(minutes)) * (sign === '-' ? -60_000 : 60_000);
  return new Date(local.getTime() - offsetMs + Number(fraction.slice(0, 3).padEnd(3, '0')));
}

/** ISO 8601 in whole seconds in UTC+8, `2023-06-01T14:12:14+08:00`; fractions of a second are cut off. */
export function printWireTime(instant: Date): string {
  return `${new Date(instant.getTime() + 8 * 3_600_000).toISOString().slice(0, 19)}+08:00`;
}

/** The form of `request-time` that the vendor's present pages and libraries use. */
export function printEpochMs(instant: Date): string {
  return String(instant.getTime());
}
