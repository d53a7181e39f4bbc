import type { FastifyInstance, FastifyRequest } from 'fastify';
import { merchantShortNoOf } from '../../domain/ids.ts';
import { type Refusal, refusal } from '../../domain/refusals.ts';
import type { Engine } from '../../operations/engine.ts';
import type { KeyScope, Merchant } from '../../ports/merchant-directory.ts';
import { operations } from './operation-words.ts';
import { faulty, ProblemAnswer, refused } from './problems.ts';
import { type RateLimits, rateLimited, rateLimitHeaders } from './rate-limit.ts';
import type { SignatureCheck } from './request-signature.ts';

/*
 * Who asks, and for which merchant. Routes come by a merchant here and nowhere else, and every look-up that follows names it:
 * a key cannot reach the rows of a merchant that it does not speak for, and a stranger's id is answered as one that does not
 * exist is, from the directory alone. ONB-04.
 */

const scopeDecorator = 'keyScope';

/**
 * Lets nobody without a known API key reach the routes of `app`, and nobody more often than the key may; their bodies are not
 * even read.
 */
export function requireApiKey(
  app: FastifyInstance,
  engine: Pick<Engine, 'merchants'>,
  limits: RateLimits,
  checkSignature: SignatureCheck,
): void {
  app.decorateRequest(scopeDecorator, null);
  app.addHook('onRequest', async (request, reply) => {
    const apiKey = /^Bearer +([\x21-\x7e]{1,512}) *$/i.exec(request.headers.authorization ?? '')?.[1] ?? null;
    const shown = await limits.look(request.ip, apiKey, engine.merchants.findKey);
    const standing = shown.kind === 'known' ? limits.take(shown, kindOf(request)) : shown.standing;
    reply.headers(rateLimitHeaders(standing));
    if (standing !== null && standing.retryAfterS !== null) throw rateLimited(standing);
    if (shown.kind !== 'known') {
      throw apiKey === null
        ? unauthorized('is missing or no bearer key', 'Bearer')
        : unauthorized('holds an unknown or revoked key', 'Bearer error="invalid_token"');
    }
    if (apiKey !== null) await checkSignature(request, apiKey, shown.key);
    request.setDecorator(scopeDecorator, shown.key.scope);
  });
}

const cancels: ReadonlySet<string> = new Set([operations.cancelPayment.id, operations.createCancel.id]);

function kindOf({ routeOptions }: FastifyRequest): 'request' | 'cancel' {
  return cancels.has(routeOptions.config.operation?.id ?? '') ? 'cancel' : 'request';
}

/** Whose key a request was made with. */
export function callerOf(request: FastifyRequest): string {
  const scope = request.getDecorator<KeyScope>(scopeDecorator);
  switch (scope.kind) {
    case 'acquirer':
      return scope.kind;
    case 'channel':
      return `channel ${scope.channelId}`;
    case 'merchant':
      return `merchant ${scope.merchantId}`;
    default:
      return scope satisfies never;
  }
}

/** A channel speaks for the merchants that it brought itself or that a channel below it did. ONB-04. */
function speaksFor(scope: KeyScope, merchant: Merchant): boolean {
  switch (scope.kind) {
    case 'acquirer':
      return true;
    case 'channel':
      return merchant.channels.includes(scope.channelId);
    case 'merchant':
      return merchant.id === scope.merchantId;
    default:
      return scope satisfies never;
  }
}

function unauthorized(what: string, challenge: string): ProblemAnswer {
  return new ProblemAnswer({
    code: 'unauthorized',
    field: 'Authorization',
    value: null,
    detail: `Authorization ${what}: send "Authorization: Bearer <API key>" with a key that the acquirer issued.`,
    headers: { 'www-authenticate': challenge },
  });
}

/**
 * The merchant that a request is made for: a merchant's key speaks for its own, every other key for the one that it names.
 * What a key does not speak for is unknown to it, whether or not it exists.
 */
export async function merchantNamed(
  engine: Pick<Engine, 'merchants'>,
  request: FastifyRequest,
  merchantId: string | null | undefined,
): Promise<Merchant> {
  const scope = request.getDecorator<KeyScope>(scopeDecorator);
  if (scope.kind === 'merchant') {
    if (merchantId != null && merchantId !== scope.merchantId) throw refused(unknownMerchant(merchantId));
    return ownMerchant(engine, scope.merchantId);
  }
  if (merchantId == null) {
    throw faulty(request.method === 'GET' ? 'invalid_parameter' : 'invalid_request', [
      {
        field: 'merchant_id',
        value: null,
        detail: `merchant_id is missing: this key is ${holders[scope.kind]}, so send the merchant that it is for.`,
      },
    ]);
  }
  const merchant = await engine.merchants.find(merchantId);
  if (merchant === null || !speaksFor(scope, merchant)) throw refused(unknownMerchant(merchantId));
  return merchant;
}

const holders = { acquirer: "the acquirer's", channel: "a channel's" };

/**
 * The merchant under which an id is to be looked up: with a merchant's key its own, whatever the id says, else the one whose
 * short number the id carries, if the key speaks for it. What is no id of ours at all is `unknown` without a look-up.
 */
export async function merchantOfId(
  engine: Pick<Engine, 'merchants'>,
  request: FastifyRequest,
  id: string,
  unknown: (id: string) => Refusal,
): Promise<Merchant> {
  const shortNo = merchantShortNoOf(id);
  if (shortNo === null) throw refused(unknown(id));
  const scope = request.getDecorator<KeyScope>(scopeDecorator);
  if (scope.kind === 'merchant') return ownMerchant(engine, scope.merchantId);
  const merchant = await engine.merchants.findByShortNo(shortNo);
  if (merchant === null || !speaksFor(scope, merchant)) throw refused(unknown(id));
  return merchant;
}

async function ownMerchant(engine: Pick<Engine, 'merchants'>, merchantId: string): Promise<Merchant> {
  const merchant = await engine.merchants.find(merchantId);
  if (merchant !== null) return merchant;
  throw new ProblemAnswer({
    code: 'forbidden',
    field: 'Authorization',
    value: null,
    detail: `Authorization holds a key of merchant ${merchantId}, which is not active here: ask the acquirer.`,
  });
}

function unknownMerchant(merchantId: string): Refusal {
  return refusal(
    'unknown_merchant',
    'merchant_id',
    merchantId,
    `merchant_id ${merchantId} is no merchant that this key may act for: send one of its own, or leave it out ` +
      "with a merchant's own key.",
  );
}
