import { createHash } from 'node:crypto';
import { createAlipayOpenNotificationReader } from '../../src/adapters/wallets/alipay-open/notifications.ts';
import { createAlipayPlusNotificationReader } from '../../src/adapters/wallets/alipay-plus/notifications.ts';
import type { NotificationReader } from '../../src/ports/wallet-notifications.ts';
import { printNotification } from '../../src/protocols/alipay-open/notification.ts';
import { signMessage } from '../../src/protocols/alipay-plus/signature.ts';
import * as open from '../vectors/alipay-open/vectors.ts';
import * as plus from '../vectors/alipay-plus/vectors.ts';

/*
 * Signed notifications of both wallets, and ways to change them in their bytes, headers, signatures and encodings. What
 * a signature covers is told here by an account of its own, not by the readers that are put to the test.
 */

type Headers = Record<string, string>;

export interface Wire {
  readonly target: string;
  readonly headers: Headers;
  readonly body: Uint8Array;
}

export interface Subject {
  readonly reader: NotificationReader;
  readonly originals: readonly Wire[];
  readonly mutations: readonly ((wire: Wire, chance: Chance) => Wire)[];
  /** All that the signature depends on, as text; equal texts say the same. `null`: it cannot be taken apart. */
  signedPart(wire: Wire): string | null;
}

/** A small generator (mulberry32), so that a failure is the same one every time. */
export function chanceOf(seed: number) {
  let state = seed;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number): number => Math.floor(next() * limit);
  const one = <T>(list: readonly T[]): T => list[below(list.length)] as T;
  return { below, one };
}

export type Chance = ReturnType<typeof chanceOf>;

const interesting = [
  0x00, 0x0a, 0x0d, 0x20, 0x22, 0x25, 0x26, 0x2b, 0x2e, 0x30, 0x3d, 0x5c, 0x7b, 0x7d, 0x80, 0xef, 0xff,
];

function changedBytes(bytes: Uint8Array, chance: Chance): Uint8Array {
  const at = chance.below(bytes.length + 1);
  const length = 1 + chance.below(8);
  const byte = chance.below(2) === 0 ? chance.one(interesting) : chance.below(256);
  const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)];
  switch (chance.below(7)) {
    case 0: // one byte becomes another
      return Buffer.concat([before, [byte], after.subarray(1)].map((part) => Buffer.from(part)));
    case 1: // one bit
      return bytes.map((old, index) => (index === at ? old ^ (1 << chance.below(8)) : old));
    case 2: // one byte more
      return Buffer.concat([before, Uint8Array.of(byte), after]);
    case 3: // some bytes less
      return Buffer.concat([before, after.subarray(length)]);
    case 4: // some bytes twice
      return Buffer.concat([before, after.subarray(0, length), after]);
    case 5: // cut off
      return before;
    default: // a digit that counts for more
      return Buffer.from(
        Buffer.from(bytes)
          .toString('latin1')
          .replace(/\d/g, (digit) => (chance.below(9) === 0 ? String(chance.below(10)) : digit)),
        'latin1',
      );
  }
}

function changedText(text: string, chance: Chance): string {
  return Buffer.from(changedBytes(Buffer.from(text), chance)).toString('latin1');
}

function changedHeader(name: string): (wire: Wire, chance: Chance) => Wire {
  return (wire, chance) => ({
    ...wire,
    headers: { ...wire.headers, [name]: changedText(wire.headers[name] ?? '', chance) },
  });
}

const changedBody = (wire: Wire, chance: Chance): Wire => ({
  ...wire,
  body: changedBytes(wire.body, chance),
});

/* Alipay+ */

const clientId = 'SANDBOX_5YTEST0000000001';
const plusTarget = '/notify/alipay_plus/sandbox';

function plusWire(body: object | string, time: string, target = plusTarget): Wire {
  const bytes = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  const signature = signMessage({ path: target, clientId, time, body: bytes }, plus.privateKey);
  return { target, headers: { 'client-id': clientId, 'request-time': time, signature }, body: bytes };
}

const success = {
  notifyType: 'PAYMENT_RESULT',
  result: { resultCode: 'SUCCESS', resultStatus: 'S', resultMessage: 'success. done. {}' },
  paymentRequestId: 'P1',
  paymentId: '20230601194010800100188000200000001',
  paymentAmount: { currency: 'USD', value: '599' },
  paymentTime: '2023-06-01T14:12:29+08:00',
};

