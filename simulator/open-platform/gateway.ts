import type { Apps } from '../apps.ts';
import type { Delivery } from '../delivery.ts';
import type { CalledApi, CallFault, DrawnFault, FaultName, FaultRecords } from '../faults.ts';
import { ControlRefused, type JsonObject, parseJsonObject } from '../json.ts';
import type { LateArrival, LateArrivalRecords } from '../late-arrivals.ts';
import type { NotificationOutbox } from '../notifications/outbox.ts';
import type { RequestLog } from '../request-log.ts';
import type { Journal } from '../storage.ts';
import { answered, type Fields, Refused, refusalFields } from './answers.ts';
import { cancel, close } from './cancel.ts';
import {
  type AnswerForm,
  type CheckedCall,
  checkEnvelope,
  type Method,
  methods,
  printBody,
  type SignedNode,
  signNode,
} from './envelope.ts';
import { parseForm } from './form.ts';
import { query, queryRefund } from './inquiry.ts';
import { notifiesPaymentCodes } from './notification.ts';
import { create, pay, precreate } from './pay.ts';
import { payerActions } from './payer-actions.ts';
import { refund } from './refund.ts';
import type { Books, Call } from './trades.ts';

/** `/gateway.do`. */
export interface Gateway {
  /** Query and body as byte strings. Everything the answer says is on disk before the promise resolves. */
  answer(query: string, body: string): Promise<Delivery>;
  /** Sets the timers of calls that were still under way when the last process ended. */
  resume(): void;
  /** Stops the timers; what they were set for stays on disk. */
  stop(): void;
}

export interface GatewayParts {
  readonly journal: Journal;
  readonly books: Books;
  readonly apps: Apps;
  readonly faults: FaultRecords;
  readonly lateArrivals: LateArrivalRecords;
  readonly outbox: Pick<NotificationOutbox, 'sendNow'>;
  readonly log: RequestLog;
  readonly now: () => number;
}

interface MethodRules {
  readonly api: CalledApi;
  readonly carryOut: (books: Books, call: Call) => Fields;
  /** Members that a refusal of this method carries as well. */
  readonly refusalExtras: Fields;
}

const zeroAmounts = {
  buyer_pay_amount: '0.00',
  invoice_amount: '0.00',
  point_amount: '0.00',
  receipt_amount: '0.00',
};

const methodRules = {
  'alipay.trade.pay': { api: 'pay', carryOut: pay, refusalExtras: zeroAmounts },
  'alipay.trade.create': { api: 'pay', carryOut: create, refusalExtras: {} },
  'alipay.trade.precreate': { api: 'pay', carryOut: precreate, refusalExtras: {} },
  'alipay.trade.query': { api: 'inquiry', carryOut: query, refusalExtras: zeroAmounts },
  'alipay.trade.fastpay.refund.query': { api: 'inquiry', carryOut: queryRefund, refusalExtras: {} },
  'alipay.trade.cancel': { api: 'cancel', carryOut: cancel, refusalExtras: {} },
  'alipay.trade.close': { api: 'cancel', carryOut: close, refusalExtras: {} },
  'alipay.trade.refund': {
    api: 'refund',
    carryOut: refund,
    refusalExtras: { refund_fee: '0.00', send_back_fee: '0.00' },
  },
} as const satisfies Record<Method, MethodRules>;

/** What the payer of a cancelled order code does, among the late arrivals (fault `late_success_after_cancel`). */
const scanAndPay = 'scan and pay';

/** What one transaction decided; carried to the caller after the commit. */
interface Decided {
  readonly fault: DrawnFault | null;
  /** What the wallet did; `null` when the call was not carried out now. */
  readonly fields: Fields | null;
  readonly signed: SignedNode | null;
  readonly late: LateArrival | null;
}

/** A late arrival that has been carried out. */
interface LoggedArrival {
  readonly appId: string;
  readonly method: string;
  readonly biz: JsonObject;
  /** `null`: no call, but something that the payer did. */
  readonly fields: Fields | null;
  readonly fault: CallFault;
}

const errorPage =
  '<html><head><title>500 Internal Server Error</title></head><body><h1>500 Internal Server Error</h1></body></html>';

