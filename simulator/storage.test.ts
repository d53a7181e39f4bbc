import { mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, describe, expect, it } from 'vitest';
import { lateArrivalRecords } from './late-arrivals.ts';
import { addSandboxPayers, payerRecords } from './payers.ts';
import { type Journal, openJournal, StartRefused } from './storage.ts';
import { temporaryFolder } from './test-wallet.ts';

const opened: { readonly folder: string; readonly journal: Journal | null }[] = [];
afterEach(() => {
  for (const { folder, journal } of opened.splice(0)) {
    journal?.close();
    rmSync(folder, { recursive: true, force: true });
  }
});

function newJournal(): Journal & { readonly folder: string } {
  const folder = temporaryFolder();
  const journal = openJournal(folder);
  opened.push({ folder, journal });
  journal.db.exec('create table notes (text text not null)');
  return { ...journal, folder };
}

function notes(journal: Journal): readonly unknown[] {
  return journal.db
    .prepare('select text from notes order by rowid')
    .all()
    .map((row) => row['text']);
}

describe('the journal', () => {
  it('relaxes no durability, and is private to its owner', () => {
    const { db, folder } = newJournal();
    expect(db.prepare('pragma journal_mode').get()).toEqual({ journal_mode: 'wal' });
    expect(db.prepare('pragma synchronous').get()).toEqual({ synchronous: 2 });
    expect(statSync(join(folder, 'simulator', 'wallet.sqlite')).mode & 0o777).toBe(0o600);
  });

  it('commits works of one turn together, in order', async () => {
    const journal = newJournal();
    const insert = journal.db.prepare('insert into notes values (?)');
    const seen: boolean[] = [];
    const works = ['a', 'b', 'c'].map((text) =>
      journal.submit(() => {
        seen.push(journal.db.isTransaction);
        insert.run(text);
        return notes(journal).length;
      }),
    );
    expect(notes(journal)).toEqual([]);
    expect(await Promise.all(works)).toEqual([1, 2, 3]);
    expect(seen).toEqual([true, true, true]);
    expect(notes(journal)).toEqual(['a', 'b', 'c']);
  });

  it('a work that throws leaves nothing of itself and all of the others', async () => {
    const journal = newJournal();
    const insert = journal.db.prepare('insert into notes values (?)');
    const outcomes = await Promise.allSettled([
      journal.submit(() => insert.run('before')),
      journal.submit(() => {
        insert.run('half');
        throw new Error('changed my mind');
      }),
      journal.submit(() => insert.run('after')),
    ]);
    expect(outcomes.map((outcome) => outcome.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(notes(journal)).toEqual(['before', 'after']);
  });

  it('runs what is queued before it closes, and takes nothing afterwards', async () => {
    const journal = newJournal();
    const last = journal.submit(() => 'done');
    journal.close();
    expect(await last).toBe('done');
    await expect(journal.submit(() => 'late')).rejects.toThrow('closing');
  });

  it('is not shared: a second simulator on the same folder is refused in one sentence', () => {
    const { folder } = newJournal();
    expect(() => openJournal(folder)).toThrow(
      new StartRefused(`another simulator already uses the folder ${folder}/simulator`),
    );
  });

  it('refuses a folder that cannot be one', () => {
    const folder = temporaryFolder();
    opened.push({ folder, journal: null });
    writeFileSync(join(folder, 'file'), '');
    expect(() => openJournal(join(folder, 'file'))).toThrow(
      /^the folder .*file\/simulator cannot be written/,
    );
  });

  it('does not touch a file of another version', () => {
    const { folder, db, close } = newJournal();
    db.exec('pragma user_version = 99');
    close();
    expect(() => openJournal(folder)).toThrow(/another version of the simulator \(layout 99\)/);
  });
});

describe('a folder of the layout before', () => {
  it('is taken over with its payers, who have the mainland wallet, and gets those of the other wallet', async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'simulator'));
    const before = new DatabaseSync(join(folder, 'simulator', 'wallet.sqlite'));
    before.exec(`
      create table payers (payer_id text primary key, buyer_id text not null unique, logon_id text not null,
        balance_minor integer) strict;
      create table late_arrivals (id integer primary key autoincrement, due_at_ms integer not null, app_id text not null,
        method text not null, biz_content text not null, notify_url text) strict;
      insert into payers values ('sandbox-payer', '2088000000000001', '1****', null), ('anna', '2088000000000002', '1****', 7);
      pragma user_version = 1`);
    before.close();
    const journal = openJournal(folder);
    opened.push({ folder, journal });
    const payers = payerRecords(journal.db);
    await addSandboxPayers(journal, payers);
    const mainland = { wallet: 'alipay_open', brand: 'Alipay', currency: 'CNY' };
    expect(payers.find('anna')).toMatchObject({ ...mainland, balanceMinor: 7n });
    expect(payers.find('sandbox-payer')).toMatchObject({ ...mainland, buyerId: '2088000000000001' });
    expect(payers.find('sandbox-payer-plus')).toMatchObject({ wallet: 'alipay_plus', currency: 'USD' });
    expect(lateArrivalRecords(journal.db, 'alipay_open').all()).toEqual([]);
    journal.close();
    expect(payerRecords(openAgain(folder).db).find('anna')).toMatchObject(mainland);
  });
});

function openAgain(folder: string): Journal {
  const journal = openJournal(folder);
  opened.push({ folder, journal });
  return journal;
}
