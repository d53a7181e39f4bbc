/** What happened in a run, line by line. Lines are written only when somebody reads them. */
export interface Trace {
  add(who: string, what: string, about?: unknown): void;
  /** All lines, or the last so many. */
  lines(last?: number): string[];
}

export function createTrace(nowMs: () => number, startMs: number): Trace {
  const entries: { atMs: number; who: string; what: string; about: unknown }[] = [];
  return {
    add(who, what, about) {
      entries.push({ atMs: nowMs(), who, what, about });
    },
    lines(last) {
      const shown = last === undefined ? entries : entries.slice(-last);
      return shown.map(({ atMs, who, what, about }) => {
        const at = ((atMs - startMs) / 1000).toFixed(3).padStart(11);
        return `${at} ${who.padEnd(8)} ${what}${about === undefined ? '' : ` ${written(about)}`}`;
      });
    },
  };
}

/** Rows in short, everything else as JSON. */
function written(about: unknown): string {
  return JSON.stringify(about, (_, value: unknown) => {
    if (typeof value === 'bigint') return `${value}`;
    if (value instanceof Error) return value.message;
    if (value instanceof Map) return Object.fromEntries(value);
    return isRow(value) ? rowInShort(value) : value;
  });
}

interface Row {
  readonly id: string;
  readonly version: number;
  readonly state: string;
  readonly reversal?: { readonly state: string } | null;
  readonly nextStep: { readonly action: string; readonly dueAt: Date } | null;
  readonly attention: { readonly reason: string } | null;
}

function isRow(value: unknown): value is Row {
  return typeof value === 'object' && value !== null && 'version' in value && 'nextStep' in value;
}

function rowInShort(row: Row): string {
  const reversal = row.reversal === undefined || row.reversal === null ? '' : `/${row.reversal.state}`;
  const next = row.nextStep === null ? '-' : `${row.nextStep.action}@${row.nextStep.dueAt.toISOString()}`;
  const attention = row.attention === null ? '' : ` !${row.attention.reason}`;
  return `${row.id} v${row.version} ${row.state}${reversal} ${next}${attention}`;
}
