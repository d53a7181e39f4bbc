import { beforeAll, expect, it } from 'vitest';
import { orderNoOf } from '../../src/inbound/cashier/page-token.ts';
import { clearInstallations, freePort, until } from './installation.fixture.ts';
import { expectAgreement, type Merchant } from './merchant.fixture.ts';
import { agreeAt, type EntryPayer, entryPayer } from './payer.fixture.ts';
import { separateProcesses } from './separate-processes.fixture.ts';

/*
 * Two gateways behind one address, as behind a load balancer: a payer's double tap may reach both at the same instant,
 * neither of which knows of the other but by the database.
 */
const rounds = Array.from({ length: 20 }, (_, round) => round);

clearInstallations();
let merchant: Merchant;
let first: EntryPayer;
let second: EntryPayer;

beforeAll(async () => {
  const { home, shoudan, ...separate } = await separateProcesses();
  const port = await freePort();
  const secondUrl = `http://127.0.0.1:${port}`;
  merchant = separate.merchant;
  first = entryPayer(merchant, home.gatewayUrl);
  second = entryPayer(merchant, secondUrl);
  const env = { SHOUDAN_PUBLIC_URL: home.gatewayUrl };
  await Promise.all([
    home.untilReady(shoudan(['serve'], 5, { env })),
    home.untilReady(shoudan(['serve'], 5, { env: { ...env, PORT: `${port}` } }), secondUrl),
  ]);
  // The first tap's attempt is still waiting for the wallet when the second one comes, as it is over a distance.
  await merchant.control('POST', 'faults', {
    api: 'pay',
    wallet: 'alipay_plus',
    fault: 'delay',
    probability: 1,
    delay_ms: 200,
  });
});

// proves PAY-11
it('a form that reaches both at once is one attempt, whatever amount it says, and both browsers end at its result', async () => {
  const paid = await Promise.all(
    rounds.map(async (round) => {
      const token = await (round % 2 === 0 ? first : second).open();
      const taps = await Promise.all([
        first.confirm(token, '12.34'),
        second.confirm(token, round % 4 < 2 ? '12.34' : '56.78'),
      ]);
      expect(taps.map(({ status }) => status)).toEqual([303, 303]);

      const isAtWallet = ({ location }: { readonly location: URL }): boolean =>
        location.href.startsWith(merchant.sandbox.simulator_url);
      const [wallet, ...others] = taps.filter(isAtWallet);
      if (wallet === undefined) throw new Error('no browser was led to the wallet');
      expect(others).toEqual([]);
      const [result] = taps.filter((tap) => !isAtWallet(tap));
      expect(result?.location.pathname).toBe(first.resultPath(token));
      expect((await agreeAt(wallet.location)).location.pathname).toBe(first.resultPath(token));

      for (const payer of [first, second]) {
        await until(
          'the result page shows the success',
          () => payer.status(token),
          ({ status }) => status === 'succeeded',
        );
      }
      const payments = await merchant.paymentsOf(orderNoOf({ text: token, mayPay: true }));
      expect(payments).toHaveLength(1);
      for (const payment of payments) expectAgreement(payment, await merchant.ledgerLine(payment));
      return payments;
    }),
  );

  const ids = paid.flat().map(({ payment_request_id }) => payment_request_id);
  const known = (await merchant.ledger()).map(({ payment_request_id }) => payment_request_id);
  expect(known.toSorted()).toEqual(ids.toSorted());
  const requests = await merchant.control<
    readonly { readonly method: string; readonly out_trade_no: string }[]
  >('GET', 'requests?limit=1000');
  const asked = requests
    .filter(({ method }) => method.endsWith('pay'))
    .map((request) => request.out_trade_no);
  expect(asked.toSorted()).toEqual(ids.toSorted());
});
