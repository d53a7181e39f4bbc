import type { Database } from '../adapters/postgres/database.ts';
import { replayDeliveries as replayOfMerchant } from '../adapters/postgres/delivery-replay.ts';
import {
  type DeliveryFilter,
  findFailingEndpoints,
  findMerchantOfShortNo,
  type ListedDelivery,
  listDeliveries,
} from '../adapters/postgres/listed-deliveries.ts';
import {
  type AuditSubject,
  logOperatorAction,
  type Operator,
} from '../adapters/postgres/operator-actions.ts';
import { type DeliveryState, deliveryStates } from '../domain/delivery.ts';
import { endpointPolicy } from '../domain/endpoint.ts';
import { merchantShortNoOf } from '../domain/ids.ts';
import type { GivenTo } from '../inbound/cli/commands.ts';
import { CommandFailure, exitCodes, usageError } from '../inbound/cli/exit-codes.ts';
import { jsonText, printable, table } from '../inbound/cli/terminal-text.ts';
import { typedTime } from '../inbound/cli/typed-time.ts';
import type { Terminal } from './command-line.ts';
import { operatorOf } from './operator.ts';
import { readSettings } from './settings.ts';
import { withDatabase } from './with-database.ts';

const listedAtMost = 1_000;
const replayedAtMost = 100_000;

const anything: DeliveryFilter = {
  merchantId: null,
  id: null,
  paymentId: null,
  url: null,
  state: null,
  since: null,
};

/** `shoudan delivery list`. */
export async function listAllDeliveries(
  { options }: GivenTo<'delivery list'>,
  terminal: Terminal,
): Promise<number> {
  const filter: DeliveryFilter = {
    ...anything,
    merchantId: options.merchant ?? null,
    paymentId: options.payment ?? null,
    url: options.endpoint ?? null,
    state: options.state === undefined ? null : stateOf(options.state),
  };
  const { rows, hasMore } = await withDatabase(readSettings(terminal.env), async (database) =>
    listDeliveries(database, { ...filter, ...(await ownerOf(database, filter)) }, listedAtMost),
  );
  if (options.json) terminal.out(jsonText({ data: rows.map(deliveryDocument), has_more: hasMore }));
  else terminal.out(rows.length === 0 ? 'no such delivery\n' : deliveriesText(rows));
  if (hasMore) terminal.err(`shoudan: the newest ${rows.length}; there are more\n`);
  return exitCodes.done;
}

/** `shoudan delivery replay`: the same events again, under their ids, with the state of then. NOT-03. */
export async function replayDeliveries(
  given: GivenTo<'delivery replay'>,
  terminal: Terminal,
): Promise<number> {
  const filter = replayFilter(given);
  const operator = operatorOf('delivery replay', given.options.by);
  const outcome = await withDatabase(readSettings(terminal.env), async (database) => {
    const meant = { ...filter, ...(await ownerOf(database, filter)) };
    const { rows, hasMore } = await listDeliveries(database, meant, replayedAtMost);
    if (rows.length === 0) throw new CommandFailure(exitCodes.failed, 'no such delivery');
    if (hasMore) {
      throw new CommandFailure(
        exitCodes.failed,
        `these are more than ${replayedAtMost}: choose a later --since`,
      );
    }
    await requireEnabled(database, rows);
    const replayed = await replayOf(database, rows, operator, filter);
    const sent = new Set(replayed);
    return { replayed, left: rows.filter(({ id }) => !sent.has(id)) };
  });
  const { replayed, left } = outcome;
  if (given.options.json) {
    terminal.out(jsonText({ replayed, left: left.map(({ id, state }) => ({ id, state })) }));
  } else {
    if (replayed.length > 0) terminal.out(`replayed ${namesOf(replayed)}\n`);
    if (left.length > 0) terminal.out(leftText(left));
  }
  return replayed.length > 0 ? exitCodes.done : exitCodes.otherwise;
}

function replayFilter({ arguments: { delivery }, options }: GivenTo<'delivery replay'>): DeliveryFilter {
  const { payment, since, endpoint, merchant: merchantId = null } = options;
  const ways = [delivery, payment, since].filter((way) => way !== undefined);
  if (ways.length !== 1 || (since === undefined) !== (endpoint === undefined)) {
    throw usageError(
      'delivery replay needs a delivery, --payment, or --since with --endpoint',
      'delivery replay',
    );
  }
  if (delivery !== undefined) return { ...anything, merchantId, id: delivery };
  if (payment !== undefined) return { ...anything, merchantId, paymentId: payment };
  return {
    ...anything,
    merchantId,
    url: endpoint ?? null,
    since: since === undefined ? null : typedTime('delivery replay', 'since', since),
  };
}

