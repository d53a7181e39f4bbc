import { createChanges } from '../adapters/changes.ts';
import { createCancelJournal } from '../adapters/postgres/cancel-journal.ts';
import type { Database } from '../adapters/postgres/database.ts';
import { openDatabaseClock } from '../adapters/postgres/database-clock.ts';
import { createDueRows } from '../adapters/postgres/due-rows.ts';
import { createMerchantDirectory } from '../adapters/postgres/merchant-directory.ts';
import { createOperatorRecords } from '../adapters/postgres/operator-records.ts';
import { createPaymentJournal } from '../adapters/postgres/payment-journal.ts';
import { createRefundJournal } from '../adapters/postgres/refund-journal.ts';
import type { PaymentResolution, RefundResolution, WrittenEvidence } from '../domain/decide-by-hand.ts';
import { merchantShortNoOf } from '../domain/ids.ts';
import type { Payment } from '../domain/payment.ts';
import type { Refund } from '../domain/refund.ts';
import type { GivenTo } from '../inbound/cli/commands.ts';
import { CommandFailure, exitCodes, usageError } from '../inbound/cli/exit-codes.ts';
import { fields, jsonText, printable } from '../inbound/cli/terminal-text.ts';
import { writtenLine } from '../inbound/cli/written-line.ts';
import {
  type ByHandEngine,
  type ByHandResult,
  resolvePayment,
  resolveRefund,
  retryPayment,
  retryRefund,
} from '../operations/by-hand.ts';
import { paymentSnapshot, refundSnapshot } from '../operations/snapshots.ts';
import type { Terminal } from './command-line.ts';
import { sealingOf } from './master-key.ts';
import { operatorOf } from './operator.ts';
import { readSettings, type Settings } from './settings.ts';
import { withDatabase } from './with-database.ts';

/** `shoudan retry`: the next step of a payment or refund is due now. */
export async function retry(given: GivenTo<'retry'>, terminal: Terminal): Promise<number> {
  const { id } = given.arguments;
  const operator = operatorOf('retry', given.options.by);
  const settings = readSettings(terminal.env);
  const shown = await withDatabase(settings, (database) => {
    const records = createOperatorRecords(database, operator, { action: 'retry', note: null, as: null });
    return withEngine(database, records, settings, id, async (engine, merchantId) =>
      isRefund(id)
        ? shownRefund(id, await retryRefund(engine, merchantId, id))
        : shownPayment(id, await retryPayment(engine, merchantId, id)),
    );
  });
  answer(terminal, given.options, shown, 'due now');
  return exitCodes.done;
}

/** `shoudan resolve`: what the gateway cannot settle is settled, on written evidence. RES-13, RES-19. */
export async function resolve(given: GivenTo<'resolve'>, terminal: Terminal): Promise<number> {
  const { id } = given.arguments;
  const { as } = given.options;
  const written: WrittenEvidence = {
    by: writtenLine('resolve', 'by', given.options.by, 100),
    evidence: writtenLine('resolve', 'evidence', given.options.evidence, 500),
  };
  const operator = operatorOf('resolve', written.by);
  const settings = readSettings(terminal.env);
  const resolution = isRefund(id)
    ? { refund: chosen(as, refundResolutions, 'a refund') }
    : { payment: chosen(as, paymentResolutions, 'a payment') };
  const shown = await withDatabase(settings, (database) => {
    const note = written.evidence;
    const records = createOperatorRecords(database, operator, { action: 'resolve', note, as });
    return withEngine(database, records, settings, id, async (engine, merchantId) =>
      resolution.refund === undefined
        ? shownPayment(id, await resolvePayment(engine, merchantId, id, resolution.payment, written))
        : shownRefund(id, await resolveRefund(engine, merchantId, id, resolution.refund, written)),
    );
  });
  answer(terminal, given.options, shown, `resolved as ${as}`);
  return exitCodes.done;
}

const paymentResolutions = ['given_back', 'noted'] as const satisfies readonly PaymentResolution[];
const refundResolutions = ['succeeded', 'failed', 'noted'] as const satisfies readonly RefundResolution[];

function isRefund(id: string): boolean {
  return id.startsWith('re_');
}

function chosen<Resolution extends string>(
  as: string,
  resolutions: readonly Resolution[],
  what: string,
): Resolution {
  const resolution = resolutions.find((one) => one === as);
  if (resolution !== undefined) return resolution;
  throw usageError(`--as of ${what} must be one of ${resolutions.join(', ')}`, 'resolve');
}

/** Does the work for the merchant whose short number the id carries. */
async function withEngine<Result>(
  database: Database,
  records: ReturnType<typeof createOperatorRecords>,
  settings: Settings,
  id: string,
  work: (engine: ByHandEngine, merchantId: string) => Promise<Result>,
): Promise<Result> {
  const shortNo = /^(pay|re)_/.test(id) ? merchantShortNoOf(id) : null;
  if (shortNo === null) {
    throw new CommandFailure(
      exitCodes.usage,
      `${printable(id)} is no id of a payment or refund: pay_… or re_…`,
    );
  }
  const merchants = createMerchantDirectory(database, sealingOf(settings));
  const merchant = await merchants.findByShortNo(shortNo);
  if (merchant === null) throw unknown(id);
  const clock = await openDatabaseClock(database);
  try {
    const engine: ByHandEngine = {
      journal: {
        ...createPaymentJournal(database),
        ...createRefundJournal(database),
        ...createCancelJournal(database),
        recordPayment: records.recordPayment,
        recordRefund: records.recordRefund,
      },
      due: { ...createDueRows(database, clock), bringForward: records.bringForward },
      merchants,
      clock,
      changes: createChanges(),
      policySpeed: settings.policySpeed,
    };
    return await work(engine, merchant.id);
  } finally {
    clock.stop();
  }
}

type Shown = ReturnType<typeof paymentSnapshot> | ReturnType<typeof refundSnapshot>;

function shownPayment(id: string, result: ByHandResult<Payment>): Shown {
  return paymentSnapshot(doneOr(id, result));
}

function shownRefund(id: string, result: ByHandResult<Refund>): Shown {
  return refundSnapshot(doneOr(id, result));
}

function doneOr<Row>(id: string, result: ByHandResult<Row>): Row {
  switch (result.kind) {
    case 'done':
      return result.row;
    case 'refused':
      throw new CommandFailure(exitCodes.refused, `${printable(id)} stays as it is: ${result.obstacle}`);
    case 'unknown':
      throw unknown(id);
    default:
      return result satisfies never;
  }
}

function unknown(id: string): CommandFailure {
  return new CommandFailure(exitCodes.refused, `${printable(id)} is not known here: check the id`);
}

function answer(
  terminal: Terminal,
  options: { readonly json: boolean },
  shown: Shown,
  outcome: string,
): void {
  const { next_step: step, needs_attention: attention } = shown;
  terminal.out(
    options.json
      ? jsonText(shown)
      : fields([
          [shown.object, `${shown.id} of merchant ${shown.merchant_id}: ${outcome}`],
          ['status', shown.status],
          ['next step', step === null ? 'none: it has ended' : `${step.action}, due ${step.due_at}`],
          ['attention', attention === null ? 'none' : `${attention.reason} since ${attention.since}`],
        ]),
  );
}
