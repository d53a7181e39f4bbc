import type { KeyObject } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { ReceivedRequest } from '../delivery.ts';
import { type JsonObject, parseJsonObject } from '../json.ts';
import type { AmsClient, AmsClients } from './clients.ts';
import { AmsRefused } from './results.ts';
import { isSignatureOf, keyVersionOf, readSignatureHeader, signingContent } from './signing.ts';

export const amsApis = [
  'payments/pay',
  'payments/inquiryPayment',
  'payments/cancel',
  'payments/refund',
  'payments/inquiryRefund',
  'merchants/registration',
  'merchants/inquiryRegistrationStatus',
  'merchants/inquiryRegistrationInfo',
] as const;
export type AmsApi = (typeof amsApis)[number];

/** What an answer needs to know of its request: it is signed over the path as it was received. */
export interface AnswerForm {
  readonly path: string;
  /** As the caller gave it, known or not. */
  readonly clientId: string;
  /** Signs the answer; for an unknown client there is no key, and the answer goes unsigned as the real one may. */
  readonly client: AmsClient | null;
}

export interface CheckedCall {
  readonly api: AmsApi;
  readonly client: AmsClient;
  readonly body: JsonObject;
  readonly bodyText: string;
  readonly baseUrl: string;
}

export type Checked = { readonly answerForm: AnswerForm } & (
  | { readonly call: CheckedCall }
  | { readonly refusal: AmsRefused }
);

const apiPath = /^\/ams(?:\/sandbox)?\/api\/v1\/(\w+\/\w+)$/;

/** Checks method, path, content type, client and signature, then that the body is a JSON object. Both prefixes are served alike. */
export function checkEnvelope(request: ReceivedRequest, clients: AmsClients): Checked {
  const mark = request.target.indexOf('?');
  const path = mark < 0 ? request.target : request.target.slice(0, mark);
  const clientId = headerOf(request.headers, 'client-id');
  const client = clients.find(clientId) ?? null;
  const answerForm: AnswerForm = { path, clientId, client };
  try {
    const apiText = apiPath.exec(path)?.[1];
    const api = amsApis.find((one) => one === apiText);
    if (api === undefined) throw new AmsRefused('NO_INTERFACE_DEF', path);
    if (request.method !== 'POST') throw new AmsRefused('METHOD_NOT_SUPPORTED');
    checkContentType(headerOf(request.headers, 'content-type'));
    if (client === null) throw new AmsRefused('INVALID_CLIENT', clientId);
    checkSignature(request, path, client);
    const bodyText = request.body.toString();
    const body = parseJsonObject(bodyText);
    if (body === null) throw new AmsRefused('PARAM_ILLEGAL', 'the body is no JSON object');
    return { answerForm, call: { api, client, body, bodyText, baseUrl: baseUrlOf(request.headers) } };
  } catch (error) {
    if (error instanceof AmsRefused) return { answerForm, refusal: error };
    throw error;
  }
}

function headerOf(headers: IncomingHttpHeaders, name: string): string {
  const value = headers[name];
  return typeof value === 'string' ? value : '';
}

/** May be left out; the charset is UTF-8. */
function checkContentType(text: string): void {
  if (text !== '' && !/^application\/json\s*(;\s*charset\s*=\s*"?utf-?8"?\s*)?;?$/i.test(text))
    throw new AmsRefused('MEDIA_TYPE_NOT_ACCEPTABLE', text);
}

/** Over the raw bytes and the time as it stands. The path is tried with its query first, as the documents say, then without. */
function checkSignature({ headers, target, body }: ReceivedRequest, path: string, client: AmsClient): void {
  const time = headerOf(headers, 'request-time');
  if (time === '') throw new AmsRefused('PARAM_ILLEGAL', 'the header request-time is missing');
  const signature = readSignatureHeader(headerOf(headers, 'signature'));
  const key = keyOfVersion(client, keyVersionOf(headerOf(headers, 'signature')));
  const holds = (over: string): boolean =>
    signature !== null && isSignatureOf(signingContent(over, client.clientId, time, body), signature, key);
  if (!holds(target) && !(target !== path && holds(path))) throw new AmsRefused('INVALID_SIGNATURE');
}

/** A client that has had one key alone may call it what it likes. */
function keyOfVersion({ publicKey, furtherKeys }: AmsClient, version: number | null): KeyObject {
  if (furtherKeys.size === 0) return publicKey;
  const asked = version ?? Math.max(...furtherKeys.keys());
  const key = furtherKeys.get(asked) ?? (asked === 1 ? publicKey : undefined);
  if (key === undefined) throw new AmsRefused('KEY_NOT_FOUND', `key version ${asked}`);
  return key;
}

/** Where the caller has reached this simulator is where its payers do. */
function baseUrlOf(headers: IncomingHttpHeaders): string {
  const host = headerOf(headers, 'host');
  return `http://${/^[0-9A-Za-z.:[\]-]+$/.test(host) ? host : '127.0.0.1'}`;
}
