import { randomFillSync } from 'node:crypto';
import type { Entropy } from '../ports/entropy.ts';

/** Randomness from the operating system, fetched in blocks: one call serves hundreds of ids. */
export function createEntropy(): Entropy {
  const block = new Uint8Array(4_096);
  let used = block.length;
  return {
    bytes(length) {
      if (length > block.length) throw new RangeError(`${length} random bytes are more than a block`);
      if (used + length > block.length) {
        randomFillSync(block);
        used = 0;
      }
      const bytes = block.slice(used, used + length);
      block.fill(0, used, used + length);
      used += length;
      return bytes;
    },
  };
}
