import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { findApiKey, type ListedKey } from '../adapters/postgres/api-keys.ts';
import type { Connection, Queryable } from '../adapters/postgres/database.ts';
import { type AuditDocument, withOperatorAction } from '../adapters/postgres/operator-actions.ts';
import {
  addSigner as add,
  type ListedSigner,
  listSigners as list,
  removeSigner as remove,
  requireSignature as require,
} from '../adapters/postgres/request-signers.ts';
import type { AuditedCommand, GivenTo } from '../inbound/cli/commands.ts';
import { CommandFailure, exitCodes, usageError } from '../inbound/cli/exit-codes.ts';
import { jsonText, printable, table } from '../inbound/cli/terminal-text.ts';
import { namedKeyId, unknownKey } from './api-key-id.ts';
import type { Terminal } from './command-line.ts';
import { operatorOf } from './operator.ts';
import { readSettings } from './settings.ts';
import { withDatabase } from './with-database.ts';

/** `shoudan merchant signer add`: whoever has the private key may sign requests of this API key. */
export async function addSigner(given: GivenTo<'merchant signer add'>, terminal: Terminal): Promise<number> {
  const { keyid } = given.options;
  if (!/^[0-9A-Za-z._:-]{1,64}$/.test(keyid)) {
    throw usageError(
      `--keyid ${printable(keyid)} is not 1 to 64 letters, digits, dots, colons, dashes or underscores`,
      'merchant signer add',
    );
  }
  const publicKey = publicKeyIn(given.options['public-key-file']);
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const signers = await change('merchant signer add', given, terminal, async (connection, key) => {
    if (await add(connection, { apiKeyId: key.id, keyid, publicKey: pem })) {
      return { before: null, after: { keyid, public_key: fingerprintOf(pem) } };
    }
    throw new CommandFailure(
      exitCodes.failed,
      `key ${key.id} has, or had, a signer ${printable(keyid)}: give the new one another --keyid`,
    );
  });
  return answer(terminal, given.options.json, signers);
}

/** `shoudan merchant signer remove`. */
export async function removeSigner(
  given: GivenTo<'merchant signer remove'>,
  terminal: Terminal,
): Promise<number> {
  const { keyid } = given.options;
  const signers = await change('merchant signer remove', given, terminal, async (connection, key) => {
    const left = (await list(connection, key.id)).filter(
      (one) => one.removedAt === null && one.keyid !== keyid,
    );
    if (!(await remove(connection, { apiKeyId: key.id, keyid }))) {
      throw new CommandFailure(
        exitCodes.failed,
        `key ${key.id} has no signer ${printable(keyid)}: \`shoudan merchant signer list\` shows them`,
      );
    }
    if (key.signatureRequired && left.length === 0) {
      throw new CommandFailure(
        exitCodes.failed,
        `${printable(keyid)} is the last signer of key ${key.id}, whose requests must be signed: add another one, or ` +
          '`shoudan merchant signer require --off` first',
      );
    }
    return { before: { keyid }, after: { keyid: null } };
  });
  return answer(terminal, given.options.json, signers);
}

/** `shoudan merchant signer require`. */
export async function requireSigner(
  given: GivenTo<'merchant signer require'>,
  terminal: Terminal,
): Promise<number> {
  const required = !given.options.off;
  await change('merchant signer require', given, terminal, async (connection, key) => {
    const signers = (await list(connection, key.id)).filter(({ removedAt }) => removedAt === null);
    if (required && signers.length === 0) {
      throw new CommandFailure(
        exitCodes.failed,
        `key ${key.id} has no signer, so none of its requests would be taken: \`shoudan merchant signer add\` first`,
      );
    }
    await require(connection, key.id, required);
    return {
      before: { signature_required: key.signatureRequired },
      after: { signature_required: required },
    };
  });
  const id = namedKeyId(given.arguments.key);
  terminal.out(
    given.options.json
      ? jsonText({ id, signature_required: required })
      : `requests of key ${id} ${required ? 'must' : 'need not'} be signed: gateways that run notice it within 5 seconds\n`,
  );
  return exitCodes.done;
}

/** `shoudan merchant signer list`. */
export async function listSigners(
  given: GivenTo<'merchant signer list'>,
  terminal: Terminal,
): Promise<number> {
  const signers = await withDatabase(readSettings(terminal.env), (database) =>
    list(database, namedKeyId(given.arguments.key)),
  );
  return answer(terminal, given.options.json, signers);
}

type ChangingCommand = Extract<AuditedCommand, `merchant signer ${string}`>;

interface Change {
  readonly before: AuditDocument | null;
  readonly after: AuditDocument;
}

/** Makes a change under the API key's lock, and answers with its signers. */
async function change(
  command: ChangingCommand,
  given: {
    readonly arguments: { readonly key: string };
    readonly options: { readonly by?: string | undefined };
  },
  terminal: Terminal,
  make: (connection: Connection, key: ListedKey) => Promise<Change>,
): Promise<readonly ListedSigner[]> {
  const id = namedKeyId(given.arguments.key);
  const operator = operatorOf(command, given.options.by);
  return withDatabase(readSettings(terminal.env), (database) =>
    withOperatorAction(database, operator, async (connection) => {
      const key = await findApiKey(connection, id);
      if (key === null) throw unknownKey(id);
      const { before, after } = await make(connection, key);
      return {
        result: await list(connection as Queryable, id),
        action: {
          action: command,
          merchantId: key.merchantId,
          subject: 'api_key',
          subjectId: id,
          note: null,
          before,
          after,
        },
      };
    }),
  );
}

function publicKeyIn(path: string): KeyObject {
  const complaint = (what: string): CommandFailure =>
    new CommandFailure(exitCodes.failed, `--public-key-file ${printable(path)} ${what}`);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    throw complaint('cannot be read: correct the path');
  }
  // From a private key the public one could be made, and it would have been given away.
  if (text.includes('PRIVATE KEY'))
    throw complaint('holds a private key: give the public one, and keep that to whoever signs');
  let key: KeyObject;
  try {
    key = createPublicKey(text);
  } catch {
    throw complaint('holds no public key in PEM');
  }
  const { asymmetricKeyType: kind, asymmetricKeyDetails: details } = key;
  if (kind === 'ed25519') return key;
  if (kind === 'ec' && details?.namedCurve === 'prime256v1') return key;
  if (kind === 'rsa' && (details?.modulusLength ?? 0) >= 2048) return key;
  throw complaint(
    'is of a kind that is not taken: make an Ed25519, a P-256 or an RSA key of 2048 bits or more',
  );
}

function fingerprintOf(pem: string): string {
  const der = createPublicKey(pem).export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(der).digest('hex');
}

function answer(terminal: Terminal, json: boolean, signers: readonly ListedSigner[]): number {
  const rows = signers.map((signer) => ({
    keyid: signer.keyid,
    public_key: fingerprintOf(signer.publicKey),
    created_at: signer.createdAt.toISOString(),
    removed_at: signer.removedAt?.toISOString() ?? null,
  }));
  if (json) terminal.out(jsonText({ data: rows }));
  else if (rows.length === 0) terminal.out('no signer yet: `shoudan merchant signer add`\n');
  else {
    terminal.out(
      table(
        ['keyid', 'public key', 'created', 'removed'],
        rows.map((row) => [row.keyid, row.public_key.slice(0, 16), row.created_at, row.removed_at ?? '']),
      ),
    );
  }
  return exitCodes.done;
}
