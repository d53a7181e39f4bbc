import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import {
  type Caller,
  callerOf,
  eventually,
  payOrder,
  postForm,
  registerApp,
  sandboxCodes,
  signedForm,
  temporaryFolder,
} from './test-wallet.ts';

const main = fileURLToPath(new URL('main.ts', import.meta.url));
const children: ChildProcess[] = [];
const folders: string[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function newFolder(): string {
  const folder = temporaryFolder();
  folders.push(folder);
  return folder;
}

function environment(dataDir: string, port = '0'): NodeJS.ProcessEnv {
  return { ...process.env, SIMULATOR_PORT: port, SHOUDAN_DATA_DIR: dataDir };
}

interface Started {
  readonly child: ChildProcess;
  readonly port: number;
}

/** Starts the simulator under an IPC channel and waits until it reports its port. */
async function start(dataDir: string): Promise<Started> {
  const child = fork(main, { env: environment(dataDir), execArgv: [], silent: true });
  children.push(child);
  const [message] = (await once(child, 'message')) as [{ ready: boolean; port: number }];
  expect(message).toEqual({ ready: true, port: expect.any(Number) });
  return { child, port: message.port };
}

async function kill(child: ChildProcess): Promise<void> {
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

/** Runs the simulator to its end and answers how it ended. */
async function outcome(env: NodeJS.ProcessEnv): Promise<{ code: number | null; out: string; err: string }> {
  const child = spawn(process.execPath, [main], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  children.push(child);
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  return { code: code as number | null, out, err };
}

async function callerOn(port: number): Promise<Caller & { readonly code: string }> {
  const caller = callerOf(port, await registerApp(port));
  return { ...caller, ...(await sandboxCodes(caller)) };
}

describe('after kill -9', () => {
  it('a trade whose answer went out is still paid, and rules and codes are as they were', async () => {
    const dataDir = newFolder();
    const first = await start(dataDir);
    const before = await callerOn(first.port);
    await before.control('POST', 'faults', { api: 'cancel', fault: 'system_error', count: 2 });
    await before.control('POST', 'faults', { api: 'inquiry', fault: 'delay', probability: 0.5, seed: 3 });
    await before.call('alipay.trade.cancel', { out_trade_no: 'nothing' });
    const faults = (await before.control('GET', 'faults')).body;
    const orders = Array.from({ length: 12 }, () => payOrder(before.code));
    const answers = await Promise.all(orders.map((order) => before.call('alipay.trade.pay', order)));
    await kill(first.child);
    for (const answer of answers) expect(answer).toMatchObject({ code: '10000' });

    const second = await start(dataDir);
    const after = await callerOn(second.port);
    expect(after.code).toBe(before.code);
    expect((await after.control('GET', 'faults')).body).toEqual(faults);
    for (const order of orders)
      expect(await after.ledger(order.out_trade_no)).toMatchObject({ charged: 1000 });
    await after.control('DELETE', 'faults');
    expect(await after.call('alipay.trade.pay', orders[0] ?? {})).toMatchObject({
      sub_code: 'ACQ.TRADE_HAS_SUCCESS',
    });
    await kill(second.child);
  });

  it('a charge whose answer never went out has happened, and its inquiries still do not find it', async () => {
    const dataDir = newFolder();
    const first = await start(dataDir);
    const before = await callerOn(first.port);
    await before.control('POST', 'faults', { api: 'pay', fault: 'not_found_first', count: 1 });
    const order = payOrder(before.code);
    const sent = postForm(before.base, await signedForm('alipay.trade.pay', order));
    await eventually(() => before.ledger(order.out_trade_no));
    await kill(first.child);
    expect(await sent.outcome).toBe('ECONNRESET');

    const second = await start(dataDir);
    const after = await callerOn(second.port);
    const name = { out_trade_no: order.out_trade_no };
    const codes = [];
    for (let asked = 0; asked < 3; asked += 1)
      codes.push((await after.call('alipay.trade.query', name))['code']);
    expect(codes).toEqual(['40004', '40004', '10000']);
    await kill(second.child);
  });

  it('a call that was to arrive late arrives after the restart, once', async () => {
    const dataDir = newFolder();
    const first = await start(dataDir);
    const before = await callerOn(first.port);
    await before.control('POST', 'faults', { api: 'pay', fault: 'arrives_late', count: 1, delay_ms: 1500 });
    const order = payOrder(before.code);
    expect(await postForm(before.base, await signedForm('alipay.trade.pay', order)).outcome).toBe(
      'ECONNRESET',
    );
    await kill(first.child);

    const second = await start(dataDir);
    const after = await callerOn(second.port);
    expect(await eventually(() => after.ledger(order.out_trade_no))).toMatchObject({
      charged: 1000,
      refunded: 0,
    });
    await kill(second.child);

    const third = await start(dataDir);
    const last = await callerOn(third.port);
    expect(await last.ledger(order.out_trade_no)).toMatchObject({ charged: 1000 });
    expect((await last.control('GET', 'requests')).body).toEqual([]);
    await kill(third.child);
  });
});

describe('the process', () => {
  it('without a starter prints one line when ready and ends cleanly on SIGTERM and on SIGINT', async () => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      const child = spawn(process.execPath, [main], {
        env: environment(newFolder()),
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      children.push(child);
      const [line] = (await once(child.stdout, 'data')) as [Buffer];
      expect(line.toString()).toMatch(
        /^simulator: http:\/\/127\.0\.0\.1:\d+\/phone, wallets at \/gateway\.do and \/ams, data in .*\/simulator\n$/,
      );
      const exited = once(child, 'exit');
      child.kill(signal);
      expect(await exited).toEqual([0, null]);
    }
  });

  it('with a starter leaves SIGINT to it, and ends when told to stop', async () => {
    const { child, port } = await start(newFolder());
    child.kill('SIGINT');
    expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).toBe(200);
    const exited = once(child, 'exit');
    child.send({ stop: true });
    expect(await exited).toEqual([0, null]);
  });

  it('ends by itself when its starter is gone', async () => {
    const { child } = await start(newFolder());
    const exited = once(child, 'exit');
    child.disconnect();
    expect(await exited).toEqual([0, null]);
  });

  it('a port in use is one clear line and exit code 1', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    await once(holder, 'listening');
    const { port } = holder.address() as { port: number };
    expect(await outcome(environment(newFolder(), String(port)))).toEqual({
      code: 1,
      out: '',
      err: `simulator: port ${port} on 127.0.0.1 is in use; stop what uses it or set SIMULATOR_PORT\n`,
    });
    holder.close();
  });

  it('a port that is no port, and a folder that cannot be written, too', async () => {
    expect(await outcome(environment(newFolder(), 'http'))).toEqual({
      code: 1,
      out: '',
      err: 'simulator: SIMULATOR_PORT is "http"; it must be 0 to 65535\n',
    });
    const folder = newFolder();
    writeFileSync(join(folder, 'file'), '');
    const blocked = await outcome(environment(join(folder, 'file')));
    expect(blocked).toMatchObject({ code: 1, out: '' });
    expect(blocked.err).toMatch(
      /^simulator: the folder .* cannot be written \(.*\); set SHOUDAN_DATA_DIR .*\n$/,
    );
    expect(blocked.err.split('\n')).toHaveLength(2);
  });

  it('a folder in use by another simulator is one clear line', async () => {
    const dataDir = newFolder();
    await start(dataDir);
    const second = await outcome(environment(dataDir));
    expect(second).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^simulator: another simulator already uses/),
    });
  });
});
