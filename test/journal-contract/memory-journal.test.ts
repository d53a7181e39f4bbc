import { createMemoryJournal } from '../../src/adapters/memory/journal.ts';
import { journalContract } from './journal-contract.ts';

journalContract('journal in memory', async () => {
  let nowMs = Date.parse('2026-03-02T04:00:00.000Z');
  return {
    ...createMemoryJournal(() => new Date(nowMs)),
    now: async () => new Date(nowMs),
    pass: async (ms) => {
      nowMs += ms;
    },
    close: async () => {},
  };
});
