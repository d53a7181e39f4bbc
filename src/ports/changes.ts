/** What this process has just recorded, for those who wait for it: callers for an answer, the due loop for work. */
export interface Changes {
  /** A payment or refund was recorded; `dueAt` is when its next step falls due. */
  publish(id: string, dueAt: Date | null): void;
  /** Resolves with `true` at the next change of this id, with `false` after `ms`. */
  next(id: string, ms: number): Promise<boolean>;
}
