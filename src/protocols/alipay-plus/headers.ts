import { type Unreadable, unreadable } from './unreadable.ts';

/** Headers by lower-case name, as servers and clients of Node give them. */
export type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

/** `request-time` of requests and notifications, `response-time` of answers and acknowledgements. */
export type TimeHeader = 'request-time' | 'response-time';

/** What the headers of a message say of it. Other headers, `encrypt` among them, mean nothing. */
export interface Head {
  readonly kind: 'head';
  /** `null` when it is missing; an answer repeats its caller's. */
  readonly clientId: string | null;
  /** The text as sent: it is signed, and never parsed for that. */
  readonly time: string;
  /** `null` when the message is not signed. */
  readonly signature: string | null;
  /** The authorised merchant's token, with a provider's calls; one library sends it empty, which is none. */
  readonly agentToken: string | null;
}

/**
 * Reads the headers of a message. A time holds nothing but what times are written with: otherwise the beginning of a
 * body could be moved into it, and the rest would still be signed.
 */
export function readHead(headers: Headers, timeHeader: TimeHeader): Head | Unreadable {
  const read = ['client-id', timeHeader, 'signature', 'agent-token'].map((name) => {
    const value = Object.hasOwn(headers, name) ? headers[name] : undefined;
    return typeof value === 'string' || value === undefined ? (value ?? '').trim() || null : undefined;
  });
  if (read.includes(undefined)) return unreadable('a header occurs twice');
  const [clientId = null, time = null, signature = null, agentToken = null] = read;
  if (time === null) return unreadable(`no ${timeHeader}`);
  if (!/^[\w:+. -]{1,64}$/.test(time)) return unreadable(`${timeHeader} is no time`);
  return { kind: 'head', clientId, time, signature, agentToken };
}

export interface HeadToPrint {
  readonly clientId: string;
  readonly time: string;
  /** Value of the signature header. */
  readonly signature: string;
  readonly agentToken?: string | undefined;
}

/** Names in lower case: one official library looks for no others. An empty agent token is not sent. */
export function printHead(head: HeadToPrint, timeHeader: TimeHeader): Readonly<Record<string, string>> {
  const { clientId, time, signature } = head;
  const agentToken = head.agentToken ?? '';
  return {
    'content-type': 'application/json; charset=UTF-8',
    'client-id': clientId,
    [timeHeader]: time,
    signature,
    ...(agentToken === '' ? {} : { 'agent-token': agentToken }),
  };
}
