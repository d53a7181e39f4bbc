import type { Delivery, ReceivedRequest } from '../delivery.ts';
import type { CalledApi, CallFault, DrawnFault, FaultRecords } from '../faults.ts';
import { isJsonObject, parseJsonObject } from '../json.ts';
import type { LateArrival, LateArrivalRecords } from '../late-arrivals.ts';
import type { RequestLog } from '../request-log.ts';
import type { Journal } from '../storage.ts';
import { cancel } from './cancel.ts';
import type { AmsClients } from './clients.ts';
import { type AmsApi, type AnswerForm, amsApis, type CheckedCall, checkEnvelope } from './envelope.ts';
import { inquirePayment, inquireRefund } from './inquiry.ts';
import { pay } from './pay.ts';
import { defaultPayerId } from './payer-actions.ts';
import { findPayment } from './payment-name.ts';
import type { AmsPayment } from './payment-records.ts';
import { type AmsBooks, type AmsCall, chargeAfterCancel } from './payments.ts';
import { refund } from './refund.ts';
import { inquireRegistrationInfo, inquireRegistrationStatus, register } from './registration.ts';
import { AmsRefused, answered, type Fields, refusalFields } from './results.ts';
import { printSignatureHeader, signContent, signingContent } from './signing.ts';
import { printWireTime } from './wire-time.ts';

/** Everything under `/ams/`. */
export interface AmsGateway {
  /** Everything the answer says is on disk before the promise resolves. */
  answer(request: ReceivedRequest): Promise<Delivery>;
  /** Sets the timers of what was still under way when the last process ended. */
  resume(): void;
  /** Stops the timers; what they were set for stays on disk. */
  stop(): void;
}

export interface AmsParts {
  readonly journal: Journal;
  readonly books: AmsBooks;
  readonly clients: AmsClients;
  readonly faults: FaultRecords;
  readonly lateArrivals: LateArrivalRecords;
  readonly log: RequestLog;
  readonly now: () => number;
}

interface ApiRules {
  /** The kind of call as rules of faults name it; registrations have no faults. */
  readonly kind: CalledApi | null;
  readonly carryOut: (books: AmsBooks, call: AmsCall) => Fields;
}

const apiRules = {
  'payments/pay': { kind: 'pay', carryOut: pay },
  'payments/inquiryPayment': { kind: 'inquiry', carryOut: inquirePayment },
  'payments/cancel': { kind: 'cancel', carryOut: cancel },
  'payments/refund': { kind: 'refund', carryOut: refund },
  'payments/inquiryRefund': { kind: 'inquiry', carryOut: inquireRefund },
  'merchants/registration': { kind: null, carryOut: register },
  'merchants/inquiryRegistrationStatus': { kind: null, carryOut: inquireRegistrationStatus },
  'merchants/inquiryRegistrationInfo': { kind: null, carryOut: inquireRegistrationInfo },
} as const satisfies Record<AmsApi, ApiRules>;

/** What one transaction decided; carried to the caller after the commit. */
interface Decided {
  readonly fault: DrawnFault | null;
  /** What the wallet did; `null` when the call was not carried out now. */
  readonly fields: Fields | null;
  readonly late: LateArrival | null;
  readonly lateSuccess: AmsPayment | null;
}

const undisturbed = { payerMustConfirm: false, lateSuccessMs: null } as const;

