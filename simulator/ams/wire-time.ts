/** Times that AMS writes: ISO 8601, whole seconds, with the offset of China. */

const offsetMs = 8 * 3_600_000;
const dayMs = 86_400_000;

export function printWireTime(atMs: number): string {
  return `${new Date(atMs + offsetMs).toISOString().slice(0, 19)}+08:00`;
}

const isoTime = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?(Z|[+-]\d{2}:?\d{2})$/;

/** Milliseconds since the epoch, or `null` when the text is no date and time with an offset. */
export function parseWireTime(text: string): number | null {
  const match = isoTime.exec(text);
  if (match === null) return null;
  const [, year, month, day, hour, minute, second, fraction = '', zone = 'Z'] = match;
  const local = `${year}-${month}-${day}T${hour}:${minute}:${second}`;
  const atUtcMs = Date.parse(`${local}Z`);
  // 30 February is read as 2 March.
  if (Number.isNaN(atUtcMs) || !new Date(atUtcMs).toISOString().startsWith(local)) return null;
  const [, sign, hours = '0', minutes = '0'] = /^([+-])(\d{2}):?(\d{2})$/.exec(zone) ?? [];
  const zoneMs = (Number(hours) * 60 + Number(minutes)) * 60_000 * (sign === '-' ? -1 : 1);
  return atUtcMs - zoneMs + Math.floor(Number(`0.${fraction || '0'}`) * 1000);
}

/** 00:15 in China on the day after: the usual end of what can be cancelled. */
export function usualCancelEnd(paidAtMs: number): number {
  const startOfDay = Math.floor((paidAtMs + offsetMs) / dayMs) * dayMs - offsetMs;
  return startOfDay + dayMs + 15 * 60_000;
}

export function startOfDayInChina(atMs: number): number {
  return Math.floor((atMs + offsetMs) / dayMs) * dayMs - offsetMs;
}

/** `20260115102030` in China: how the wallet's own ids begin. */
export function printCompactTime(atMs: number): string {
  return new Date(atMs + offsetMs).toISOString().slice(0, 19).replace(/[-T:]/g, '');
}