const signatureMutations: readonly ((text: string, chance: Chance) => string)[] = [
  (text) => text.replace(/%../g, (hex) => hex.toLowerCase()),
  (text) => text.replaceAll('%2B', '+').replaceAll('%2F', '/').replaceAll('%3D', '='),
  (text) => text.replaceAll(',', ', '),
  (text, chance) => text.replace('keyVersion=1', `keyVersion=${chance.below(30)}`),
  (text) => text.replace('keyVersion=1,', ''),
  (text, chance) => {
    const at = text.indexOf('signature=') + 10 + chance.below(300);
    const hex = text.charCodeAt(at).toString(16).toUpperCase();
    return /[A-Za-z0-9]/.test(text[at] ?? '') && !/%.?$/.test(text.slice(0, at))
      ? `${text.slice(0, at)}%${hex}${text.slice(at + 1)}`
      : text;
  },
  (text) => text.replaceAll('%2B', '+').replaceAll('%2F', '_'),
  (text) => text.replaceAll('%2B', ' '),
  (text) => text.replace('RSA256', 'none'),
  (text) => text.replace(/signature=.*/, 'signature='),
  (text) => `${text},signature=`,
  (text, chance) =>
    text.replace(/[A-Za-z0-9](?=[A-Za-z0-9]{20})/g, (old) => (chance.below(200) === 0 ? 'A' : old)),
];

export const plusSubject: Subject = {
  reader: createAlipayPlusNotificationReader({
    account: (name) => ({
      name,
      clientId,
      gatewayUrl: 'http://127.0.0.1:9090',
      privateKey: plus.privateKey,
      walletPublicKey: plus.publicKey,
      notifyUrl: `http://127.0.0.1:8080${plusTarget}`,
    }),
    wallClock: () => new Date(0),
  }),
  originals: [
    plusWire(success, '1685599933871'),
    plusWire(
      { ...success, paymentAmount: { currency: 'JPY', value: '599' } },
      '2019-07-12T12:08:56.253+05:30',
    ),
    plusWire(JSON.stringify(success, null, 2), '2020-01-01 12:01:01 +08:30'),
    plusWire(plus.signatures.notification.body, '2023-06-01T14:12:30+08:00'),
  ],
  mutations: [
    changedBody,
    changedBody,
    changedBody,
    changedHeader('client-id'),
    changedHeader('request-time'),
    changedHeader('signature'),
    changedHeader('signature'),
    (wire, chance) => {
      const signature = chance.one(signatureMutations)(wire.headers['signature'] ?? '', chance);
      return { ...wire, headers: { ...wire.headers, signature } };
    },
    (wire, chance) => {
      const { [chance.one(Object.keys(wire.headers))]: _, ...headers } = wire.headers;
      return { ...wire, headers };
    },
    (wire, chance) => {
      const name = chance.one(['agent-token', 'encrypt', 'key-version', 'response-time', 'x-forwarded-for']);
      return { ...wire, headers: { ...wire.headers, [name]: changedText('x=1.2', chance) } };
    },
    // The joint between time and body, a point, goes to another point of what is signed.
    (wire, chance) => {
      const time = wire.headers['request-time'] ?? '';
      const text = `${time}.${Buffer.from(wire.body).toString('latin1')}`;
      const points = [...text].flatMap((character, index) => (character === '.' ? [index] : []));
      const at = chance.one(points.filter((index) => index !== time.length)) ?? text.length;
      return {
        ...wire,
        headers: { ...wire.headers, 'request-time': text.slice(0, at) },
        body: Buffer.from(text.slice(at + 1), 'latin1'),
      };
    },
    // The same JSON in other bytes.
    (wire, chance) => {
      try {
        const value: unknown = JSON.parse(Buffer.from(wire.body).toString());
        const text = JSON.stringify(value, null, chance.below(4));
        const escaped = chance.below(2) === 0 ? text : text.replace(/s/g, '\\u0073');
        return { ...wire, body: Buffer.from(escaped) };
      } catch {
        return wire;
      }
    },
  ],
  // Base64 decoders pass over what they do not know, so the text of the signature itself is compared.
  signedPart({ headers, body }) {
    const match = /^\s*algorithm=RSA256, *(?:keyVersion=\d{1,9}, *)?signature=(\S+)\s*$/.exec(
      headers['signature'] ?? '',
    );
    if (match === null) return null;
    let signature: string;
    try {
      signature = decodeURIComponent(match[1] ?? '');
    } catch {
      return null;
    }
    const named = ['client-id', 'request-time'].map((name) => (headers[name] ?? '').trim());
    return JSON.stringify([...named, signature, createHash('sha256').update(body).digest('hex')]);
  },
};

/* Open Platform */

const appId = '2021000000000001';
const openTarget = '/notify/alipay_open/sandbox';

