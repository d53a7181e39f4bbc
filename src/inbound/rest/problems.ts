import type { FastifyReply } from 'fastify';
import { type Refusal, type RefusalCode, refusals } from '../../domain/refusals.ts';

/** How a code is answered over HTTP. 422: well-formed, yet not acceptable; 409: the state of things stands against it. */
interface CodeAnswer {
  readonly status: number;
  readonly title: string;
}

/** The domain's refusals. A new one does not compile until it has an answer here. */
const refusalAnswers = {
  unknown_merchant: { status: 404, title: 'Unknown merchant' },
  amount_not_positive: { status: 422, title: 'Amount is not positive' },
  amount_too_large: { status: 422, title: 'Amount is too large' },
  unknown_currency: { status: 422, title: 'Unknown currency' },
  unknown_store: { status: 422, title: 'Unknown store' },
  order_codes_off: { status: 422, title: 'Order codes are off' },
  payment_code_unknown: { status: 422, title: 'Payment code of no known wallet' },
  wallet_not_available: { status: 422, title: 'Wallet is not available' },
  product_not_offered: { status: 422, title: 'Product is not offered by the wallet' },
  currency_not_accepted: { status: 422, title: 'Currency is not accepted' },
  wallet_ambiguous: { status: 422, title: 'Several wallets are possible' },
  amount_not_payable: { status: 422, title: 'Amount cannot be paid exactly' },
  sub_merchant_missing: { status: 422, title: 'Merchant is not onboarded at the wallet' },
  merchant_category_missing: { status: 422, title: 'Merchant has no category' },
  expiry_out_of_range: { status: 422, title: 'Expiry is out of range' },
  wallet_unavailable: { status: 503, title: 'Wallet does not answer' },
  idempotency_key_reused: { status: 409, title: 'Idempotency key belongs to another request' },
  order_already_paid: { status: 409, title: 'Order is already paid' },
  order_has_open_payment: { status: 409, title: 'Order has an open payment' },
  order_repeated: { status: 409, title: 'Order is repeated without a key' },
  payment_not_found: { status: 404, title: 'Payment not found' },
  refund_not_found: { status: 404, title: 'Refund not found' },
  payment_not_refundable: { status: 409, title: 'Payment cannot be refunded' },
  refund_currency_mismatch: { status: 422, title: 'Refund is of another currency' },
  refund_exceeds_remaining: { status: 422, title: 'Refund is more than what remains' },
  refund_no_reused: { status: 409, title: 'Refund number belongs to another refund' },
} as const satisfies Record<RefusalCode, CodeAnswer>;

/** What goes wrong before an operation is reached, or beneath it. */
const transportAnswers = {
  malformed_request: { status: 400, title: 'Malformed HTTP request', transient: false },
  invalid_json: { status: 400, title: 'Body is not JSON', transient: false },
  invalid_parameter: { status: 400, title: 'Invalid header or query parameter', transient: false },
  unauthorized: { status: 401, title: 'API key is missing or unknown', transient: false },
  signature_missing: { status: 401, title: 'Signature is missing', transient: false },
  signature_invalid: { status: 401, title: 'Signature is not valid', transient: false },
  signature_expired: { status: 401, title: 'Signature is not of now', transient: false },
  signature_replayed: { status: 401, title: 'Signature was used before', transient: false },
  forbidden: { status: 403, title: 'API key may not do this', transient: false },
  route_not_found: { status: 404, title: 'No such route', transient: false },
  method_not_allowed: { status: 405, title: 'Method is not allowed here', transient: false },
  request_timeout: { status: 408, title: 'Request took too long to arrive', transient: true },
  body_too_large: { status: 413, title: 'Body is too large', transient: false },
  unsupported_media_type: { status: 415, title: 'Unsupported media type', transient: false },
  invalid_request: { status: 422, title: 'Invalid request', transient: false },
  rate_limited: { status: 429, title: 'Too many requests', transient: true },
  headers_too_large: { status: 431, title: 'Headers are too large', transient: false },
  internal: { status: 500, title: 'Internal error', transient: false },
  unavailable: { status: 503, title: 'Temporarily unavailable', transient: true },
  overloaded: { status: 503, title: 'More payments than can be handled', transient: true },
} as const satisfies Record<string, CodeAnswer & { readonly transient: boolean }>;

