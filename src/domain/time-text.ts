const units = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const unitNames = Object.keys(units).toReversed() as (keyof typeof units)[];

/** Milliseconds as people write them: `15s`, `5m`, `24h`. In the largest unit that leaves a whole number. */
export function timeText(ms: number): string {
  if (ms === 0) return '0s';
  // A day is told in hours, as everybody says it.
  const unit = unitNames.find((name) => ms % units[name] === 0 && (name !== 'd' || ms > units.d)) ?? 'ms';
  return `${ms / units[unit]}${unit}`;
}

/** Milliseconds of such a text; `null` when it is none, as without its unit. */
export function timeOfText(text: string): number | null {
  const [, digits = '', unit = ''] = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text) ?? [];
  if (digits === '') return null;
  return Number(digits) * units[unit as keyof typeof units];
}
