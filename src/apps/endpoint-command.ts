import { enableEndpoint as enableEndpointOf } from '../adapters/postgres/delivery-replay.ts';
import { findFailingEndpoints, listFailingEndpoints } from '../adapters/postgres/listed-deliveries.ts';
import { logOperatorAction } from '../adapters/postgres/operator-actions.ts';
import { endpointPolicy, type FailingEndpoint } from '../domain/endpoint.ts';
import type { GivenTo } from '../inbound/cli/commands.ts';
import { CommandFailure, exitCodes } from '../inbound/cli/exit-codes.ts';
import { jsonText, printable, table } from '../inbound/cli/terminal-text.ts';
import type { Terminal } from './command-line.ts';
import { operatorOf } from './operator.ts';
import { readSettings } from './settings.ts';
import { withDatabase } from './with-database.ts';

const listedAtMost = 10_000;

/** `shoudan endpoint list`. */
export async function listEndpoints(
  { options }: GivenTo<'endpoint list'>,
  terminal: Terminal,
): Promise<number> {
  const { rows, total } = await withDatabase(readSettings(terminal.env), (database) =>
    listFailingEndpoints(database, listedAtMost),
  );
  if (options.json) terminal.out(jsonText({ data: rows.map(endpointDocument), total }));
  else if (total === 0) terminal.out('every endpoint that was tried works\n');
  else terminal.out(endpointsText(rows));
  if (total > rows.length) terminal.err(`shoudan: the first ${rows.length} of ${total}\n`);
  return exitCodes.done;
}

/** `shoudan endpoint enable`: what is held is sent, the oldest first, at a pace that floods nobody. NOT-03. */
export async function enableEndpoint(given: GivenTo<'endpoint enable'>, terminal: Terminal): Promise<number> {
  const { url } = given.arguments;
  const { merchant: merchantId = null, json } = given.options;
  const operator = operatorOf('endpoint enable', given.options.by);
  const enabled = await withDatabase(readSettings(terminal.env), async (database) => {
    const owner = merchantId ?? onlyMerchantOf(await findFailingEndpoints(database, url, null), url);
    const replayed = await enableEndpointOf(
      database,
      owner,
      url,
      endpointPolicy.replayEveryMs,
      (connection, was) =>
        logOperatorAction(connection, operator, {
          action: 'endpoint enable',
          merchantId: owner,
          subject: 'endpoint',
          subjectId: url,
          note: null,
          before: was === null ? null : failureDocument(was),
          after: { enabled: true },
        }),
    );
    if (replayed === null) throw notDisabled(url);
    return { merchantId: owner, replayed };
  });
  const seconds = Math.ceil((enabled.replayed * endpointPolicy.replayEveryMs) / 1_000);
  terminal.out(
    json
      ? jsonText({ merchant_id: enabled.merchantId, url, replayed: enabled.replayed })
      : `enabled ${printable(url)} of merchant ${enabled.merchantId}: ` +
          (enabled.replayed === 0
            ? 'nothing was held\n'
            : `what was held is sent within ${seconds} s, ${enabled.replayed} in all\n`),
  );
  return exitCodes.done;
}

function onlyMerchantOf(endpoints: readonly FailingEndpoint[], url: string): string {
  const [first, second] = endpoints.filter(({ disabledAt }) => disabledAt !== null);
  if (first === undefined) throw notDisabled(url);
  if (second === undefined) return first.merchantId;
  throw new CommandFailure(
    exitCodes.failed,
    `${printable(url)} is disabled for ${first.merchantId} and ${second.merchantId}: choose one with --merchant`,
  );
}

function notDisabled(url: string): CommandFailure {
  return new CommandFailure(
    exitCodes.failed,
    `${printable(url)} is not disabled: \`shoudan endpoint list\` shows those that are`,
  );
}

function endpointsText(endpoints: readonly FailingEndpoint[]): string {
  return table(
    ['merchant', 'url', 'failing since', 'failures', 'disabled', 'last failure'],
    endpoints.map((endpoint) => [
      endpoint.merchantId,
      endpoint.url,
      endpoint.failingSince.toISOString(),
      `${endpoint.failures}`,
      endpoint.disabledAt?.toISOString() ?? '',
      endpoint.lastFailure,
    ]),
  );
}

/** How it has failed, as it stands in the list too. */
function failureDocument(endpoint: FailingEndpoint) {
  const { failing_since, failures, last_failure, disabled_at } = endpointDocument(endpoint);
  return { enabled: false, failing_since, failures, last_failure, disabled_at };
}

export function endpointDocument(endpoint: FailingEndpoint) {
  return {
    merchant_id: endpoint.merchantId,
    url: endpoint.url,
    failing_since: endpoint.failingSince.toISOString(),
    failures: endpoint.failures,
    last_failure: endpoint.lastFailure,
    disabled_at: endpoint.disabledAt?.toISOString() ?? null,
  };
}