export function amsGateway({
  journal,
  books,
  clients,
  faults,
  lateArrivals,
  log,
  now,
}: AmsParts): AmsGateway {
  const timers = new Set<NodeJS.Timeout>();

  function carryOut(api: AmsApi, call: AmsCall): Fields {
    try {
      return apiRules[api].carryOut(books, call);
    } catch (error) {
      if (error instanceof AmsRefused) return refusalFields(error);
      throw error;
    }
  }

  /** Some faults need more than the kind of call: a payer to wait for, or a payment that nobody has paid. */
  function fitsCall(api: AmsApi, call: AmsCall): (fault: CallFault) => boolean {
    return (fault) => {
      switch (fault) {
        case 'paying':
          return api === 'payments/pay' && scenarioOf(call) === 'PaymentCode';
        case 'not_found_first':
        case 'notification_before_answer':
          return api === 'payments/pay';
        case 'late_success_after_cancel':
          return api === 'payments/cancel' && isUnpaid(call);
        default:
          return true;
      }
    };
  }

  /** Waits for its payer, or did until its time was over, which is when a gateway closes its orders. */
  function isUnpaid(call: AmsCall): boolean {
    try {
      const payment = findPayment(books, call);
      return payment?.status === 'PROCESSING' || payment?.resultCode === 'ORDER_IS_CLOSED';
    } catch (error) {
      if (error instanceof AmsRefused) return false;
      throw error;
    }
  }

  function decide({ api, client, body, bodyText, baseUrl }: CheckedCall): Decided {
    const nowMs = now();
    const call: AmsCall = { client, body, baseUrl, nowMs, ...undisturbed };
    const { kind } = apiRules[api];
    const fault = kind === null ? null : faults.draw('alipay_plus', kind, fitsCall(api, call));
    const nothing = { fields: null, late: null, lateSuccess: null };
    if (fault?.fault === 'not_processed') return { ...nothing, fault };
    if (fault?.fault === 'arrives_late') {
      const dueAtMs = nowMs + fault.delayMs;
      const { clientId } = client;
      const late = { dueAtMs, appId: clientId, method: api, bizContent: bodyText, notifyUrl: null };
      return { ...nothing, fault, late: lateArrivals.add(late) };
    }
    const lateSuccessMs = fault?.fault === 'late_success_after_cancel' ? fault.delayMs : null;
    const fields = carryOut(api, { ...call, payerMustConfirm: fault?.fault === 'paying', lateSuccessMs });
    if (fault?.fault === 'not_found_first') hide(call);
    const cancelled = lateSuccessMs === null ? undefined : findPayment(books, call);
    return { ...nothing, fault, fields, lateSuccess: cancelled ?? null };
  }

  function hide(call: AmsCall): void {
    const requestId = call.body['paymentRequestId'];
    const payment =
      typeof requestId === 'string' ? books.payments.find(call.client.clientId, requestId) : undefined;
    if (payment !== undefined) books.payments.update({ ...payment, hiddenInquiries: 2 });
  }

  function later(dueAtMs: number, what: string, action: () => Promise<void>): void {
    const timer = setTimeout(
      () => {
        timers.delete(timer);
        action().catch((error: unknown) => {
          process.stderr.write(`${what} failed and stays on disk: ${error}\n`);
        });
      },
      Math.max(0, dueAtMs - now()),
    );
    timers.add(timer);
  }

  function scheduleArrival({ id, dueAtMs }: LateArrival): void {
    later(dueAtMs, 'a late arrival', async () => {
      const arrived = await journal.submit(() => {
        const arrival = lateArrivals.take(id);
        const client = arrival && clients.find(arrival.appId);
        const api = amsApis.find((one) => one === arrival?.method);
        if (arrival === undefined || client === undefined || api === undefined) return null;
        const body = parseJsonObject(arrival.bizContent) ?? {};
        const fields = carryOut(api, { client, body, baseUrl: '', nowMs: now(), ...undisturbed });
        return { clientId: client.clientId, api, body, fields };
      });
      if (arrived !== null)
        addToLog(arrived.clientId, arrived.api, arrived.body, 'arrives_late', arrived.fields);
    });
  }

  function scheduleSuccess({ clientId, paymentId, lateSuccessAtMs }: AmsPayment): void {
    if (lateSuccessAtMs === null) return;
    later(lateSuccessAtMs, 'a late success', () =>
      journal.submit(() => {
        const payment = books.payments.findById(clientId, paymentId);
        if (payment === undefined || payment.lateSuccessAtMs === null) return;
        const payer = books.payers.find(payment.payerId ?? defaultPayerId);
        try {
          if (payer !== undefined) chargeAfterCancel(books, payment, payer, now());
        } catch (error) {
          if (!(error instanceof AmsRefused)) throw error;
          books.payments.update({ ...payment, lateSuccessAtMs: null });
        }
      }),
    );
  }

  function addToLog(
    clientId: string,
    method: string,
    body: Fields,
    fault: CallFault | null,
    fields: Fields | null,
  ): void {
    const text = (value: unknown): string | null =>
      typeof value === 'string' && value !== '' ? value.slice(0, 128) : null;
    const result = fields?.['result'];
    log.add({
      atMs: now(),
      appId: text(clientId),
      method: text(method),
      outTradeNo: text(body['paymentRequestId']),
      fault,
      code: isJsonObject(result) ? text(result['resultStatus']) : null,
      subCode: isJsonObject(result) ? text(result['resultCode']) : null,
    });
  }

  return {
    async answer(request) {
      const checked = checkEnvelope(request, clients);
      const { answerForm } = checked;
      if ('refusal' in checked) {
        const fields = refusalFields(checked.refusal);
        addToLog(answerForm.clientId, answerForm.path, {}, null, fields);
        return signedAnswer(answerForm, fields, now());
      }
      const { call } = checked;
      const decided = await journal.submit(() => decide(call));
      if (decided.late !== null) scheduleArrival(decided.late);
      if (decided.lateSuccess !== null) scheduleSuccess(decided.lateSuccess);
      addToLog(call.client.clientId, call.api, call.body, decided.fault?.fault ?? null, decided.fields);
      if (decided.fault?.fault === 'notification_before_answer') {
        const requestId = call.body['paymentRequestId'];
        if (typeof requestId === 'string') await books.outbox.sendNow(requestId);
      }
      return deliver(decided, answerForm, now());
    },
    resume() {
      for (const arrival of lateArrivals.all()) scheduleArrival(arrival);
      for (const payment of books.payments.withLateSuccess()) scheduleSuccess(payment);
    },
    stop() {
      for (const timer of timers) clearTimeout(timer);
      timers.clear();
    },
  };
}

