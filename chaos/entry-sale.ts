import type { Shops } from './sales.ts';
import type { Till } from './till.ts';

/** The wallet's browser, as the page knows it. */
const headers = { 'user-agent': 'Mozilla/5.0 (Linux; Android 14) AlipayClient/10.5.0' };
const answerMs = 20_000;

/**
 * A payer at a store's code: loads the page, types an amount, is led to the wallet's page, and agrees, refuses or goes
 * away. Some tap twice, and some send the form again when no answer has come. Money case 11.
 */
export async function entrySale(shops: Shops, till: Till): Promise<void> {
  const { random } = till;
  const path = new URL(shops.sandbox.entry_code_url).pathname;
  const token = await tokenAt(shops.url + path);
  if (token === null) return;
  await till.pause(100, 1_500);
  const amount = `${random.integer(1, 49)}.${random.integer(10, 99)}`;
  const submit = () => ledTo(`${shops.url}${path}/pay`, new URLSearchParams({ token, amount }));
  const [first, second] = await Promise.all([submit(), random.chance(0.2) ? submit() : null]);
  const leads = [first ?? second ?? (await submit())].filter((url) => url !== null);
  const walletPage = leads.find((url) => url.href.startsWith(shops.wallet.url));
  if (walletPage === undefined) return;
  await till.pause(50, 2_000);
  const mood = random.fraction();
  if (mood < 0.15) return;
  const action = mood < 0.22 ? 'refuse' : 'confirm';
  const back = await ledTo(
    `${walletPage.href}/${action}`,
    new URLSearchParams({ payer_id: 'sandbox-payer-plus' }),
  );
  // Back at the shop's page, which asks about the result while it is open.
  if (back === null || random.chance(0.5)) return;
  for (let looks = 0; looks < 5; looks += 1) {
    const status = await statusAt(`${shops.url}${path}/status/${token}`);
    if (status !== null && status !== 'processing') return;
    await till.pause(500, 1_500);
  }
}

async function tokenAt(url: string): Promise<string | null> {
  try {
    const page = await fetch(url, { headers, signal: AbortSignal.timeout(answerMs) });
    return /name="token" value="([\w-]+)"/.exec(await page.text())?.[1] ?? null;
  } catch {
    return null;
  }
}

/** Where a form leads to; `null` when no answer came, or one that leads nowhere. */
async function ledTo(url: string, body: URLSearchParams): Promise<URL | null> {
  try {
    const signal = AbortSignal.timeout(answerMs);
    const answer = await fetch(url, { method: 'POST', headers, body, redirect: 'manual', signal });
    await answer.arrayBuffer();
    const location = answer.headers.get('location');
    return location === null ? null : new URL(location, url);
  } catch {
    return null;
  }
}

async function statusAt(url: string): Promise<string | null> {
  try {
    const answer = await fetch(url, { headers, signal: AbortSignal.timeout(answerMs) });
    return ((await answer.json()) as { readonly status?: string }).status ?? null;
  } catch {
    return null;
  }
}