function openWire(values: Record<string, string>, charset: 'utf-8' | 'gbk' = 'utf-8'): Wire {
  const body = printNotification(values, { key: open.privateKey, signType: 'RSA2', charset }) ?? '';
  return { target: openTarget, headers: {}, body: Buffer.from(body) };
}

const trade = {
  notify_type: 'trade_status_sync',
  app_id: appId,
  out_trade_no: 'P1',
  trade_no: '2026011522001409001400000001',
  trade_status: 'TRADE_SUCCESS',
  total_amount: '88.88',
  subject: '测试 100%纯棉+T恤&袜子',
  gmt_payment: '2026-01-15 10:20:39',
};

/** A form's fields as they stand between ampersands. */
function pairsOf(wire: Wire): string[] {
  return Buffer.from(wire.body).toString('latin1').split('&');
}

function withPairs(wire: Wire, pairs: readonly string[]): Wire {
  return { ...wire, body: Buffer.from(pairs.join('&'), 'latin1') };
}

export const openSubject: Subject = {
  reader: createAlipayOpenNotificationReader({
    account: (name) => ({
      name,
      appId,
      gatewayUrl: 'http://127.0.0.1:9090/gateway.do',
      privateKey: open.privateKey,
      walletPublicKey: open.publicKey,
    }),
  }),
  originals: [
    openWire(trade),
    openWire({ ...trade, trade_status: 'TRADE_FINISHED', refund_fee: '1.00', out_biz_no: 'R1' }),
    openWire({ ...trade, trade_status: 'WAIT_BUYER_PAY' }),
    openWire(trade, 'gbk'),
    { target: openTarget, headers: {}, body: Buffer.from(open.signatures.notification.body) },
  ],
  mutations: [
    changedBody,
    changedBody,
    changedBody,
    changedBody,
    (wire, chance) => {
      const pairs = pairsOf(wire);
      return withPairs(
        wire,
        chance.below(2) === 0 ? pairs.toReversed() : [...pairs.slice(3), ...pairs.slice(0, 3)],
      );
    },
    (wire, chance) =>
      withPairs(
        wire,
        pairsOf(wire).filter((_, index) => index !== chance.below(12)),
      ),
    (wire, chance) => withPairs(wire, [...pairsOf(wire), chance.one(pairsOf(wire))]),
    (wire, chance) =>
      withPairs(wire, [...pairsOf(wire), chance.one(['x=1', 'x=', '', 'x', 'total_amount=0.01'])]),
    (wire) =>
      withPairs(
        wire,
        pairsOf(wire).map((pair) => pair.replace(/%../g, (hex) => hex.toLowerCase())),
      ),
    (wire) =>
      withPairs(
        wire,
        pairsOf(wire).map((pair) => pair.replaceAll('+', '%20')),
      ),
    (wire, chance) => {
      const name = chance.one([
        'sign_type',
        'charset',
        'trade_status',
        'app_id',
        'total_amount',
        'out_trade_no',
      ]);
      const value = chance.one([
        'RSA',
        'RSA2',
        'gbk',
        'gb2312',
        'utf-8',
        'TRADE_SUCCESS',
        '2021000000000002',
        '0.01',
        '',
      ]);
      return withPairs(
        wire,
        pairsOf(wire).map((pair) => (pair.startsWith(`${name}=`) ? `${name}=${value}` : pair)),
      );
    },
    // Two fields grow together, and one falls apart, at the joints of what is signed.
    (wire, chance) => {
      const pairs = pairsOf(wire);
      const at = chance.below(pairs.length - 1);
      const joined = `${pairs[at]}%26${(pairs[at + 1] ?? '').replace('=', '%3D')}`;
      return withPairs(wire, pairs.toSpliced(at, 2, joined));
    },
    (wire) =>
      withPairs(
        wire,
        pairsOf(wire).flatMap((pair) => pair.split(/%26/)),
      ),
  ],
  signedPart({ body }) {
    const fields = new Map<string, string>();
    for (const pair of Buffer.from(body).toString('latin1').split('&')) {
      const [name = '', value = ''] = pair.split(/=(.*)/s).map(formDecoded);
      if (name === '') continue;
      if (fields.has(name)) return null;
      fields.set(name, value);
    }
    // Unsigned, but it can only weaken, and then it is refused.
    if (fields.get('sign_type') === 'RSA2') fields.delete('sign_type');
    return JSON.stringify(
      [...fields].filter(([, value]) => value !== '').sort(([a], [b]) => (a < b ? -1 : 1)),
    );
  },
};

function formDecoded(text: string): string {
  return text
    .replaceAll('+', ' ')
    .replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
