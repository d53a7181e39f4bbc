import { describe, expect, it } from 'vitest';
import type { Binding } from './merchant-options.ts';
import { type SourcedBinding, sourcedBindings, type UsualSource } from './merchant-sources.ts';

const ours = '2088000000000001';
const theirs = '2088000000000002';
const open: Binding = { wallet: 'alipay_open', currency: 'CNY', account: 'main', subMerchantId: '2088S' };
const plus: Binding = { wallet: 'alipay_plus', currency: 'USD', account: 'main', subMerchantId: 'M1' };

function sourced(
  wish: { readonly bindings?: readonly Binding[]; readonly source?: string },
  known: readonly SourcedBinding[],
  usual: UsualSource | null,
) {
  return sourcedBindings(
    { id: 'M1', bindings: wish.bindings ?? [], source: wish.source },
    known,
    () => usual,
  );
}

const usual = (pid: string): UsualSource => ({ pid, of: 'that of channel north' });

// proves ONB-02, ONB-10
describe('the source of a merchant’s wallets', () => {
  it('is by default whoever has brought the merchant, at wallets that ask for one', () => {
    expect(sourced({ bindings: [open, plus] }, [], usual(ours))).toEqual({
      bindings: [
        { ...open, source: ours },
        { ...plus, source: null },
      ],
      warnings: [],
    });
  });

  it('is taken as it is said, and another than the default is warned of', () => {
    expect(sourced({ bindings: [open], source: theirs }, [], usual(ours))).toEqual({
      bindings: [{ ...open, source: theirs }],
      warnings: [
        `the source of alipay_open CNY is ${theirs}, and that of channel north is ${ours}: \`--source ${ours}\` unless somebody else has brought the merchant`,
      ],
    });
    expect(sourced({ bindings: [open], source: ours }, [], usual(ours)).warnings).toEqual([]);
    expect(sourced({ bindings: [open], source: theirs }, [], null).warnings).toEqual([]);
  });

  it('is required of a wallet that is bound now', () => {
    expect(() => sourced({ bindings: [open] }, [], null)).toThrow(
      /^alipay_open CNY of merchant M1 has no source: say with --source whose PID has brought it/,
    );
    expect(sourced({ bindings: [plus] }, [], null).bindings).toEqual([{ ...plus, source: null }]);
  });

  it('stays as it was when a wallet is bound anew, and is warned of where it is not the default', () => {
    const known = [{ ...open, source: theirs }];
    const rebound = { ...open, account: 'second' };
    expect(sourced({ bindings: [rebound] }, known, usual(ours))).toEqual({
      bindings: [{ ...rebound, source: theirs }],
      warnings: [expect.stringContaining(theirs)],
    });
  });

  it('of a wallet that nobody speaks of is not touched, and is warned of after a move', () => {
    expect(sourced({}, [{ ...open, source: theirs }], usual(ours))).toEqual({
      bindings: [],
      warnings: [expect.stringContaining(theirs)],
    });
    expect(sourced({}, [{ ...open, source: null }], null)).toEqual({ bindings: [], warnings: [] });
  });

  it('is corrected for every wallet that asks for one', () => {
    const known = [
      { ...open, source: null },
      { ...plus, source: null },
    ];
    expect(sourced({ source: ours }, known, usual(ours))).toEqual({
      bindings: [{ ...open, source: ours }],
      warnings: [],
    });
  });

  it('is refused where no wallet asks for one', () => {
    expect(() => sourced({ source: ours, bindings: [plus] }, [], null)).toThrow(
      /merchant M1 has none of these: --bind it first/,
    );
  });
});