export function openPlatform({
  journal,
  books,
  apps,
  faults,
  lateArrivals,
  outbox,
  log,
  now,
}: GatewayParts): Gateway {
  const payer = payerActions(books, apps);
  const timers = new Map<number, NodeJS.Timeout>();

  /**
   * `paying` asks for a password, which only pay knows; `not_found_first` needs a trade that an inquiry could find; a notification before
   * the answer needs one to send; and a payer who pays after a cancel needs an order code that the cancel cannot know.
   */
  function fitsCall({ method, app, biz, notifyUrl }: CheckedCall): (fault: CallFault) => boolean {
    return (fault) => {
      switch (fault) {
        case 'paying':
          return method === 'alipay.trade.pay';
        case 'not_found_first':
          return method === 'alipay.trade.pay' || method === 'alipay.trade.create';
        case 'notification_before_answer': {
          const isTold = notifyUrl !== null && notifiesPaymentCodes(books.settingsFor(app));
          return method === 'alipay.trade.pay' && isTold;
        }
        case 'late_success_after_cancel': {
          const outTradeNo = typeof biz['out_trade_no'] === 'string' ? biz['out_trade_no'] : '';
          const isUnscanned = books.trades.find(app.appId, outTradeNo) === undefined;
          const code = books.trades.orderCode(app.appId, outTradeNo);
          return method === 'alipay.trade.cancel' && isUnscanned && code !== undefined;
        }
        default:
          return true;
      }
    };
  }

  function carryOut(method: Method, call: Call): Fields {
    const rules: MethodRules = methodRules[method];
    try {
      return rules.carryOut(books, call);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      const outTradeNo = call.biz['out_trade_no'];
      return {
        ...refusalFields(error),
        ...(typeof outTradeNo === 'string' ? { out_trade_no: outTradeNo } : {}),
        ...rules.refusalExtras,
      };
    }
  }

  function decide(checked: CheckedCall, answerForm: AnswerForm): Decided {
    const { method, app, biz, bizContent, notifyUrl } = checked;
    const nowMs = now();
    const fault = faults.draw('alipay_open', methodRules[method].api, fitsCall(checked));
    if (fault?.fault === 'not_processed') return { fault, fields: null, signed: null, late: null };
    if (fault?.fault === 'arrives_late') {
      const late = { dueAtMs: nowMs + fault.delayMs, appId: app.appId, method, bizContent, notifyUrl };
      return { fault, fields: null, signed: null, late: lateArrivals.add(late) };
    }
    const payerMustConfirm = fault?.fault === 'paying';
    const fields = carryOut(method, { app, biz, bizContent, notifyUrl, nowMs, payerMustConfirm });
    if (fault?.fault === 'not_found_first') hideTrade(app.appId, biz['out_trade_no']);
    const late =
      fault?.fault === 'late_success_after_cancel'
        ? lateArrivals.add({
            dueAtMs: nowMs + fault.delayMs,
            appId: app.appId,
            method: scanAndPay,
            bizContent,
            notifyUrl,
          })
        : null;
    return { fault, fields, signed: signedAnswer(answerForm, fields, fault), late };
  }

  function hideTrade(appId: string, outTradeNo: unknown): void {
    const trade = typeof outTradeNo === 'string' ? books.trades.find(appId, outTradeNo) : undefined;
    if (trade !== undefined) books.trades.update({ ...trade, hiddenInquiries: 2 });
  }

  function schedule(arrival: LateArrival): void {
    const timer = setTimeout(
      () => {
        timers.delete(arrival.id);
        arrive(arrival.id).catch((error: unknown) => {
          process.stderr.write(`a late arrival failed and stays on disk: ${error}\n`);
        });
      },
      Math.max(0, arrival.dueAtMs - now()),
    );
    timers.set(arrival.id, timer);
  }

  async function arrive(id: number): Promise<void> {
    const logged = await journal.submit((): LoggedArrival | null => {
      const arrival = lateArrivals.take(id);
      if (arrival?.method === scanAndPay) return payAfterCancel(arrival);
      const app = arrival && apps.find(arrival.appId);
      const method = methods.find((one) => one === arrival?.method);
      if (arrival === undefined || app === undefined || method === undefined) return null;
      const { bizContent, notifyUrl } = arrival;
      const biz = parseJsonObject(bizContent) ?? {};
      const fields = carryOut(method, {
        app,
        biz,
        bizContent,
        notifyUrl,
        nowMs: now(),
        payerMustConfirm: false,
      });
      return { appId: app.appId, method, biz, fields, fault: 'arrives_late' };
    });
    if (logged !== null)
      addToLog(logged.appId, logged.method, logged.biz['out_trade_no'], logged.fault, logged.fields);
  }

  /** An order code that has expired meanwhile is refused on the phone. */
  function payAfterCancel({ appId, bizContent }: LateArrival): LoggedArrival {
    const biz = parseJsonObject(bizContent) ?? {};
    const outTradeNo = String(biz['out_trade_no']);
    try {
      payer.scan(outTradeNo, appId, 'sandbox-payer', now());
      payer.confirm(outTradeNo, appId, now());
    } catch (error) {
      if (!(error instanceof ControlRefused)) throw error;
    }
    return { appId, method: scanAndPay, biz, fields: null, fault: 'late_success_after_cancel' };
  }

  function addToLog(
    appId: string | null,
    method: string | null,
    outTradeNo: unknown,
    fault: FaultName | null,
    fields: Fields | null,
  ): void {
    const text = (value: unknown): string | null => (typeof value === 'string' ? value.slice(0, 128) : null);
    log.add({
      atMs: now(),
      appId,
      method: text(method),
      outTradeNo: text(outTradeNo),
      fault,
      code: text(fields?.['code']),
      subCode: text(fields?.['sub_code']),
    });
  }

  return {
    async answer(queryText, bodyText) {
      const form = parseForm(queryText, bodyText);
      const checked = checkEnvelope(form, apps);
      if ('refusal' in checked) {
        const fields = refusalFields(checked.refusal);
        addToLog(form.get('app_id') ?? null, form.get('method') ?? null, null, null, fields);
        return answerOf(checked.answerForm, await printBody(signNode(checked.answerForm, fields)));
      }
      const { call, answerForm } = checked;
      const decided = await journal.submit(() => decide(call, answerForm));
      if (decided.late !== null) schedule(decided.late);
      const fault = decided.fault?.fault ?? null;
      const outTradeNo = call.biz['out_trade_no'];
      addToLog(call.app.appId, call.method, outTradeNo, fault, decided.fields);
      if (fault === 'notification_before_answer' && typeof outTradeNo === 'string')
        await outbox.sendNow(outTradeNo);
      return deliver(decided);
    },
    resume() {
      for (const arrival of lateArrivals.all()) schedule(arrival);
    },
    stop() {
      for (const timer of timers.values()) clearTimeout(timer);
      timers.clear();
    },
  };
}

