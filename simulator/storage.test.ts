import { rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
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
