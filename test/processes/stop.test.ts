import { expect, it } from 'vitest';
import { clearInstallations, installation, type Role, until } from './installation.fixture.ts';
import { merchantEndpoint, merchantWith, sandboxIn } from './merchant.fixture.ts';

clearInstallations();

it.concurrent('a start that is interrupted on its way ends in order, and the next one gets further', async () => {
  const home = await installation();
  // In the order in which they appear; the last one is stopped by the signal of a process manager.
  const moments: readonly [Role, NodeJS.Signals][] = [
    ['backend', 'SIGINT'],
    ['simulator', 'SIGINT'],
    ['gateway', 'SIGTERM'],
  ];
  for (const [role, signal] of moments) {
    const run = home.shoudan(['start']);
    await until(
      `a ${role} runs`,
      () => home.processes(),
      (found) => found.some((one) => one.role === role),
      10,
    );
    run.signalGroup(signal);
    expect({ role, ...(await run.ended) }).toEqual({ role, exitCode: 0, signal: null });
    await home.untilGone();
    expect(run.complaints()).toEqual(['stopping']);
    expect(run.stdout()).not.toContain('Shoudan is running');
  }
});

it.concurrent('a terminal or a reader of the output that has gone leaves nothing running', async () => {
  const home = await installation();
  const piped = home.run(['sh', '-c', 'npm start 2>&1 | cat']);
  await home.untilReady(piped);
  piped.signalGroup('SIGINT');
  await home.untilGone();

  const closed = home.shoudan(['start']);
  await home.untilReady(closed);
  closed.child.stdout?.destroy();
  closed.child.stderr?.destroy();
  closed.signalGroup('SIGHUP');
  expect(await closed.ended).toEqual({ exitCode: 0, signal: null });
  await home.untilGone();
});

it.concurrent('neither a wallet nor a merchant that hangs holds up the end', async () => {
  const home = await installation();
  const first = home.shoudan(['start']);
  await home.untilReady(first);
  const merchant = merchantWith(sandboxIn(home.dataDir));
  const endpoint = await merchantEndpoint();
  try {
    expect((await merchant.pay({ notify_url: endpoint.url })).status).toBe(201);
    await until('the delivery has arrived', endpoint.arrived, (count) => count > 0);
    await merchant.control('POST', 'faults', { api: 'pay', fault: 'no_answer', count: 1 });
    const waiting = merchant.pay();
    const [open] = await until(
      'the wallet has carried it out',
      async () => (await merchant.ledger()).slice(1),
      (lines) => lines.length === 1,
    );

    const askedAtMs = performance.now();
    first.signalGroup('SIGINT');
    const answered = await waiting;
    expect([answered.status, answered.body.status]).toEqual([202, 'processing']);
    expect(answered.body.payment_request_id).toBe(open?.payment_request_id);
    expect(await first.ended).toEqual({ exitCode: 0, signal: null });
    expect(performance.now() - askedAtMs).toBeLessThan(9_000);
    await home.untilGone();
    expect(first.complaints()).toEqual(['stopping']);
  } finally {
    await endpoint.close();
  }
});
