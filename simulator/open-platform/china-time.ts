/** Times on the wire are China Standard Time, UTC+8 without daylight saving, whole seconds. */

const offsetMs = 8 * 3_600_000;
const dayMs = 86_400_000;
const wireTime = /^(\d{4})-(\d{2})-(\d{2}) (\d{2}):(\d{2})(?::(\d{2}))?$/;

export function printChinaTime(atMs: number): string {
  return new Date(atMs + offsetMs).toISOString().slice(0, 19).replace('T', ' ');
}

/** Milliseconds since the epoch, or `null` when the text is no such time (`2026-02-30`, a missing part). Seconds may be left out. */
export function parseChinaTime(text: string): number | null {
  const match = wireTime.exec(text);
  if (match === null) return null;
  const atMs =
    Date.parse(`${text.slice(0, 10)}T${text.slice(11)}${match[6] === undefined ? ':00' : ''}Z`) - offsetMs;
  if (Number.isNaN(atMs)) return null;
  return printChinaTime(atMs).startsWith(text) ? atMs : null;
}

export function startOfChinaDay(atMs: number): number {
  return Math.floor((atMs + offsetMs) / dayMs) * dayMs - offsetMs;
}

export function nextChinaMidnight(atMs: number): number {
  return startOfChinaDay(atMs) + dayMs;
}
