import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Gateway } from '../../src/apps/gateway.ts';
import type { Payment } from '../../src/domain/payment.ts';
import { cancelPayment } from '../../src/operations/cancel.ts';
import { pay } from '../../src/operations/pay.ts';
import { eventually, openRealGateway, paymentOf, type RealGateway } from './real-gateway.ts';

/** The way to the wallet, which can be cut: connections are refused, or taken and never answered. */
interface Relay {
  readonly port: number;
  cut(how: 'refuses' | 'hangs'): Promise<void>;
  mend(): Promise<void>;
  close(): Promise<void>;
}

async function openRelay(toPort: number): Promise<Relay> {
  const sockets = new Set<Socket>();
  let hangs = false;
  const serve = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    if (hangs) return;
    const upstream = connect(toPort, '127.0.0.1');
    upstream.on('error', () => socket.destroy());
    socket.on('close', () => upstream.destroy());
    socket.pipe(upstream).pipe(socket);
  };
  const listen = (port: number): Promise<Server> =>
    new Promise((resolve, reject) => {
      const server = createServer(serve);
      server.on('error', reject).listen(port, '127.0.0.1', () => resolve(server));
    });
  let server: Server | null = await listen(0);
  const { port } = server.address() as AddressInfo;
  const end = async (): Promise<void> => {
    const ending = server;
    server = null;
    for (const socket of sockets) socket.destroy();
    if (ending !== null) await new Promise((resolve) => ending.close(resolve));
  };
  return {
    port,
    async cut(how) {
      hangs = how === 'hangs';
      if (how === 'refuses') await end();
      else for (const socket of sockets) socket.destroy();
    },
    async mend() {
      for (const socket of sockets) socket.destroy();
      hangs = false;
      server ??= await listen(port);
    },
    close: end,
  };
}

const count = 40;
// A step that is held is tried every half a minute, and one that goes unanswered ever more slowly: what comes sooner after an
// outage was brought forward.
const policy = {
  // What comes back at once is answered within this on a busy machine too: else it goes on at its slow pace.
  callLimitMs: 1_500,
  cancelRetry: { firstMs: 5_000, nextMs: 5_000, fastTries: 1, maxMs: 600_000 },
} as const;

describe.each(['refuses', 'hangs'] as const)('a wallet account that %s', (how) => {
  let real: RealGateway;
  let relay: Relay;
  let gateway: Gateway;
  beforeAll(async () => {
    real = await openRealGateway({ policy, worker: false });
    const simulator = new URL(real.simulatorUrl);
    relay = await openRelay(Number(simulator.port));
    await real.database.query(`update wallet_accounts set gateway_url = $1 where wallet = 'alipay_open'`, [
      `http://127.0.0.1:${relay.port}/gateway.do`,
    ]);
    // A process that has read the account as it stands now.
    gateway = await real.openAnother();
  }, 60_000);
  afterAll(async () => {
    await real.close();
    await relay.close();
  });

  async function payNow(): Promise<Payment> {
    return paymentOf(await pay(gateway.engine, real.merchant, real.request(), null));
  }

  async function heldCount(): Promise<number> {
    const { rows } = await real.database.query<{ readonly count: number }>(
      'select count(*)::int as count from payments where waits_for is not null',
    );
    return rows[0]?.count ?? 0;
  }

  // proves CAN-01, CAN-03, CAN-05
  it('gets every cancel soon after it answers again, and no new payment meanwhile', async () => {
    // Through another process, and past the relay: this one's breaker has no answers to forget first.
    const paid: Payment[] = [];
    for (let number = 0; number < count; number += 1) paid.push(await real.pay());
    expect(new Set(paid.map(({ state }) => state))).toEqual(new Set(['succeeded']));
    await relay.cut(how);
    await real.startWorker(gateway);
    const cancels = await Promise.all(
      paid.map(({ id }) => cancelPayment(gateway.engine, paid[0]?.merchantId ?? '', id)),
    );
    expect(cancels.map(({ kind }) => kind)).toEqual(paid.map(() => 'payment'));

    // New payments are refused before they are recorded, through this account alone.
    await eventually(
      async () => gateway.engine.wallets.outage?.('alipay_open', 'sandbox')?.refusesForS ?? null,
      (seconds) => seconds !== null,
    );
    const refused = await pay(gateway.engine, real.merchant, real.request(), null);
    expect(refused).toMatchObject({ kind: 'refused', refusal: { code: 'wallet_unavailable' } });
    expect((await real.payBy('alipay_plus', 'payment_code')).state).toBe('succeeded');

    // One or two may be on their way as scouts.
    await eventually(heldCount, (held) => held >= count - 2);
    const { rows } = await real.database.query<{ readonly tries: number }>(
      `select max(tries)::int as tries from payments where wallet = 'alipay_open'`,
    );
    if (how === 'refuses') expect(rows[0]?.tries).toBe(0);

    const mendedAtMs = performance.now();
    await relay.mend();
    for (const { id } of paid) {
      const cancelled = await real.until(id, ({ state }) => state === 'cancelled');
      expect(cancelled).toMatchObject({ cancelledBy: 'cancel', attention: null });
    }
    expect(performance.now() - mendedAtMs).toBeLessThan(20_000);
    const lines = (await real.ledger()).filter(({ wallet }) => wallet === 'alipay_open');
    expect(lines).toHaveLength(count);
    for (const line of lines) expect(line.refunded).toBe(line.charged);
    expect((await payNow()).state).toBe('succeeded');
  }, 90_000);
});
