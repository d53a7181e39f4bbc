import { type PaymentPolicy, productsOf } from '../domain/policy.ts';
import {
  decideStrayCancel,
  newStrayCancel,
  paymentMadeAt,
  type StrayCancel,
  type StrayCancelInput,
  standIn,
  strayCancelPolicy,
} from '../domain/stray-cancel.ts';
import type { HeldStep } from '../ports/due-rows.ts';
import type { Merchant } from '../ports/merchant-directory.ts';
import type { Engine } from './engine.ts';
import { heldStepOf, isHeldLong, putOffHeld, waitForAccount } from './hold.ts';
import { callLimit, noteUntrusted, silenceOf, walletInput } from './perform.ts';
import { policyOf } from './record.ts';
import { noteTroubled } from './troubled-answers.ts';

/*
 * Cancels of payments that nobody here knows: held, and sent to every account that the merchant's payments can have been
 * made under. Money case 10, CAN-02.
 */

/** What a cancel of this upstream id has to reach: each of the merchant's accounts once. */
export function strayCancelsOf(
  merchant: Pick<Merchant, 'id' | 'bindings'>,
  requestId: string,
  now: Date,
): StrayCancel[] {
  const cancels = merchant.bindings.map(({ wallet, account }) =>
    newStrayCancel({ merchantId: merchant.id, requestId, wallet, account }, now),
  );
  // One account may be bound in several currencies.
  return [...new Map(cancels.map((cancel) => [cancel.id, cancel])).values()];
}

/** Performs the due step of a stray cancel whose lease this process holds, as a payment's reversal does. */
export async function performStrayCancelStep(engine: Engine, cancel: StrayCancel): Promise<StrayCancel> {
  const { nextStep, account, requestId, amount } = cancel;
  if (nextStep === null) return cancel;
  const policy = await policyOfStrayCancel(engine, cancel);
  const payment = standIn(cancel, policy);
  const reference = { account, requestId, amount };
  const input = await walletInput(engine, payment, nextStep, callLimit(engine, policy), reference);
  if (input.kind === 'refunds_awaited') throw new Error(`stray cancel ${cancel.id} has no refunds to await`);
  noteUntrusted(engine, cancel.merchantId, payment.id, nextStep.action, input);
  if (silenceOf(input) === 'not_sent') return heldStrayCancel(engine, cancel, policy);
  const recorded = await recordStrayCancelInput(engine, cancel, input, policy);
  const about = {
    merchantId: cancel.merchantId,
    paymentId: payment.id,
    refundId: null,
    call: nextStep.action,
  };
  noteTroubled(engine, about, input, recorded.attention !== null);
  if (silenceOf(input) !== null) await waitForAccount(engine, heldStep(recorded), policy);
  return recorded;
}

/** Decides on an input and records the decision, from what the journal holds by then. RES-10. */
export async function recordStrayCancelInput(
  engine: Pick<Engine, 'journal' | 'clock' | 'changes'>,
  loaded: StrayCancel,
  input: StrayCancelInput,
  policy: PaymentPolicy,
): Promise<StrayCancel> {
  let cancel = loaded;
  for (;;) {
    const after = decideStrayCancel(cancel, input, policy, engine.clock.now());
    if (after === cancel) return cancel;
    const recorded = await engine.journal.recordStrayCancel(cancel, after);
    if (recorded !== null) {
      engine.changes.publish(recorded.id, recorded.nextStep?.dueAt ?? null);
      return recorded;
    }
    const again = await engine.journal.findStrayCancel(cancel.merchantId, cancel.id);
    if (again === null) throw new Error(`stray cancel ${cancel.id} has vanished from the journal`);
    cancel = again;
  }
}

/** The policy that a stray cancel is under now. */
export async function policyOfStrayCancel(
  engine: Pick<Engine, 'merchants' | 'policySpeed'>,
  { merchantId, wallet }: StrayCancel,
): Promise<PaymentPolicy> {
  const products = productsOf(wallet);
  return strayCancelPolicy(
    await Promise.all(products.map((product) => policyOf(engine, { merchantId, wallet, product }))),
  );
}

/** Its call could not leave; its lease ends. CAN-03. */
async function heldStrayCancel(
  engine: Engine,
  cancel: StrayCancel,
  policy: PaymentPolicy,
): Promise<StrayCancel> {
  const told = isHeldLong(engine, cancel, policy)
    ? await recordStrayCancelInput(engine, cancel, { kind: 'held_up' }, policy)
    : cancel;
  await putOffHeld(engine, cancel, heldStep(told), policy);
  return told;
}

function heldStep(cancel: StrayCancel): HeldStep | null {
  return heldStepOf('stray_cancel', cancel, {
    wallet: cancel.wallet,
    account: cancel.account,
    createdAt: paymentMadeAt(cancel),
  });
}