/** The answer to be sent under that fault, its signature begun; `null` where none will be. */
function signedAnswer(answerForm: AnswerForm, fields: Fields, fault: DrawnFault | null): SignedNode | null {
  const name = fault?.fault;
  switch (name) {
    case undefined:
    case 'delay':
    case 'paying':
    case 'truncated':
    case 'notification_before_answer':
    case 'late_success_after_cancel':
      return signNode(answerForm, fields);
    case 'bad_signature':
      return signNode(answerForm, fields, JSON.stringify({ ...fields, code: '99999' }));
    case 'system_error': {
      const unknown = { sub_code: 'isp.unknow-error', sub_msg: '系统繁忙' };
      return signNode(answerForm, answered('20000', unknown));
    }
    case 'no_answer':
    case 'not_processed':
    case 'arrives_late':
    case 'reset':
    case 'http_500':
    case 'not_found_first':
      return null;
    default:
      return name satisfies never;
  }
}

async function deliver({ fault, signed }: Decided): Promise<Delivery> {
  if (signed !== null) {
    const body = await printBody(signed);
    const afterMs = fault?.fault === 'delay' ? fault.delayMs : 0;
    const sent = fault?.fault === 'truncated' ? body.slice(0, Math.floor(body.length / 2)) : body;
    return { ...answerOf(signed.answerForm, sent), afterMs };
  }
  switch (fault?.fault) {
    case 'http_500':
      return {
        how: 'answer',
        status: 500,
        contentType: 'text/html;charset=utf-8',
        body: errorPage,
        afterMs: 0,
      };
    case 'arrives_late':
      return { how: 'drop' };
    case 'reset':
      return { how: 'reset' };
    default:
      return { how: 'silence' };
  }
}

function answerOf(answerForm: AnswerForm, body: string): Delivery & { readonly how: 'answer' } {
  return {
    how: 'answer',
    status: 200,
    contentType: `text/html;charset=${answerForm.charset}`,
    body,
    afterMs: 0,
  };
}
