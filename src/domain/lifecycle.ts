/**
 * A lifecycle is one literal table: state → state → name of the event that the move is recorded as. The type of
 * states, the legal moves and the list of events all derive from it.
 */
export type MoveTable = { readonly [from: string]: { readonly [to: string]: string } };

export type StateOf<Table extends MoveTable> = keyof Table & string;

export type EventOf<Table extends MoveTable> = {
  [From in keyof Table]: Table[From][keyof Table[From]];
}[keyof Table];

/** Name of the event for a move. An illegal move is our own mistake, so it throws. */
export function eventOfMove<Table extends MoveTable>(
  table: Table,
  from: StateOf<Table>,
  to: StateOf<Table>,
): EventOf<Table> {
  const event = table[from]?.[to];
  if (event === undefined) throw new Error(`no move from ${from} to ${to}`);
  return event as EventOf<Table>;
}

export function isFinal(table: MoveTable, state: string): boolean {
  return Object.keys(table[state] ?? {}).length === 0;
}
