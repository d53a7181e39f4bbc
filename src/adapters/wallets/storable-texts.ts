import type { WalletGateway } from '../../ports/wallet.ts';
import type { NotificationReader } from '../../ports/wallet-notifications.ts';

/*
 * What a wallet writes is kept: its words, codes and ids end up in the database, in events and in messages. A text with a
 * NUL or half of a surrogate pair (a message cut inside an emoji is enough) can be stored by none of them, so the payment
 * that it speaks of could never be recorded again. It is made storable once, here, for every wallet; the bytes that are
 * verified are not touched.
 */

/** A wallet whose answers hold only texts that can be kept. RES-13. */
export function withStorableTexts(gateway: WalletGateway): WalletGateway {
  return {
    pay: async (request, limit) => storable(await gateway.pay(request, limit)),
    inquire: async (payment, limit) => storable(await gateway.inquire(payment, limit)),
    cancel: async (payment, limit) => storable(await gateway.cancel(payment, limit)),
    refund: async (request, limit) => storable(await gateway.refund(request, limit)),
    inquireRefund: async (request, limit) => storable(await gateway.inquireRefund(request, limit)),
  };
}

/** The same for a wallet's notifications. */
export function readingStorableTexts(reader: NotificationReader): NotificationReader {
  return {
    read: (account, received) => storable(reader.read(account, received)),
    reply: (account, received, accepted) => reader.reply(account, received, accepted),
  };
}

/** The value with every text in it made storable; bytes, dates and numbers stay as they are. */
function storable<Value>(value: Value): Value {
  return cleaned(value) as Value;
}

function cleaned(value: unknown): unknown {
  if (typeof value === 'string') return value.toWellFormed().replace(/\p{Cc}/gu, ' ');
  if (value === null || typeof value !== 'object' || value instanceof Uint8Array || value instanceof Date) {
    return value;
  }
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, cleaned(member)]));
}
