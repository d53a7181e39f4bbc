/** Chance that a seed repeats exactly. Nothing in a run takes chance from anywhere else. */
export interface Random {
  /** From 0 up to, not including, 1. */
  fraction(): number;
  /** An integer from `min` to `max`, both included. */
  integer(min: number, max: number): number;
  /** True with this probability. A probability of 0 takes no chance at all. */
  chance(probability: number): boolean;
  /** An integer whose logarithm is even: as often from 10 to 100 as from 100 to 1000. `min` ≥ 1. */
  magnitude(min: number, max: number): number;
  pick<Value>(values: readonly [Value, ...Value[]]): Value;
  bytes(length: number): Uint8Array;
}

/** sfc32 by Chris Doty-Humphrey, its state filled from the seed by splitmix32. */
export function createRandom(seed: number): Random {
  let filling = seed | 0;
  const fill = (): number => {
    filling = (filling + 0x9e3779b9) | 0;
    let mixed = filling ^ (filling >>> 16);
    mixed = Math.imul(mixed, 0x21f0aaad);
    mixed ^= mixed >>> 15;
    mixed = Math.imul(mixed, 0x735a2d97);
    return mixed ^ (mixed >>> 15);
  };
  let a = fill();
  let b = fill();
  let c = fill();
  let counter = 1;
  const next = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    return sum >>> 0;
  };
  for (let round = 0; round < 12; round += 1) next();

  const fraction = (): number => next() / 4_294_967_296;
  const integer = (min: number, max: number): number => min + Math.floor(fraction() * (max - min + 1));
  return {
    fraction,
    integer,
    chance: (probability) => probability > 0 && fraction() < probability,
    magnitude: (min, max) => Math.round(min * Math.exp(fraction() * Math.log(max / min))),
    pick: (values) => values[integer(0, values.length - 1)] ?? values[0],
    bytes: (length) => Uint8Array.from({ length }, () => next() >>> 24),
  };
}
