import { expect, it } from 'vitest';
import { clearInstallations, freePort, until } from './installation.fixture.ts';
import { expectAgreement } from './merchant.fixture.ts';
import { separateProcesses } from './separate-processes.fixture.ts';

clearInstallations();

// proves RES-03
it('a gateway is ready when a worker runs somewhere, which then resolves what the wallet leaves open', async () => {
  const { home, merchant, simulator, shoudan } = await separateProcesses();
  const gateway = shoudan(['serve', '--no-worker'], 10);
  const unready = await until(
    'the gateway answers',
    () => readinessOf(home.gatewayUrl),
    (answer) => answer !== null,
  );
  expect(unready).toEqual({
    ready: false,
    checks: {
      worker: 'no worker was seen for 15 seconds: start one with `shoudan work`',
      database: 'ok',
      simulator: 'ok',
    },
  });

  const port = await freePort();
  const worker = shoudan(['work'], 10, { channel: true, env: { SHOUDAN_WORKER_PORT: `${port}` } });
  await home.untilReady(gateway);
  await merchant.control('POST', 'faults', { api: 'pay', fault: 'no_answer', count: 1 });
  const { status, body } = await merchant.pay();
  expect([status, body.status]).toEqual([201, 'succeeded']);
  expectAgreement(body, await merchant.ledgerLine(body));

  // What the worker asked of the wallet is in its own metrics, and in no gateway's.
  const inquired = 'shoudan_wallet_calls_total{wallet="alipay_open",call="inquire",outcome="paid",code=""} 1';
  const metricsOf = async (url: string): Promise<string> => (await fetch(`${url}/metrics`)).text();
  expect(await metricsOf(`http://127.0.0.1:${port}`)).toContain(inquired);
  expect(await metricsOf(home.gatewayUrl)).not.toContain(inquired);

  // A starter that goes takes along what it has started; what has none is ended by signals.
  worker.child.disconnect();
  gateway.signalGroup('SIGTERM');
  const interrupted = shoudan(['work'], 10, { env: { SHOUDAN_LOG_LEVEL: 'info' } });
  await until(
    'the worker runs',
    () => interrupted.stderr(),
    (said) => said.includes('the worker runs'),
  );
  interrupted.signalGroup('SIGINT');
  simulator.child.disconnect();
  for (const run of [worker, gateway, interrupted, simulator]) {
    expect(await run.ended).toEqual({ exitCode: 0, signal: null });
  }
  await home.untilGone();
  expect([...gateway.complaints(), ...worker.complaints(), ...simulator.complaints()]).toEqual([]);
});

async function readinessOf(gatewayUrl: string): Promise<unknown> {
  const answer = await fetch(`${gatewayUrl}/readyz`).catch(() => null);
  return answer === null ? null : answer.json();
}
