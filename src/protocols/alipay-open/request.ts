import type { KeyObject } from 'node:crypto';
import { type Charset, decodeText, encodeText, readCharset } from './charset.ts';
import { type FormFields, printForm, readForm } from './form.ts';
import { readSignType, type SignType, signContent, signingContent, verifyContent } from './signature.ts';
import { type Unreadable, unreadable } from './unreadable.ts';
import { printWireTime } from './wire-time.ts';

/** The parameters that every request has, beside its `biz_content`. */
export interface CommonParameters {
  readonly appId: string;
  readonly method: string;
  readonly charset: Charset;
  readonly signType: SignType;
  /** Wire timestamp; the platform only looks at its form. */
  readonly timestamp: Date;
  readonly notifyUrl?: string | undefined;
  /** The token of whoever authorised this application to act for them. */
  readonly appAuthToken?: string | undefined;
  /** Set when `bizContent` has been encrypted. */
  readonly encryptType?: 'AES' | undefined;
}

export interface UnsignedRequest {
  readonly signType: SignType;
  /** Exactly the bytes to sign. */
  readonly content: Uint8Array;
  readonly common: FormFields;
  readonly business: FormFields;
}

/**
 * A request ready to be signed. Empty parameters are never sent: some verifiers leave them out, others do not.
 * @throws RangeError when the charset cannot write one of the characters, which is ours to have checked.
 */
export function composeRequest(parameters: CommonParameters, bizContent: string): UnsignedRequest {
  const { charset } = parameters;
  const common = encodedFields(charset, {
    app_id: parameters.appId,
    method: parameters.method,
    format: 'JSON',
    charset,
    sign_type: parameters.signType,
    timestamp: printWireTime(parameters.timestamp),
    version: '1.0',
    notify_url: parameters.notifyUrl,
    app_auth_token: parameters.appAuthToken,
    encrypt_type: parameters.encryptType,
  });
  const business = encodedFields(charset, { biz_content: bizContent });
  const content = signingContent([...common, ...business], ['sign']);
  return { signType: parameters.signType, content, common, business };
}

export interface PrintedRequest {
  /** Common parameters and signature, as the official libraries lay them out. */
  readonly query: string;
  /** Business parameters, `application/x-www-form-urlencoded`. */
  readonly body: string;
}

/** The request on the wire; `sign` is the signature of its `content`. */
export function printRequest(request: UnsignedRequest, sign: string): PrintedRequest {
  return {
    query: printForm([...request.common, ['sign', Buffer.from(sign, 'latin1')]]),
    body: printForm(request.business),
  };
}

/** Composes, signs and prints in one go. */
export function signRequest(
  parameters: CommonParameters,
  bizContent: string,
  key: KeyObject,
): PrintedRequest {
  const request = composeRequest(parameters, bizContent);
  return printRequest(request, signContent(request.content, key, request.signType));
}

/** A request as received, its signature not yet looked at. */
export interface ReceivedRequest {
  readonly kind: 'request';
  readonly appId: string;
  readonly method: string;
  readonly charset: Charset;
  readonly signType: SignType;
  readonly sign: string;
  /** Every parameter as text, decoded once. `biz_content` is used as it stands, never parsed and printed again. */
  readonly parameters: ReadonlyMap<string, string>;
  readonly fields: FormFields;
}

/**
 * Reads a request from its query string and body, which are one set of parameters: official libraries put the
 * common ones into the query, others everything into the body. A parameter that is missing or wrong is named as
 * the platform names it (`isv.missing-app-id` and so on).
 */
export function readRequest(query: Uint8Array, body: Uint8Array): ReceivedRequest | Unreadable {
  const form = readForm(query, body);
  if (form.kind === 'unreadable') return form;
  const named = (name: string) => Buffer.from(form.fields.get(name) ?? []).toString('latin1');

  const charset = readCharset(named('charset') === '' ? 'utf-8' : named('charset'));
  if (charset === null) return unreadable('isv.invalid-charset');
  const parameters = new Map<string, string>();
  for (const [name, bytes] of form.fields) {
    const text = decodeText(charset, bytes);
    if (text === null) return unreadable(`${name} is not ${charset}`);
    parameters.set(name, text);
  }
  const [appId, method, sign] = [named('app_id'), named('method'), named('sign')];
  if (appId === '') return unreadable('isv.missing-app-id');
  if (method === '') return unreadable('isv.missing-method');
  if (sign === '') return unreadable('isv.missing-signature');
  if (named('sign_type') === '') return unreadable('isv.missing-signature-type');
  const signType = readSignType(named('sign_type'));
  if (signType === null) return unreadable('isv.invalid-signature-type');
  return { kind: 'request', appId, method, charset, signType, sign, parameters, fields: form.fields };
}

/**
 * Whether the key's owner signed this request, over the parameters that arrived. Libraries disagree on whether
 * an empty parameter belongs to the content, so both readings are tried; neither changes a parameter with a value.
 */
export function verifyRequest(request: ReceivedRequest, key: KeyObject): boolean {
  return [false, true].some((keepEmpty) =>
    verifyContent(signingContent(request.fields, ['sign'], keepEmpty), request.sign, key, request.signType),
  );
}

function encodedFields(charset: Charset, texts: Readonly<Record<string, string | undefined>>): FormFields {
  const fields = new Map<string, Uint8Array>();
  for (const [name, text] of Object.entries(texts)) {
    if (text === undefined || text === '') continue;
    const bytes = encodeText(charset, text);
    if (bytes === null) throw new RangeError(`${name} has a character that ${charset} cannot write`);
    fields.set(name, bytes);
  }
  return fields;
}
