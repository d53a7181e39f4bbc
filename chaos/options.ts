import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';

/** What a run is asked for. */
export type Wanted =
  | {
      readonly kind: 'chaos';
      readonly minutes: number;
      readonly seed: number;
      /** Share of calls that each fault takes, 0 to 1. */
      readonly faultShare: number;
      /** Tills that sell at the same time. */
      readonly tills: number;
    }
  | { readonly kind: 'drain'; readonly cancels: number };

export const usage =
  'usage: chaos [--minutes M] [--seed S] [--faults PERCENT] [--tills N] | chaos --drain CANCELS';

/** `null` when the arguments make no sense. Minutes from 0.2 to 60, per cents from 0 to 20. */
export function readOptions(argv: readonly string[]): Wanted | null {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        minutes: { type: 'string' },
        seed: { type: 'string' },
        faults: { type: 'string' },
        tills: { type: 'string' },
        drain: { type: 'string' },
      },
    });
    const { drain, ...others } = values;
    if (drain !== undefined) {
      const cancels = numberIn(drain, 10, 100_000);
      return cancels === null || Object.keys(others).length > 0 ? null : { kind: 'drain', cancels };
    }
    const minutes = numberIn(values.minutes ?? '1', 0.2, 60);
    const seed = numberIn(values.seed ?? `${randomInt(1, 1_000_000)}`, 0, 999_999_999);
    const percent = numberIn(values.faults ?? '2', 0, 20);
    const tills = numberIn(values.tills ?? '32', 1, 200);
    if (minutes === null || seed === null || percent === null || tills === null) return null;
    return {
      kind: 'chaos',
      minutes,
      seed: Math.trunc(seed),
      faultShare: percent / 100,
      tills: Math.trunc(tills),
    };
  } catch {
    return null;
  }
}

function numberIn(text: string, min: number, max: number): number | null {
  const value = /^\d{1,9}(\.\d{1,4})?$/.test(text) ? Number(text) : Number.NaN;
  return value >= min && value <= max ? value : null;
}
