import { expect, it } from 'vitest';
import type { NotificationReader, ReceivedNotification } from '../../src/ports/wallet-notifications.ts';
import { chanceOf, openSubject, plusSubject, type Subject } from './mutated-notifications.fixture.ts';

/*
 * Signed notifications of both wallets, each changed at random. A change of what was signed must never be believed. A
 * change that leaves what was signed as it was (the case of an escape, an unrelated header, the order of a form's fields)
 * may be, and is then read as the original. Seeded: the same changes every time.
 */

const mutationsPerWallet = 50_000;

interface Tally {
  /** Changes of what is signed, by what became of them. */
  refused: number;
  readonly believed: string[];
  /** Changes that leave it as it was, and how many of those are believed. */
  unchanged: number;
  readAlike: number;
  readonly readOtherwise: string[];
}

function tallyOf(subject: Subject, seed: number, mutations: number): Tally {
  const chance = chanceOf(seed);
  const originals = subject.originals.map((wire) => ({
    wire,
    reading: said(subject.reader, wire),
    signedPart: subject.signedPart(wire),
  }));
  for (const { reading, signedPart } of originals) {
    expect(reading).toMatch(/^{"kind":"verified"/);
    expect(signedPart).not.toBeNull();
  }
  const tally: Tally = { refused: 0, believed: [], unchanged: 0, readAlike: 0, readOtherwise: [] };
  for (let n = 0; n < mutations; n++) {
    const original = chance.one(originals);
    let mutated = chance.one(subject.mutations)(original.wire, chance);
    if (chance.below(4) === 0) mutated = chance.one(subject.mutations)(mutated, chance);
    const reading = said(subject.reader, mutated);
    const isVerified = reading.startsWith('{"kind":"verified"');
    if (subject.signedPart(mutated) === original.signedPart) {
      tally.unchanged += 1;
      if (reading === original.reading) tally.readAlike += 1;
      else if (isVerified) tally.readOtherwise.push(`number ${n}: ${reading}`);
    } else if (isVerified) {
      tally.believed.push(`number ${n}: ${Buffer.from(mutated.body).toString('latin1')}`);
    } else {
      tally.refused += 1;
    }
  }
  return tally;
}

function said(reader: NotificationReader, wire: ReceivedNotification): string {
  const reading = reader.read('sandbox', wire);
  return JSON.stringify(reading, (_, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value));
}

const subjects = [
  ['Alipay+', plusSubject, 0x5eed_0001],
  ['the Open Platform', openSubject, 0x5eed_0002],
] as const;

// proves NOT-01
it.each(subjects)(
  'none of 50 000 changed notifications of %s is believed, and none ends the process',
  (_, subject, seed) => {
    const tally = tallyOf(subject, seed, mutationsPerWallet);
    expect(tally.believed).toEqual([]);
    expect(tally.readOtherwise).toEqual([]);
    expect(tally.refused).toBeGreaterThan((mutationsPerWallet * 2) / 3);
    expect(tally.unchanged).toBeGreaterThan(mutationsPerWallet * 0.01);
    // Or else nothing would be said by what is read otherwise.
    expect(tally.readAlike).toBeGreaterThan(tally.unchanged * 0.9);
  },
  120_000,
);

it.each(subjects)('every kind of change of a notification of %s does change it', (_, subject, seed) => {
  const chance = chanceOf(seed);
  const bytesOf = ({ target, headers, body }: ReceivedNotification): string =>
    JSON.stringify([target, headers, Buffer.from(body).toString('latin1')]);
  for (const [kind, change] of subject.mutations.entries()) {
    let changed = 0;
    for (let n = 0; n < 200; n++) {
      const original = chance.one(subject.originals);
      if (bytesOf(change(original, chance)) !== bytesOf(original)) changed += 1;
    }
    expect(changed, `kind ${kind}`).toBeGreaterThan(100);
  }
});

it.each(subjects)('a reader of %s that verified nothing would be found out', (_, subject, seed) => {
  const credulous: Subject = {
    ...subject,
    reader: {
      ...subject.reader,
      read: (account, { target, headers, body }) => {
        const reading = subject.reader.read(account, { target, headers, body });
        if (reading.kind === 'verified') return reading;
        const outcome = { kind: 'not_paid', code: '', message: '' } as const;
        return { kind: 'verified', notification: { requestId: 'P1', outcome } };
      },
    },
  };
  const tally = tallyOf(credulous, seed, 1_000);
  expect(tally.believed.length).toBeGreaterThan(500);
});
