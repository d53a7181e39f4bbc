import type { PaymentSnapshot, RefundSnapshot } from '../src/operations/snapshots.ts';

/** A payment or refund as the merchant was told of it, in one answer or message. */
export interface Told {
  readonly version: number;
  readonly status: string;
  /** Of a payment what it shows as refunded, of a refund its amount. */
  readonly minor: number;
}

/** A cancel that was answered: from then on the merchant counts on it, and gives out no goods. */
export interface AcceptedCancel {
  readonly merchantOrderNo: string;
  /** `null`: of the whole order. */
  readonly paymentId: string | null;
}

/** All that the merchants know: what they were told, whoever told it, and what was promised to them. */
export interface MerchantBooks {
  readonly payments: ReadonlyMap<string, readonly Told[]>;
  readonly refunds: ReadonlyMap<string, readonly Told[]>;
  /** Types of the verified messages about a payment or refund, by its id, in the order of their first arrival. */
  readonly messages: ReadonlyMap<string, ReadonlySet<string>>;
  readonly cancels: readonly AcceptedCancel[];
  /** What no merchant should ever see, in words. */
  readonly complaints: readonly string[];
  tell(payment: PaymentSnapshot): void;
  tellRefund(refund: RefundSnapshot): void;
  /** Complains of a success that arrives after an end without one. */
  tellMessage(type: string, subjectId: string): void;
  cancelAccepted(cancel: AcceptedCancel): void;
  complain(words: string): void;
}

export function createMerchantBooks(): MerchantBooks {
  const payments = new Map<string, Told[]>();
  const refunds = new Map<string, Told[]>();
  const messages = new Map<string, Set<string>>();
  const cancels: AcceptedCancel[] = [];
  const complaints: string[] = [];
  return {
    payments,
    refunds,
    messages,
    cancels,
    complaints,
    tell({ id, version, status, refunded }) {
      listIn(payments, id).push({ version, status, minor: refunded.value });
    },
    tellRefund({ id, version, status, amount }) {
      listIn(refunds, id).push({ version, status, minor: amount.value });
    },
    tellMessage(type, subjectId) {
      const types = messages.get(subjectId) ?? new Set<string>();
      messages.set(subjectId, types);
      const end = [...types].find((before) => /\.(cancelled|failed)$/.test(before));
      if (type.endsWith('.succeeded') && end !== undefined) {
        complaints.push(`${type} of ${subjectId} has arrived after ${end}`);
      }
      types.add(type);
    },
    cancelAccepted: (cancel) => void cancels.push(cancel),
    complain: (words) => void complaints.push(words),
  };
}

/** What was told last: the highest version, whenever it arrived. */
export function lastTold(told: readonly Told[]): Told | null {
  let last: Told | null = null;
  for (const one of told) if (last === null || one.version >= last.version) last = one;
  return last;
}

function listIn(lists: Map<string, Told[]>, id: string): Told[] {
  const list = lists.get(id) ?? [];
  lists.set(id, list);
  return list;
}