function scenarioOf({ body }: AmsCall): unknown {
  const factor = body['paymentFactor'];
  return isJsonObject(factor) ? factor['inStorePaymentScenario'] : undefined;
}

/** What the caller gets under that fault. */
async function deliver({ fault, fields }: Decided, answerForm: AnswerForm, atMs: number): Promise<Delivery> {
  const name = fault?.fault;
  if (fields === null) return name === 'arrives_late' ? { how: 'drop' } : { how: 'silence' };
  const answer = (said: Fields = fields, signed: Fields = said): Promise<Answer> =>
    signedAnswer(answerForm, said, atMs, signed);
  switch (name) {
    case undefined:
    case 'paying':
    case 'notification_before_answer':
    case 'late_success_after_cancel':
      return answer();
    case 'delay':
      return { ...(await answer()), afterMs: fault?.delayMs ?? 0 };
    case 'truncated': {
      const whole = await answer();
      return { ...whole, body: whole.body.slice(0, Math.floor(whole.body.length / 2)) };
    }
    case 'bad_signature':
      return answer(fields, { ...fields, paymentId: 'another' });
    case 'system_error':
      return answer(answered('UNKNOWN_EXCEPTION'));
    case 'http_500':
      return {
        how: 'answer',
        status: 500,
        contentType: 'text/html;charset=utf-8',
        body: '<html><head><title>500 Internal Server Error</title></head><body><h1>500</h1></body></html>',
        afterMs: 0,
      };
    case 'reset':
      return { how: 'reset' };
    case 'no_answer':
    case 'not_processed':
    case 'arrives_late':
    case 'not_found_first':
      return { how: 'silence' };
    default:
      return name satisfies never;
  }
}

type Answer = Delivery & { readonly how: 'answer' };

/** `signed` is what the signature covers, which is what is said unless a fault wants otherwise. */
async function signedAnswer(
  { path, clientId, client }: AnswerForm,
  said: Fields,
  atMs: number,
  signed: Fields = said,
): Promise<Answer> {
  const time = printWireTime(atMs);
  const content = signingContent(path, clientId, time, JSON.stringify(signed));
  const signature = client === null ? null : await signContent(content, client.walletPrivateKey);
  return {
    how: 'answer',
    status: 200,
    contentType: 'application/json; charset=UTF-8',
    headers: {
      'client-id': clientId,
      'response-time': time,
      ...(signature === null ? {} : { signature: printSignatureHeader(signature) }),
    },
    body: JSON.stringify(said),
    afterMs: 0,
  };
}
