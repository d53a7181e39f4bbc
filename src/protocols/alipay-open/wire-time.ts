/** The Open Platform's clock: China Standard Time, UTC+8 all the year. */
const offsetMs = 8 * 3_600_000;

/** `yyyy-MM-dd HH:mm:ss` in UTC+8, whatever the process's own time zone is. Fractions of a second are cut off. */
export function printWireTime(instant: Date): string {
  return new Date(instant.getTime() + offsetMs).toISOString().slice(0, 19).replace('T', ' ');
}

/** Inverse of {@link printWireTime}; milliseconds may follow, as in `gmt_refund`. `null` for anything else. */
export function readWireTime(text: string): Date | null {
  const match = /^(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2})(\.\d{1,3})?$/.exec(text);
  if (match === null) return null;
  const instant = new Date(`${match[1]}T${match[2]}${match[3] ?? ''}+08:00`);
  if (Number.isNaN(instant.getTime()) || printWireTime(instant) !== `${match[1]} ${match[2]}`) return null;
  return instant;
}
