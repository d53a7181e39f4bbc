import { constants, createHash, createPublicKey, type KeyObject, timingSafeEqual, verify } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import {
  isSignatureError,
  type RequestDescriptor,
  SignatureErrorCode,
  type VerifiedSignature,
  type Verifier,
  verifySignature,
} from 'http-message-sig';
import type { Engine } from '../../operations/engine.ts';
import type { ApiKey, RequestSigner } from '../../ports/merchant-directory.ts';
import { bodyOf } from './json-body.ts';
import { ProblemAnswer } from './problems.ts';

/*
 * Signed requests, after RFC 9421 with the digest of RFC 9530. Whoever has stolen an API key cannot use it without the
 * private key beside it, and whoever has seen a request can neither change nor repeat it.
 */

/** How far `created` may be from now, on either side. */
const signatureWindowS = 300;
const nonceLengthMax = 256;

type SignatureProblem =
  | 'signature_missing'
  | 'signature_invalid'
  | 'signature_expired'
  | 'signature_replayed';

/** Throws when a request with this key is not signed as it must be. */
export type SignatureCheck = (request: FastifyRequest, apiKey: string, key: ApiKey) => Promise<void>;

/** Requests that were signed, with whether that covers what their bodies must be. */
const signed = new WeakMap<FastifyRequest, { readonly digestCovered: boolean }>();

/**
 * A key without signers is not asked for signatures. With signers, a request that is signed must be signed right; one that is
 * not passes until the key demands it, so that a merchant can try first.
 */
export function createSignatureCheck(
  engine: Pick<Engine, 'merchants' | 'clock'>,
  publicUrl: string | undefined,
): SignatureCheck {
  return async (request, apiKey, key) => {
    const { 'signature-input': input, signature } = request.headers;
    if (key.signers.length === 0 && !key.signatureRequired) return;
    if (input === undefined || signature === undefined) {
      if (!key.signatureRequired && input === undefined && signature === undefined) return;
      throw problem(
        'signature_missing',
        input === undefined ? 'Signature-Input' : 'Signature',
        'is missing: this key signs its requests, so send Signature-Input and Signature after RFC 9421',
      );
    }
    const nowS = Math.floor(engine.clock.now().getTime() / 1_000);
    const verified = await verifiedSignature(descriptorOf(request, publicUrl), key, nowS, `${input}`);
    const covered = new Set(
      verified.components.flatMap(({ name, parameters }) =>
        Object.keys(parameters).length === 0 ? [name] : [],
      ),
    );
    requireCovered(request, covered);
    const { nonce = '', expires } = verified.parameters;
    if (nonce === '' || nonce.length > nonceLengthMax) {
      throw invalid(
        'Signature-Input',
        `has a nonce that is empty or longer than ${nonceLengthMax} characters`,
      );
    }
    if (expires !== undefined && expires < nowS) throw expired(nowS);
    signed.set(request, { digestCovered: covered.has('content-digest') });
    if (!(await engine.merchants.useNonce(apiKey, nonce))) {
      throw problem(
        'signature_replayed',
        'Signature-Input',
        'has a nonce that was signed with before: sign each request anew, a repeated one too, with a nonce and a created of ' +
          'its own; the same Idempotency-Key makes repeating safe',
      );
    }
  };
}

/** What a signature says of the body is held against the body as it came. */
export function requireSignedBodies(app: FastifyInstance): void {
  app.addHook('preValidation', async (request) => {
    const signature = signed.get(request);
    if (signature === undefined) return;
    const body = bodyOf(request);
    if (!signature.digestCovered) {
      if (body.length === 0) return;
      throw invalid('Signature-Input', 'does not cover "content-digest", and there is a body');
    }
    requireDigest(`${request.headers['content-digest']}`, body);
  });
}

const digests = { 'sha-256': 'sha256', 'sha-512': 'sha512' } as const;

/** Every digest that is known must be right, and one must be. */
export function requireDigest(header: string, body: Buffer): void {
  let right = 0;
  for (const member of header.split(',')) {
    const [, name, value = ''] = /^\s*(sha-256|sha-512)=:([A-Za-z0-9+/]+={0,2}):\s*$/.exec(member) ?? [];
    if (name !== 'sha-256' && name !== 'sha-512') continue;
    const want = createHash(digests[name]).update(body).digest();
    const said = Buffer.from(value, 'base64');
    if (said.length !== want.length || !timingSafeEqual(said, want)) {
      throw invalid('Content-Digest', `has a ${name} that is not the body's, as it arrived`);
    }
    right += 1;
  }
  if (right === 0) throw invalid('Content-Digest', 'has neither sha-256=:…: nor sha-512=:…:');
}