export type ProblemCode = RefusalCode | keyof typeof transportAnswers;

/** Every code that a problem of this API can carry, with its status. */
export const problemStatuses = Object.fromEntries(
  Object.entries({ ...refusalAnswers, ...transportAnswers }).map(([code, answer]) => [code, answer.status]),
) as Readonly<Record<ProblemCode, number>>;

/** How a code is answered: its status, its title, and whether the very same request could be accepted later. */
export function codeAnswer(code: ProblemCode): CodeAnswer & { readonly transient: boolean } {
  if (code in transportAnswers) return transportAnswers[code as keyof typeof transportAnswers];
  const refused = code as RefusalCode;
  return { ...refusalAnswers[refused], ...refusals[refused] };
}

/** One field that cannot be accepted. */
export interface Fault {
  /** Path of the field (`amount.value`), name of the header or query parameter. */
  readonly field: string | null;
  /** As it was sent, shortened; never a payment code or a secret. */
  readonly value: string | null;
  /** A sentence that names the field, the value and the next step. */
  readonly detail: string;
}

/** A problem on its way to the caller. */
export interface Problem extends Fault {
  readonly code: ProblemCode;
  readonly facts?: Readonly<Record<string, string>> | undefined;
  /** Every faulty field, when there are several. */
  readonly errors?: readonly Fault[];
  readonly headers?: Readonly<Record<string, string>>;
}

/** Ends the handling of a request with a problem. */
export class ProblemAnswer extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail);
    this.problem = problem;
  }
}

export function refused({ retryAfterS, ...refusal }: Refusal): ProblemAnswer {
  if (retryAfterS === undefined) return new ProblemAnswer(refusal);
  return new ProblemAnswer({ ...refusal, headers: { 'retry-after': `${retryAfterS}` } });
}

/** One problem for all the fields at fault: the first in its main members, every one in `errors`. */
export function faulty(
  code: 'invalid_request' | 'invalid_parameter',
  faults: readonly [Fault, ...Fault[]],
): ProblemAnswer {
  const [first] = faults;
  return new ProblemAnswer(faults.length === 1 ? { code, ...first } : { code, ...first, errors: faults });
}

const valueLengthMax = 64;

/** A value as a problem may show it. */
export function shortened(value: string): string {
  return value.length <= valueLengthMax ? value : `${value.slice(0, valueLengthMax - 1)}…`;
}

export const problemMediaType = 'application/problem+json';

/** The name of a kind of problem; what it means stands under `/docs/problems#<code>`. */
export function problemType(code: ProblemCode): string {
  return `urn:shoudan:problem:${code}`;
}

/** The problem as RFC 9457 wants it. Its own members win over facts of the same name. */
export function problemDocument(problem: Problem) {
  const { code } = problem;
  const { status, title, transient } = codeAnswer(code);
  return {
    ...problem.facts,
    type: problemType(code),
    title,
    status,
    code,
    detail: problem.detail,
    field: problem.field,
    value: problem.value === null ? null : shortened(problem.value),
    transient,
    ...(problem.errors === undefined ? {} : { errors: problem.errors }),
  };
}

export function sendProblem(reply: FastifyReply, problem: Problem): FastifyReply {
  const document = problemDocument(problem);
  // What was promised of a good answer is no promise of this one.
  for (const name of ['preference-applied', 'idempotent-replayed', 'location']) reply.removeHeader(name);
  if (problem.headers !== undefined) reply.headers(problem.headers);
  // As bytes: to a string the framework would add a charset, which this media type does not have.
  return reply
    .code(document.status)
    .type(problemMediaType)
    .send(Buffer.from(JSON.stringify(document)));
}
