import { expect, it } from 'vitest';
import { clearInstallations, installation, type Role, until } from './installation.fixture.ts';
import { merchantWith, readSandboxJson } from './merchant.fixture.ts';

clearInstallations();

it('a start that is interrupted on its way ends in order, and the next one works', async () => {
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
      1,
    );
    run.signalGroup(signal);
    expect({ role, ...(await run.ended) }).toEqual({ role, exitCode: 0, signal: null });
    await home.untilGone();
    expect(run.complaints()).toEqual(['stopping']);
    expect(run.stdout()).not.toContain('Shoudan is running');
  }
  await home.untilReady(home.shoudan(['start']));
  expect((await merchantWith(readSandboxJson(home.dataDir)).pay()).status).toBe(201);
});

it('a terminal or a reader of the output that has gone leaves nothing running', async () => {
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
