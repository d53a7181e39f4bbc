import type { App, Apps } from '../apps.ts';
import { type JsonObject, parseJsonObject } from '../json.ts';
import { type Fields, type PublicCode, printNode, Refused } from './answers.ts';
import { parseChinaTime } from './china-time.ts';
import { type Charset, decodeBytes, type Form, isCharset } from './form.ts';
import { isSignedBy, type SignType, signBytes, signingBytes } from './signing.ts';

export const methods = [
  'alipay.trade.pay',
  'alipay.trade.query',
  'alipay.trade.cancel',
  'alipay.trade.refund',
  'alipay.trade.fastpay.refund.query',
  'alipay.trade.precreate',
  'alipay.trade.create',
  'alipay.trade.close',
] as const;
export type Method = (typeof methods)[number];

/** What an answer needs to know of its request. */
export interface AnswerForm {
  /** Name of the member that holds the answer. */
  readonly node: string;
  readonly charset: Charset;
  readonly signType: SignType;
  /** Signs the answer; without a known app there is no key, and the answer goes unsigned as the real gateway's does. */
  readonly app: App | null;
}

export interface CheckedCall {
  readonly app: App;
  readonly method: Method;
  readonly biz: JsonObject;
  readonly bizContent: string;
  readonly notifyUrl: string | null;
}

export type Checked = { readonly answerForm: AnswerForm } & (
  | { readonly call: CheckedCall }
  | { readonly refusal: Refused }
);

/** Checks in the real gateway's order: app_id, method, signature, then the other common parameters, then biz_content. */
export function checkEnvelope(form: Form, apps: Apps): Checked {
  const charsetText = (form.get('charset') ?? '').toLowerCase();
  const charset = isCharset(charsetText) ? charsetText : 'utf-8';
  const text = (name: string): string => decodeBytes(form.get(name) ?? '', charset);
  const methodText = text('method');
  const app = apps.find(text('app_id')) ?? null;
  const answerForm: AnswerForm = {
    node: /^[a-z][a-z0-9.]{0,127}$/.test(methodText)
      ? `${methodText.replaceAll('.', '_')}_response`
      : 'error_response',
    charset,
    signType: text('sign_type') === 'RSA' ? 'RSA' : 'RSA2',
    app,
  };
  try {
    if (text('app_id') === '') throw missing('isv.missing-app-id', 'app_id');
    if (app === null) throw invalid('isv.invalid-app-id', '无效的AppID参数');
    const method = methodOf(methodText);
    checkSignature(form, app, charset);
    checkCommon(form, text, charsetText, app);
    const bizContent = text('biz_content');
    return {
      answerForm,
      call: { app, method, biz: bizOf(bizContent), bizContent, notifyUrl: notifyUrlOf(text) },
    };
  } catch (error) {
    if (error instanceof Refused) return { answerForm, refusal: error };
    throw error;
  }
}

function missing(subCode: string, name: string): Refused {
  return new Refused('40001', subCode, `缺少${name}参数`);
}

function invalid(subCode: string, message: string, code: PublicCode = '40002'): Refused {
  return new Refused(code, subCode, message);
}

function methodOf(text: string): Method {
  if (text === '') throw missing('isv.missing-method', 'method');
  const method = methods.find((one) => one === text);
  if (method === undefined) throw invalid('isv.invalid-method', '不存在的方法名');
  return method;
}

function checkSignature(form: Form, app: App, charset: Charset): void {
  const sign = form.get('sign') ?? '';
  const signType = form.get('sign_type') ?? '';
  if (sign === '') throw missing('isv.missing-signature', '签名');
  if (signType === '') throw missing('isv.missing-signature-type', '签名类型');
  if (signType !== 'RSA2' && signType !== 'RSA')
    throw invalid('isv.invalid-signature-type', '无效的签名类型');
  const bytes = signingBytes(form);
  const keys = [app.publicKey, ...app.furtherKeys.values()];
  if (keys.some((key) => isSignedBy(bytes, sign, key, signType))) return;
  // Shows the caller what was signed here, which is how a wrong string is usually found.
  const shown = htmlEscaped(decodeBytes(bytes.toString('latin1'), charset));
  throw invalid(
    'isv.invalid-signature',
    `验签出错，请检查签名字符串或签名私钥与应用公钥是否匹配，网关生成的验签字符串为：${shown}`,
  );
}

function checkCommon(form: Form, text: (name: string) => string, charsetText: string, app: App): void {
  if (text('timestamp') === '') throw missing('isv.missing-timestamp', '时间戳');
  if (text('timestamp').length !== 19 || parseChinaTime(text('timestamp')) === null) {
    throw invalid('isv.invalid-timestamp', '非法的时间戳参数');
  }
  if (!isCharset(charsetText)) throw invalid('isv.invalid-charset', '字符集错误');
  if (text('version') === '') throw missing('isv.missing-version', '版本');
  if (text('version') !== '1.0') throw invalid('isv.invalid-parameter', '无效的version参数');
  if (form.has('format') && text('format').toUpperCase() !== 'JSON')
    throw invalid('isv.invalid-format', '无效的数据格式');
  if (text('encrypt_type') !== '') throw invalid('isv.invalid-encrypt-type', '无效的加密类型');
  const token = text('app_auth_token');
  if (token !== '' && !app.authTokens.includes(token)) {
    throw invalid('aop.invalid-app-auth-token', '无效的应用授权令牌', '20001');
  }
}

function notifyUrlOf(text: (name: string) => string): string | null {
  const url = text('notify_url');
  if (url.length > 256) throw invalid('isv.invalid-parameter', 'notify_url 长度超过 256');
  return url === '' ? null : url;
}

function bizOf(bizContent: string): JsonObject {
  if (bizContent === '') throw invalid('isv.invalid-parameter', '缺少biz_content参数');
  const biz = parseJsonObject(bizContent);
  if (biz === null) throw invalid('isv.illegal-json', 'biz_content 不是合法的 JSON 对象');
  return biz;
}

function htmlEscaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

/** An answer whose bytes are fixed; `sign` is on its way and `null` where none is sent. */
export interface SignedNode {
  readonly answerForm: AnswerForm;
  readonly raw: string;
  readonly sign: Promise<string> | null;
}

/**
 * Prints the node and starts to sign exactly those bytes. Signing needs no commit, so it may run while the disk is written; only the
 * answer must wait for both. `signedText` other than the printed one makes a signature that does not fit.
 */
export function signNode(answerForm: AnswerForm, fields: Fields, signedText?: string): SignedNode {
  const raw = printNode(fields, answerForm.charset !== 'utf-8');
  const { app, signType } = answerForm;
  if (app === null) return { answerForm, raw, sign: null };
  const sign = signBytes(Buffer.from(signedText ?? raw), app.walletPrivateKey, signType);
  // An answer may be given up before it is sent; who awaits the signature still sees a failure.
  sign.catch(() => undefined);
  return { answerForm, raw, sign };
}

/** The body: node first, then sign, nothing between the separators, as clients search the text for them. */
export async function printBody({ answerForm, raw, sign }: SignedNode): Promise<string> {
  const node = `{"${answerForm.node}":${raw}`;
  return sign === null ? `${node}}` : `${node},"sign":"${await sign}"}`;
}
