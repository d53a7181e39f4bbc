import { expect } from 'vitest';
import { newStrayCancel, type StrayCancel } from '../../src/domain/stray-cancel.ts';
import type { WalletName } from '../../src/domain/wallets.ts';
import { claimedIds, type JournalUnderTest, longLeaseMs } from './journal-under-test.ts';

type Case = (under: JournalUnderTest) => Promise<void>;

const requestId = 'P0000000000000000000000000000000';

async function stray(
  under: JournalUnderTest,
  wallet: WalletName = 'alipay_open',
  merchantId = 'M0001',
): Promise<StrayCancel> {
  return newStrayCancel({ merchantId, requestId, wallet, account: 'sandbox' }, await under.now());
}

async function held(under: JournalUnderTest): Promise<StrayCancel> {
  const [cancel] = await under.journal.holdCancelOfRequest('M0001', requestId, [await stray(under)]);
  if (cancel === undefined) throw new Error('the cancel was not held');
  return cancel;
}

/** Held cancels of unknown upstream ids, on their way to the merchant's accounts. Money case 10. */
export const strayCancelContract: { readonly [name: string]: Case } = {
  // proves CAN-02
  'a cancel of an unknown upstream id is held once, whoever repeats it, and what stands of it is found':
    async (under) => {
      const cancels = [await stray(under, 'alipay_plus'), await stray(under)];
      const ids = cancels.map(({ id }) => id).sort();
      const first = await under.journal.holdCancelOfRequest('M0001', requestId, cancels);
      expect(first.map(({ id }) => id)).toEqual(ids);
      const [moved] = first;
      if (moved === undefined) throw new Error('nothing was held');
      const recorded = await under.journal.recordStrayCancel(moved, { ...moved, tries: 3 });
      const again = await under.journal.holdCancelOfRequest('M0001', requestId, cancels);
      expect(again).toEqual([recorded, first[1]]);
      expect(await under.journal.holdCancelOfRequest('M0002', requestId, [])).toEqual([]);
    },

  'a held cancel without an account to send it to is kept': async (under) => {
    expect(await under.journal.holdCancelOfRequest('M0001', requestId, [])).toEqual([]);
    expect(await claimedIds(under)).toEqual([]);
  },

  // proves CAN-01, CAN-05
  'its step is due at once, in the lanes of its merchant and account, and is claimed by one': async (
    under,
  ) => {
    const cancel = await held(under);
    const [rows, others] = await Promise.all([
      under.due.claimDue(5, longLeaseMs),
      under.due.claimDue(5, longLeaseMs),
    ]);
    expect([...rows, ...others]).toEqual([
      {
        kind: 'stray_cancel',
        cancel,
        lanes: ['merchant M0001 at alipay_open/sandbox', 'account alipay_open/sandbox'],
      },
    ]);
  },

  'what is recorded is found whole, one version on, and by the first writer alone': async (under) => {
    const before = await held(under);
    await under.pass(2);
    const now = await under.now();
    const after: StrayCancel = {
      ...before,
      amount: { currency: 'CNY', minor: 12_345n },
      state: 'cancelled_provisionally',
      reversal: {
        state: 'refunding',
        by: 'merchant',
        refundInstead: true,
        refundIdsSpent: 2,
        refundIdDoubted: true,
      },
      knownToWallet: true,
      paidEvidence: true,
      walletTransactionId: '2026011522001400000000000001',
      nextStep: { action: 'inquire_refund', dueAt: new Date(now.getTime() + 60_000) },
      tries: 4,
      attention: { reason: 'refund_unresolved', since: now },
    };
    const recorded = await under.journal.recordStrayCancel(before, after);
    expect(recorded).toEqual({ ...after, version: 2, updatedAt: expect.any(Date) });
    expect(recorded?.updatedAt.getTime()).toBeGreaterThan(before.updatedAt.getTime());
    expect(await under.journal.findStrayCancel('M0001', before.id)).toEqual(recorded);
    expect(await under.journal.findStrayCancel('M0002', before.id)).toBeNull();
    expect(await under.journal.recordStrayCancel(before, after)).toBeNull();
    expect(await under.due.nextDueAt()).toEqual(after.nextStep?.dueAt);
  },

  'one that has ended waits no more': async (under) => {
    const before = await held(under);
    const after: StrayCancel = {
      ...before,
      state: 'cancelled',
      reversal: { ...before.reversal, state: 'effected' },
      cancelledBy: 'cancel',
      nextStep: null,
    };
    await under.journal.recordStrayCancel(before, after);
    expect(await under.due.nextDueAt()).toBeNull();
    expect(await under.due.bringForward('stray_cancel', 'M0001', before.id)).toBe(false);
  },

  // proves CAN-01
  'it waits for its account, is released with the rest, and can be put off': async (under) => {
    const cancel = await held(under);
    expect(await claimedIds(under)).toEqual([cancel.id]);
    const now = await under.now();
    const dueAt = new Date(now.getTime() + 60_000);
    const { id, merchantId, version, wallet, account } = cancel;
    const windowEndsAt = new Date(now.getTime() + 3_600_000);
    await under.due.hold({
      kind: 'stray_cancel',
      merchantId,
      id,
      version,
      wallet,
      account,
      dueAt,
      windowEndsAt,
    });
    expect(await claimedIds(under)).toEqual([]);
    expect(await under.due.releaseHeld('alipay_open', 'other', 5)).toBe(0);
    expect(await under.due.releaseHeld('alipay_open', 'sandbox', 5)).toBe(1);
    const [released] = await under.due.claimDue(5, longLeaseMs);
    expect(released).toMatchObject({ kind: 'stray_cancel', cancel: { id, version } });
    const standing = await under.journal.findStrayCancel(merchantId, id);
    if (standing === null) throw new Error('the cancel is gone');
    await under.due.postponeStrayCancel(standing, dueAt);
    expect(await claimedIds(under)).toEqual([]);
    expect(await under.due.nextDueAt()).toEqual(dueAt);
    expect(await under.due.bringForward('stray_cancel', merchantId, id)).toBe(true);
    expect(await claimedIds(under)).toEqual([id]);
  },
};
