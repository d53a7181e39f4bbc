// Plain JavaScript with a declaration file beside it, for the same reason as process-liveness.mjs.
//
// How a stale lock is taken over without two takers winning. The lock is a row of numbered files NAME.1,
// NAME.2, …; whoever made the highest one holds the lock while it lives. A taker that finds the highest file
// stale makes the next number with link(), which exactly one taker can do, and then looks again: if a still
// higher file stands there, its own came late (the holder of the higher one had already tidied the lower ones
// away) and is void. The highest file is never removed, not even on release, so numbers only grow and a late
// taker can always see that it is late.
import { linkSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isAlive, startTimeOf } from './process-liveness.mjs';

function numbersOf(folder, name) {
  return readdirSync(folder)
    .filter((file) => file.startsWith(`${name}.`) && /^[1-9]\d*$/.test(file.slice(name.length + 1)))
    .map((file) => Number(file.slice(name.length + 1)))
    .sort((a, b) => a - b);
}

/** The process written into a lock file; `gone` when the file was tidied away since it was listed. */
function holderIn(path) {
  let text;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') return 'gone';
    throw error;
  }
  try {
    const holder = JSON.parse(text);
    return typeof holder?.pid === 'number' ? holder : undefined;
  } catch {
    return undefined;
  }
}

export function takeFolderLock(folder, name) {
  const draft = join(folder, `${name}.draft-${process.pid}-${Math.random().toString(36).slice(2)}`);
  writeFileSync(draft, `${JSON.stringify({ pid: process.pid, startTime: startTimeOf(process.pid) })}\n`, {
    flag: 'wx',
    mode: 0o644,
  });
  try {
    for (;;) {
      const before = numbersOf(folder, name);
      const last = before.at(-1) ?? 0;
      const holder = last === 0 ? undefined : holderIn(join(folder, `${name}.${last}`));
      if (holder === 'gone') continue;
      if (holder !== undefined && isAlive(holder.pid, holder.startTime)) return { heldBy: holder.pid };

      const mine = join(folder, `${name}.${last + 1}`);
      try {
        linkSync(draft, mine);
      } catch (error) {
        if (error.code === 'EEXIST') continue;
        throw error;
      }
      if (numbersOf(folder, name).at(-1) !== last + 1) {
        rmSync(mine, { force: true });
        continue;
      }
      for (const number of before) rmSync(join(folder, `${name}.${number}`), { force: true });
      return {
        release() {
          try {
            if (holderIn(mine)?.pid === process.pid) writeFileSync(mine, '');
          } catch {
            // The folder is gone or read-only: the file's process is about to be gone too.
          }
        },
      };
    }
  } finally {
    rmSync(draft, { force: true });
  }
}
