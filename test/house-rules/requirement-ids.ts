import { isCode, isForTests, type SourceFile } from './source-files.ts';

const proofLine = /\/\/ proves .*/g;
const idForm = /\b(?:PAY|RES|CAN|NOT|ACQ|ONB|REC|OPS|EXT)-\d{2}\b/g;

export interface Requirement {
  readonly id: string;
  readonly status: string;
}

/** The rows of docs/requirements.md. */
export function requirementsOf(document: string): Requirement[] {
  return [...document.matchAll(/^\| ([A-Z]{3}-\d{2}) \|.*\| ([^|]+) \|$/gm)].map((row) => ({
    id: row[1] ?? '',
    status: (row[2] ?? '').trim(),
  }));
}

/** Ids that tests say they prove, each with the files that say so. `CAN-01…03` names all three. */
export function provedIds(files: readonly SourceFile[]): Map<string, string[]> {
  const proved = new Map<string, string[]>();
  for (const { path, text } of files) {
    if (!canProve(path)) continue;
    for (const line of text.match(proofLine) ?? []) {
      for (const id of idsIn(line)) proved.set(id, [...(proved.get(id) ?? []), path]);
    }
  }
  return proved;
}

function canProve(path: string): boolean {
  return isForTests(path) && !path.startsWith('test/house-rules/');
}

/** Every id that a text names, in comments or anywhere. */
export function idsIn(text: string): string[] {
  const ranges = [...text.matchAll(/\b([A-Z]{3})-(\d{2})…(\d{2})\b/g)].flatMap(
    ([, family = '', from, to]) => {
      const first = Number(from);
      return Array.from(
        { length: Number(to) - first + 1 },
        (_, n) => `${family}-${String(first + n).padStart(2, '0')}`,
      );
    },
  );
  return [...new Set([...(text.match(idForm) ?? []), ...ranges])];
}

export function requirementComplaints(files: readonly SourceFile[], document: string): string[] {
  const requirements = new Map(requirementsOf(document).map(({ id, status }) => [id, status]));
  const proved = provedIds(files);
  const complaints: string[] = [];
  for (const file of files) {
    if (!isCode(file.path)) continue;
    for (const id of idsIn(file.text)) {
      if (!requirements.has(id)) {
        complaints.push(
          `${file.path} names ${id}, which docs/requirements.md does not have. Instead correct the id.`,
        );
      }
    }
    for (const line of canProve(file.path) ? (file.text.match(proofLine) ?? []) : []) {
      if (idsIn(line).length === 0) {
        complaints.push(
          `${file.path}: "${line}" names no requirement. Instead name an id of docs/requirements.md.`,
        );
      }
    }
  }
  for (const [id, status] of requirements) {
    const isProved = proved.has(id);
    if (status === 'proved' && !isProved) {
      complaints.push(
        `docs/requirements.md calls ${id} ${status}, and no test does. Instead write // proves ${id} in one.`,
      );
    }
    if (status === 'later' && isProved) {
      complaints.push(
        `docs/requirements.md says later of ${id}, which ${proved.get(id)?.[0]} proves. Instead say so.`,
      );
    }
  }
  return complaints;
}