/** The request as it was sent, as far as that is known behind a proxy: to the address that merchants are given. */
function descriptorOf(request: FastifyRequest, publicUrl: string | undefined): RequestDescriptor {
  const { rawHeaders } = request.raw;
  const base = publicUrl ?? `${request.protocol}://${request.host}`;
  return {
    kind: 'request',
    method: request.method,
    targetUri: base + request.url,
    requestTarget: request.url,
    fields: rawHeaders.flatMap((name, index) =>
      index % 2 === 0 ? [{ name, value: rawHeaders[index + 1] ?? '' }] : [],
    ),
  };
}

async function verifiedSignature(
  message: RequestDescriptor,
  key: ApiKey,
  nowS: number,
  input: string,
): Promise<VerifiedSignature> {
  try {
    return await verifySignature(message, {
      policy: {
        algorithms: ['ed25519', 'ecdsa-p256-sha256', 'rsa-pss-sha512'],
        requiredComponents: ['@method'],
        requiredParameters: ['created', 'keyid', 'nonce'],
        // Together: no further from now than the window, on either side.
        maxAge: 0,
        clockSkew: signatureWindowS,
        now: nowS,
      },
      resolveVerifier: ({ parameters }) => {
        const signer = key.signers.find(({ keyid }) => keyid === parameters.keyid);
        if (signer === undefined) {
          throw invalid('Signature-Input', 'has a keyid that is not registered for this API key');
        }
        return verifierOf(keyOf(signer));
      },
    });
  } catch (error) {
    if (!isSignatureError(error)) throw error;
    if (error.cause instanceof ProblemAnswer) throw error.cause;
    if (error.code === SignatureErrorCode.VerificationFailed) {
      throw invalid('Signature', 'does not fit the request as it arrived, or was made with another key');
    }
    if (error.code === SignatureErrorCode.PolicyViolation && isOutOfTime(input, nowS)) throw expired(nowS);
    throw invalid('Signature-Input', `cannot be taken (${error.message})`);
  }
}

/** Of a signature that is refused anyway: whether its times are why. */
function isOutOfTime(input: string, nowS: number): boolean {
  const said = (name: string): number => Number(new RegExp(`;\\s*${name}=(\\d+)`).exec(input)?.[1] ?? nowS);
  return Math.abs(said('created') - nowS) > signatureWindowS || said('expires') < nowS;
}

function requireCovered(request: FastifyRequest, covered: ReadonlySet<string>): void {
  const missing: string[] = [];
  const path = covered.has('@path') && (covered.has('@query') || !request.url.includes('?'));
  if (!path && !covered.has('@target-uri') && !covered.has('@request-target')) missing.push('"@target-uri"');
  if (request.headers['idempotency-key'] !== undefined && !covered.has('idempotency-key')) {
    missing.push('"idempotency-key"');
  }
  if (missing.length > 0) throw invalid('Signature-Input', `does not cover ${missing.join(' and ')}`);
}

const parsed = new WeakMap<RequestSigner, KeyObject>();

/** Read once for as long as the directory remembers the signer. */
function keyOf(signer: RequestSigner): KeyObject {
  const key = parsed.get(signer) ?? createPublicKey(signer.publicKey);
  parsed.set(signer, key);
  return key;
}

/** The algorithm follows from the kind of key, whatever a signature claims. */
export function verifierOf(key: KeyObject): Verifier {
  switch (key.asymmetricKeyType) {
    case 'ed25519':
      return {
        algorithm: 'ed25519',
        verify: (data, signature) => verify(null, data, key, signature),
      };
    case 'ec':
      return {
        algorithm: 'ecdsa-p256-sha256',
        verify: (data, signature) => verify('sha256', data, { key, dsaEncoding: 'ieee-p1363' }, signature),
      };
    case 'rsa':
      return {
        algorithm: 'rsa-pss-sha512',
        // The RFC wants a salt of 64 bytes; signers that take the longest one are as safe, and there are some.
        verify: (data, signature) =>
          verify(
            'sha512',
            data,
            { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_AUTO },
            signature,
          ),
      };
    default:
      throw new Error(`a signer has a key of the kind ${key.asymmetricKeyType}`);
  }
}

function expired(nowS: number): ProblemAnswer {
  return problem(
    'signature_expired',
    'Signature-Input',
    `was created more than ${signatureWindowS} seconds from now (${nowS}), or has expired: set the clock, and sign anew`,
  );
}

function invalid(field: string, what: string): ProblemAnswer {
  return problem('signature_invalid', field, `${what}: correct it, and sign the request anew`);
}

function problem(code: SignatureProblem, field: string, what: string): ProblemAnswer {
  return new ProblemAnswer({
    code,
    field,
    value: null,
    detail: `${field} ${what}.`,
    headers: { 'www-authenticate': 'Bearer' },
  });
}
