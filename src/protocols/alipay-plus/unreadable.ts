/**
 * Bytes that are not the message they should be. A value, because they come from outside and nothing that comes
 * from outside may throw. The reason is for people and holds nothing of the content.
 */
export interface Unreadable {
  readonly kind: 'unreadable';
  readonly reason: string;
}

export function unreadable(reason: string): Unreadable {
  return { kind: 'unreadable', reason };
}
