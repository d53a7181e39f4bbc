import { describe, expect, it } from 'vitest';
import { createEntropy } from './entropy.ts';

describe('entropy', () => {
  it('ids of many blocks are all different', () => {
    const entropy = createEntropy();
    const seen = new Set<string>();
    for (let made = 0; made < 5_000; made += 1) {
      seen.add(Buffer.from(entropy.bytes(13)).toString('hex'));
    }
    expect(seen.size).toBe(5_000);
  });

  it('as many bytes come as were asked for, also across the end of a block', () => {
    const entropy = createEntropy();
    for (const length of [0, 1, 4_095, 2, 4_096, 4_096, 4_000, 97]) {
      expect(entropy.bytes(length)).toHaveLength(length);
    }
  });

  it('no byte is handed out twice, and nobody can change what another was given', () => {
    const entropy = createEntropy();
    const first = entropy.bytes(32);
    const kept = Buffer.from(first);
    const second = entropy.bytes(32);
    second.fill(0);
    expect(Buffer.from(first)).toEqual(kept);
    expect(new Uint8Array(first.buffer)).toHaveLength(32);
  });

  it('bits are as often set as not', () => {
    const entropy = createEntropy();
    let set = 0;
    for (let made = 0; made < 1_000; made += 1) {
      for (const byte of entropy.bytes(100)) set += byte.toString(2).replaceAll('0', '').length;
    }
    // 800 000 bits: eight standard deviations either way.
    expect(Math.abs(set - 400_000)).toBeLessThan(8 * Math.sqrt(200_000));
  });

  it('more than a block at once is refused', () => {
    expect(() => createEntropy().bytes(4_097)).toThrow(RangeError);
  });
});