/** Every id carries its merchant's short number, by which its rows are found wherever they lie. */
async function ownerOf(database: Database, filter: DeliveryFilter): Promise<Partial<DeliveryFilter>> {
  if (filter.merchantId !== null) return {};
  const named = filter.paymentId ?? filter.id?.replace(/_\d+$/, '') ?? null;
  const shortNo = named === null ? null : merchantShortNoOf(named);
  if (shortNo === null) return {};
  const merchantId = await findMerchantOfShortNo(database, shortNo);
  return merchantId === null ? {} : { merchantId };
}

async function requireEnabled(database: Database, rows: readonly ListedDelivery[]): Promise<void> {
  for (const url of new Set(rows.map((row) => row.url))) {
    const owners = new Set(rows.flatMap((row) => (row.url === url ? [row.merchantId] : [])));
    for (const endpoint of await findFailingEndpoints(database, url, null)) {
      if (endpoint.disabledAt === null || !owners.has(endpoint.merchantId)) continue;
      throw new CommandFailure(
        exitCodes.failed,
        `${printable(url)} of merchant ${endpoint.merchantId} is disabled since ` +
          `${endpoint.disabledAt.toISOString()}: \`shoudan endpoint enable\` first`,
      );
    }
  }
}

/** Deliveries that one row of the audit log names; beside them it has their number. */
const namedAtMost = 100;

async function replayOf(
  database: Database,
  rows: readonly ListedDelivery[],
  operator: Operator,
  filter: DeliveryFilter,
): Promise<string[]> {
  const about = replaySubject(filter);
  const replayed: string[] = [];
  for (const merchantId of new Set(rows.map((row) => row.merchantId))) {
    const oldestFirst = rows
      .filter((row) => row.merchantId === merchantId)
      .map(({ id }) => id)
      .reverse();
    const ids = await replayOfMerchant(
      database,
      merchantId,
      oldestFirst,
      endpointPolicy.replayEveryMs,
      (connection, sent) =>
        logOperatorAction(connection, operator, {
          action: 'delivery replay',
          merchantId,
          ...about,
          note: null,
          before: null,
          after: { replayed: sent.length, deliveries: sent.slice(0, namedAtMost), since: sinceOf(filter) },
        }),
    );
    replayed.push(...ids);
  }
  return replayed;
}

function replaySubject({ id, paymentId, url }: DeliveryFilter): {
  readonly subject: AuditSubject;
  readonly subjectId: string;
} {
  if (paymentId !== null) return { subject: 'payment', subjectId: paymentId };
  if (url !== null) return { subject: 'endpoint', subjectId: url };
  return { subject: 'delivery', subjectId: id ?? '' };
}

function sinceOf({ since }: DeliveryFilter): string | null {
  return since?.toISOString() ?? null;
}

function namesOf(ids: readonly string[]): string {
  return ids.length > 10 ? `${ids.length} deliveries` : ids.map(printable).join(', ');
}

function leftText(left: readonly ListedDelivery[]): string {
  const superseded = left.filter(({ state }) => state === 'withdrawn');
  const trying = left.filter(({ state }) => state !== 'withdrawn');
  return [
    superseded.length === 0
      ? ''
      : `left ${namesOf(superseded.map(({ id }) => id))}: withdrawn, since the payment has gone on\n`,
    trying.length === 0 ? '' : `left ${namesOf(trying.map(({ id }) => id))}: it is being tried\n`,
  ].join('');
}

function stateOf(text: string): DeliveryState {
  const state = deliveryStates.find((one) => one === text);
  if (state !== undefined) return state;
  throw usageError(`--state must be one of ${deliveryStates.join(', ')}`, 'delivery list');
}

function deliveriesText(rows: readonly ListedDelivery[]): string {
  return table(
    [
      'delivery',
      'merchant',
      'event',
      'payment',
      'state',
      'tries',
      'created',
      'due or ended',
      'url',
      'last failure',
    ],
    rows.map((row) => [
      row.id,
      row.merchantId,
      row.type,
      row.paymentId,
      row.state,
      `${row.tries}`,
      row.createdAt.toISOString(),
      (row.dueAt ?? row.endedAt)?.toISOString() ?? '',
      row.url,
      row.lastFailure ?? '',
    ]),
  );
}

function deliveryDocument(row: ListedDelivery) {
  return {
    id: row.id,
    merchant_id: row.merchantId,
    type: row.type,
    payment_id: row.paymentId,
    url: row.url,
    state: row.state,
    tries: row.tries,
    last_failure: row.lastFailure,
    created_at: row.createdAt.toISOString(),
    due_at: row.dueAt?.toISOString() ?? null,
    ended_at: row.endedAt?.toISOString() ?? null,
  };
}
