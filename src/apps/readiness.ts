import { anyWorkerAlive } from '../adapters/postgres/housekeeping.ts';
import type { Readiness } from '../inbound/status/status-routes.ts';
import type { Gateway } from './gateway.ts';
import type { Settings } from './settings.ts';

/** Whether this process can do its work: its database, somebody who performs due steps and, in trials, the simulator. */
export async function readinessOf(
  gateway: Pick<Gateway, 'database'>,
  settings: Pick<Settings, 'simulatorUrl'>,
): Promise<Readiness> {
  const checks: Record<string, 'ok' | string> = {};
  try {
    checks['worker'] = (await anyWorkerAlive(gateway.database))
      ? 'ok'
      : 'no worker was seen for 15 seconds: start one with `shoudan work`';
    checks['database'] = 'ok';
  } catch {
    // Anybody may ask; what the driver says of hosts and roles is for the log of whoever uses the database.
    checks['database'] = 'the database does not answer';
  }
  if (settings.simulatorUrl !== null) checks['simulator'] = await simulatorCheck(settings.simulatorUrl);
  return { ready: Object.values(checks).every((check) => check === 'ok'), checks };
}

async function simulatorCheck(url: string): Promise<'ok' | string> {
  try {
    const answer = await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(2_000) });
    return answer.ok ? 'ok' : `the simulator answered ${answer.status}`;
  } catch {
    return 'the simulator does not answer';
  }
}
